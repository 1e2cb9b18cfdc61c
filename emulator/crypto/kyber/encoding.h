// Room: emulator/crypto. Kyber: IBM's SubjectPublicKeyInfo and PKCS #8 of a key, by fields. What
// the fields mean is not looked at, only that each is there and as long as the strength says.
// Threads: any.
#pragma once

#include <optional>

#include "daemon/core/result.h"
#include "emulator/crypto/kyber/strength.h"

namespace gw::emulator::kyber {

struct DecodedPublicKey {
  const StrengthRow* row;
  Bytes raw;  // t || rho
};

struct DecodedPrivateKey {
  const StrengthRow* row;
  SecretBytes raw;  // s || public key || its hash || z
  std::optional<Bytes> public_key;
};

// Whether the AlgorithmIdentifier is Kyber's, of whatever strength, 512 included. Nothing else is
// looked at.
bool IsKyberSpki(ByteView der);
bool IsKyberPkcs8(ByteView der);

// SEQUENCE { SEQUENCE { OID, NULL }, BIT STRING { SEQUENCE { BIT STRING public key } } }
Bytes EncodeSpki(const StrengthRow& row, ByteView raw);
//   errors  CKR_PUBLIC_KEY_INVALID            not this structure, or a field of another length
//           CKR_IBM_PQC_PARAMS_NOT_SUPPORTED  OID of no strength here; looked at first
Result<DecodedPublicKey> DecodeSpki(ByteView der);

// SEQUENCE { INTEGER 0, SEQUENCE { OID, NULL }, OCTET STRING { SEQUENCE { INTEGER 0,
// BIT STRING private key, [0] { BIT STRING public key } } } }
SecretBytes EncodePkcs8(const StrengthRow& row, ByteView raw, ByteView public_key);
// The part in [0] may be absent. Behind its public key there may be 64 digits zero, as in the keys
// that opencryptoki tests with; they say nothing and are dropped.
//   errors  CKR_WRAPPED_KEY_INVALID, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, as above
Result<DecodedPrivateKey> DecodePkcs8(ByteView der);

}  // namespace gw::emulator::kyber
