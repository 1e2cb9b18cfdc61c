// Room: sealing. May include: core, keystore/keystore.h, localcrypto. Keystores whose contents are
// readable with a password alone, in front of any engine. Touches memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/core/bytes.h"
#include "daemon/keystore/keystore.h"

namespace gw {

// The configuration says that this keystore is authenticated.
struct KeystorePassword {
  std::string keystore;  // as Record::keystore
  std::shared_ptr<const SecretBytes> password;
};

// What a service instance has at most (behaviour R39).
inline constexpr std::size_t kMaxAuthenticatedKeystores = 5;

// The engine sees of each object of an authenticated keystore its class, a mark, and sealed octets
// in the place of the key blob; label, id and all else are inside. Other keystores pass unchanged.
//
// A keystore becomes authenticated when it is wiped while there is a password for it, and ceases to
// be when it is wiped without one; what else is done to it changes nothing of that. The setting
// "keystore.<UUID>.password" says that it is, and holds what the password opens
// (keystore_secret.h).
//
// Keystores to which AccessTo() is not granted are as good as empty: their objects are not loaded
// and stay as they are, and puts get CKR_TOKEN_WRITE_PROTECTED. What that is about is in the log,
// once.
//
// Load is slow: two derivations of 0.1 s for a password that does not open, else one.
//   errors of Commit besides  CKR_DEVICE_MEMORY  it would be the sixth authenticated keystore
std::unique_ptr<Keystore> MakeSealedKeystore(std::unique_ptr<Keystore> engine,
                                             std::vector<KeystorePassword> passwords);

}  // namespace gw
