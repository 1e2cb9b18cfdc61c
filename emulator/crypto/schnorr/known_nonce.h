// Room: emulator/crypto/schnorr. Signing with a random number that is not random, for vectors that
// tell theirs. Nothing but tests may include this: two signatures with one number, or one with a
// number that somebody knows, give the private key away.
#pragma once

#include "emulator/crypto/schnorr/schnorr.h"

namespace gw::emulator {

//   nonce   32 octets, big-endian
//   errors  those of SchnorrSign()
//           CKR_ATTRIBUTE_VALUE_INVALID  `nonce` is not in 1..order-1, or gives r or s that is zero
Result<Bytes> SchnorrSignWithNonce(const PKey& key, SchnorrRule rule, ByteView message,
                                   ByteView nonce);

}  // namespace gw::emulator
