// Room: localcrypto. May include: core. What the password of an authenticated keystore opens: the
// key of its contents, and its login session in the HSM. Thread: any; all of them are slow on
// purpose (scrypt.h).
#pragma once

#include <string_view>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw {

// `key` seals the contents (sealer.h). `stored` is kept with them and opens to `key` with the
// password alone; without it nothing does.
//
// Stored form: version 01 | scrypt cost (3) | salt (16) | `key`, sealed under
// scrypt(password, salt) and bound to the keystore.
struct KeystoreSecret {
  Bytes stored;
  SecretBytes key;
};

// A new one: both are random.
//   keystore  its UUID
KeystoreSecret MakeKeystoreSecret(ByteView password, std::string_view keystore);
//   errors  CKR_PIN_INCORRECT  another password, another keystore's, or altered
Result<SecretBytes> OpenKeystoreSecret(ByteView stored, ByteView password,
                                       std::string_view keystore);

// The PIN of the keystore's login session: 16 hexadecimal digits, so that it fits every limit that
// is documented for such PINs (6 to 16 octets, 8 to 16). Every host derives the same from the same
// password: the first 8 octets of scrypt(password, "grep11d login pin 1 " and the UUID in lower
// case).
SecretBytes LoginPinFor(ByteView password, std::string_view keystore);

}  // namespace gw
