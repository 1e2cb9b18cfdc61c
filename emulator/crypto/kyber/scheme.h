// Room: emulator/crypto. Kyber: encapsulating a secret for the owner of a key, and taking it out.
// Threads: any.
#pragma once

#include "daemon/core/result.h"
#include "emulator/crypto/kyber/key.h"

namespace gw::emulator::kyber {

struct Encapsulated {
  Bytes ciphertext;    // ciphertext_bytes
  SecretBytes secret;  // kSecretBytes
};

Encapsulated Encapsulate(const PublicKey& key);
// The answer that the known-answer tests expect.
//   randomness  kMessageBytes
Encapsulated EncapsulateFrom(const PublicKey& key, ByteView randomness);

// kSecretBytes. A ciphertext that nobody encapsulated gives a secret too, one that only the key's
// owner can know, and it takes the same time.
//   errors  CKR_MECHANISM_PARAM_INVALID  ciphertext of a wrong length
Result<SecretBytes> Decapsulate(const PrivateKey& key, ByteView ciphertext);

}  // namespace gw::emulator::kyber
