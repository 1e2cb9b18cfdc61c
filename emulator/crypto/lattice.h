// Room: emulator/crypto. Dilithium and Kyber keys as PKey holds them, and what they do. Threads:
// any.
#pragma once

#include <optional>
#include <variant>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/dilithium/key.h"
#include "emulator/crypto/kyber/key.h"
#include "emulator/crypto/kyber/scheme.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

template <typename Public, typename Private>
struct LatticeHalves {
  Public public_key;
  std::optional<Private> private_key;  // without: a public key
};
using DilithiumHalves = LatticeHalves<dilithium::PublicKey, dilithium::PrivateKey>;
using KyberHalves = LatticeHalves<kyber::PublicKey, kyber::PrivateKey>;

struct LatticeKey {
  std::variant<DilithiumHalves, KyberHalves> halves;

  CK_KEY_TYPE type() const;
  // The value of CKA_IBM_PQC_PARAMS.
  ByteView strength_oid() const;
  // Without its encoding.
  std::size_t public_key_bytes() const;
  // 0 for Kyber.
  std::size_t signature_bytes() const;
  Bytes Spki() const;
  // The key must have a private half.
  SecretBytes Pkcs8() const;
};

// Whether the AlgorithmIdentifier is one of Dilithium's or Kyber's, of whatever strength.
bool IsLatticePkcs8(ByteView der);
bool IsLatticeSpki(ByteView der);

// The sets of parameters, if the card has them: all of Dilithium that EP11 has a number for but
// (5,4) of round 2, which no card offers.
//   errors  CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
Result<const dilithium::StrengthRow*> OfferedDilithium(ByteView oid_der);
// 768 and 1024 of round 2.
Result<const kyber::StrengthRow*> OfferedKyber(ByteView oid_der);

//   message  any length, also 0: the scheme hashes it
//   returns  signature_bytes; the same at every call
//   errors   CKR_KEY_TYPE_INCONSISTENT  not Dilithium, or a public key
Result<Bytes> DilithiumSign(const PKey& key, ByteView message);

//   errors  CKR_KEY_TYPE_INCONSISTENT, CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status DilithiumVerify(const PKey& key, ByteView message, ByteView signature);

//   returns  another secret each time, kSecretBytes, and its ciphertext
//   errors   CKR_KEY_TYPE_INCONSISTENT  not Kyber
Result<kyber::Encapsulated> KyberEncapsulate(const PKey& key);

//   returns  kSecretBytes, for any ciphertext of the right length
//   errors   CKR_KEY_TYPE_INCONSISTENT    not Kyber, or a public key
//            CKR_MECHANISM_PARAM_INVALID  ciphertext of a wrong length
Result<SecretBytes> KyberDecapsulate(const PKey& key, ByteView ciphertext);

}  // namespace gw::emulator
