// Room: emulator/crypto. Dilithium: IBM's SubjectPublicKeyInfo and PKCS #8 of a key, by fields.
// What the fields mean is not looked at, only that each is there and as long as the strength says.
// Threads: any.
#pragma once

#include <optional>

#include "daemon/core/result.h"
#include "emulator/crypto/dilithium/strength.h"

namespace gw::emulator::dilithium {

struct DecodedPublicKey {
  const StrengthRow* row;
  Bytes raw;  // rho || t1
};

struct DecodedPrivateKey {
  const StrengthRow* row;
  SecretBytes raw;  // rho || key || tr || s1 || s2 || t0
  std::optional<Bytes> t1;
};

// Whether the AlgorithmIdentifier is Dilithium's of either round, of whatever strength. Nothing
// else is looked at.
bool IsDilithiumSpki(ByteView der);
bool IsDilithiumPkcs8(ByteView der);

// SEQUENCE { SEQUENCE { OID, NULL }, BIT STRING { SEQUENCE { BIT STRING rho, BIT STRING t1 } } }
Bytes EncodeSpki(const StrengthRow& row, ByteView raw);
//   errors  CKR_PUBLIC_KEY_INVALID            not this structure, or a field of another length
//           CKR_IBM_PQC_PARAMS_NOT_SUPPORTED  OID of no strength; looked at first
Result<DecodedPublicKey> DecodeSpki(ByteView der);

// SEQUENCE { INTEGER 0, SEQUENCE { OID, NULL }, OCTET STRING { SEQUENCE { INTEGER 0, six
// BIT STRINGs: rho, key, tr, s1, s2, t0, [0] { BIT STRING t1 } } } }
SecretBytes EncodePkcs8(const StrengthRow& row, ByteView raw, ByteView t1);
// The part in [0] may be absent.
//   errors  CKR_WRAPPED_KEY_INVALID, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, as above
Result<DecodedPrivateKey> DecodePkcs8(ByteView der);

}  // namespace gw::emulator::dilithium
