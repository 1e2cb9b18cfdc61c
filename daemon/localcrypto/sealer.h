// Room: localcrypto. May include: core. May touch: OpenSSL. Authenticated encryption for octets
// that leave the daemon and come back: application records.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw {

// Seals under one 32-octet key that only the daemon has. Each message is encrypted with AES-256-GCM
// under a key of its own, derived from the key and 16 random octets, so that the number of messages
// is not limited by the 12-octet nonce of GCM. Immutable; thread: any.
//
// Sealed form: version 01 | salt (16) | nonce (12) | ciphertext | tag (16).
class Sealer {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kOverheadBytes = 1 + 16 + 12 + 16;

  // `key` has kKeyBytes octets.
  explicit Sealer(SecretBytes key);

  // `associated` is bound to the message without being part of it: the uid, application and record
  // it belongs to.
  Bytes Seal(ByteView plain, ByteView associated) const;

  //   errors  CKR_ENCRYPTED_DATA_INVALID  not sealed with this key for this `associated`, or
  //   altered
  Result<SecretBytes> Unseal(ByteView sealed, ByteView associated) const;

 private:
  SecretBytes DeriveKey(ByteView salt) const;

  SecretBytes key_;
};

}  // namespace gw
