// Room: emulator/crypto/schnorr. Schnorr signatures with SHA-256 on the 256-bit curves, what
// CKM_IBM_ECDSA_OTHER does with its types other than BLS. The message itself goes in, not its
// digest; a signature is r || s, 32 octets each. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// With d the private key, P = d*G, k random, Q = k*G, M the message, n the order:
enum class SchnorrRule : std::uint8_t {
  kCompressedMulti,  // r = SHA-256(compressed Q || compressed P || M) mod n, s = k - r*d
  kIsoEcsdsa,        // r = SHA-256(X of Q || Y of Q || M), s = k + r*d (ISO/IEC 14888-3)
  kIsoEcsdsaShort,   // r = SHA-256(X of Q || M), s = k + r*d (ISO/IEC 14888-3, optimised)
  kBsiEcSchnorr,     // r = SHA-256(M || X of Q), s = k - r*d (TR-03111 v2.0)
};

// Types of the mechanism parameter, as ECSGParm and EP11's header number them.
inline constexpr std::uint64_t kEcsgS256 = 3;
inline constexpr std::uint64_t kEcsgCompressedMulti = 5;

inline constexpr std::size_t kSchnorrSignatureBytes = 64;
// Data, key and parameter together: 24 KB on a CEX8, half of it on a CEX7.
inline constexpr std::size_t kMaxSchnorrInputBytes = std::size_t{24} * 1024;

// Which rule a type stands for. That S256 is `s256` is not documented beyond "TR-03111 ECSDSA", the
// name that version 2.10 of that guideline gives to ISO's rule; hence the default.
//   errors  CKR_MECHANISM_PARAM_INVALID  another type
Result<SchnorrRule> SchnorrRuleOf(std::uint64_t ecsg_type,
                                  SchnorrRule s256 = SchnorrRule::kIsoEcsdsa);

// What S256 may stand for, by name: iso-ecsdsa, iso-ecsdsa-opt, bsi-ecschnorr. Nothing for another.
std::optional<SchnorrRule> S256RuleNamed(std::string_view name);

//   key_bytes, parameter_bytes  as they travel to the card: the blob or SPKI, the mechanism's
//           parameter
//   errors  CKR_MECHANISM_INVALID  together too long for a card with `max_bytes`
Status CheckSchnorrInput(std::size_t data_bytes, std::size_t key_bytes, std::size_t parameter_bytes,
                         std::size_t max_bytes = kMaxSchnorrInputBytes);

//   key     private, on P-256, secp256k1, brainpoolP256r1 or brainpoolP256t1
//   returns kSchnorrSignatureBytes, others at every call
//   errors  CKR_CURVE_NOT_SUPPORTED    another curve
//           CKR_KEY_TYPE_INCONSISTENT  a public key, or RSA
Result<Bytes> SchnorrSign(const PKey& key, SchnorrRule rule, ByteView message);

//   errors  CKR_CURVE_NOT_SUPPORTED, CKR_KEY_TYPE_INCONSISTENT
//           CKR_SIGNATURE_LEN_RANGE    not kSchnorrSignatureBytes
//           CKR_SIGNATURE_INVALID      out of range, or not the message's
Status SchnorrVerify(const PKey& key, SchnorrRule rule, ByteView message, ByteView signature);

}  // namespace gw::emulator
