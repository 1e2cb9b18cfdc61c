// Room: emulator/crypto. Dilithium: signing and verifying. Threads: any.
#pragma once

#include "daemon/core/result.h"
#include "emulator/crypto/dilithium/key.h"

namespace gw::emulator::dilithium {

enum class Signing : std::uint8_t {
  kDeterministic,  // as the hardware does
  kRandomized,     // another signature each time; the verifier sees no difference
};

// signature_bytes octets.
//   message  of any length, as it is: the scheme hashes it
Bytes Sign(const PrivateKey& key, ByteView message, Signing signing = Signing::kDeterministic);

//   errors  CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status Verify(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace gw::emulator::dilithium
