// Room: emulator/crypto. Kyber of round 2: the parameter sets, one row each, and all sizes that
// follow from them. The names are those of the specification. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "daemon/core/bytes.h"
#include "emulator/crypto/lattice/poly.h"

namespace gw::emulator::kyber {

using lattice::kCoefficients;

inline constexpr std::int32_t kQ = 3329;
inline constexpr unsigned kQBits = 12;
inline constexpr std::int32_t kEta = 2;  // bound of secrets and errors, in all sets of round 2
inline constexpr std::size_t kRhoBytes = 32;
inline constexpr std::size_t kHashBytes = 32;     // of the public key, in a private one
inline constexpr std::size_t kRejectBytes = 32;   // z
inline constexpr std::size_t kSecretBytes = 32;   // what both sides share
inline constexpr std::size_t kMessageBytes = 32;  // and what it is made of

struct StrengthRow {
  std::string_view name;
  ByteView oid_der;  // OBJECT IDENTIFIER with tag and length, the value of CKA_IBM_PQC_PARAMS
  std::size_t k;     // rows and columns of A, length of all vectors
  unsigned du;       // bits of a coefficient of a ciphertext's vector
  unsigned dv;       // and of its polynomial

  constexpr std::size_t vector_bytes() const { return k * kQBits * kCoefficients / 8; }

  // Of the raw forms: t || rho, s || public key || its hash || z.
  constexpr std::size_t public_key_bytes() const { return vector_bytes() + kRhoBytes; }
  constexpr std::size_t private_key_bytes() const {
    return vector_bytes() + public_key_bytes() + kHashBytes + kRejectBytes;
  }
  // Of the parts of a ciphertext: u || v.
  constexpr std::size_t u_bytes() const { return k * du * kCoefficients / 8; }
  constexpr std::size_t v_bytes() const { return dv * kCoefficients / 8; }
  constexpr std::size_t ciphertext_bytes() const { return u_bytes() + v_bytes(); }
};

// 768 and 1024. Kyber-512 has a number in EP11, but none of its cards offers it.
std::span<const StrengthRow> StrengthTable();

// Null if no row has this OID.
const StrengthRow* FindStrength(ByteView oid_der);

}  // namespace gw::emulator::kyber
