// Room: emulator/crypto. Dilithium keys as PKey holds them, and what they do. Threads: any.
#pragma once

#include <optional>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/dilithium/key.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

struct LatticeKey {
  dilithium::PublicKey public_key;
  std::optional<dilithium::PrivateKey> private_key;  // without: a public key

  // The value of CKA_IBM_PQC_PARAMS.
  ByteView strength_oid() const { return public_key.strength().oid_der; }
};

// The set of parameters, if the card has it. It has all that EP11 has a number for but (5,4) of
// round 2, which no card offers.
//   errors  CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
Result<const dilithium::StrengthRow*> OfferedStrength(ByteView oid_der);

//   message  any length, also 0: the scheme hashes it
//   returns  signature_bytes; the same at every call
//   errors   CKR_KEY_TYPE_INCONSISTENT  not Dilithium, or a public key
Result<Bytes> DilithiumSign(const PKey& key, ByteView message);

//   errors  CKR_KEY_TYPE_INCONSISTENT, CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status DilithiumVerify(const PKey& key, ByteView message, ByteView signature);

}  // namespace gw::emulator
