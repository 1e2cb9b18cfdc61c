// Room: emulator/crypto. Dilithium: the parameter sets, one row each, and all sizes that follow
// from them. The names are those of the specification. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "daemon/core/bytes.h"
#include "emulator/crypto/lattice/poly.h"

namespace gw::emulator::dilithium {

using lattice::kCoefficients;

inline constexpr std::int32_t kQ = 8380417;  // 2^23 - 2^13 + 1
inline constexpr unsigned kQBits = 23;
inline constexpr std::size_t kRhoBytes = 32;
inline constexpr std::size_t kKeyBytes = 32;

// What the parameter sets of one round of the competition have in common.
struct Round {
  int number;
  std::size_t seed_bytes;        // randomness of a key pair
  std::size_t noise_seed_bytes;  // rhoprime of key generation
  std::size_t tr_bytes;          // hash of the public key
  std::size_t mu_bytes;          // of mu and of the rhoprime of signing
  std::size_t challenge_bytes;   // as it stands in a signature
  unsigned dropped_bits;         // d: low bits of t that are no part of the public key
};

struct StrengthRow {
  std::string_view name;
  ByteView oid_der;  // OBJECT IDENTIFIER with tag and length, the value of CKA_IBM_PQC_PARAMS
  Round round;
  std::size_t k;        // rows of A, length of s2 and t
  std::size_t l;        // columns of A, length of s1, y and z
  std::int32_t eta;     // bound of s1 and s2
  std::size_t tau;      // ones of a challenge
  std::int32_t gamma1;  // bound of y
  std::int32_t gamma2;  // half the width of a class of high parts
  std::int32_t beta;    // what c*s1 and c*s2 may add; not tau * eta in all sets
  std::size_t omega;    // most hints of a signature

  constexpr bool is_round2() const { return round.number == 2; }
  // The high part of a coefficient is one of so many.
  constexpr std::int32_t classes() const { return (kQ - 1) / (2 * gamma2); }

  constexpr unsigned s_bits() const { return eta <= 3 ? 3 : 4; }
  constexpr unsigned t1_bits() const { return kQBits - round.dropped_bits; }
  constexpr unsigned t0_bits() const { return round.dropped_bits; }
  constexpr unsigned z_bits() const { return gamma1 > 1 << 17 ? 20 : 18; }
  constexpr unsigned w1_bits() const { return classes() > 16 ? 6 : 4; }

  constexpr std::size_t s1_bytes() const { return VectorBytes(l, s_bits()); }
  constexpr std::size_t s2_bytes() const { return VectorBytes(k, s_bits()); }
  constexpr std::size_t t0_bytes() const { return VectorBytes(k, t0_bits()); }
  constexpr std::size_t t1_bytes() const { return VectorBytes(k, t1_bits()); }
  constexpr std::size_t z_bytes() const { return VectorBytes(l, z_bits()); }
  constexpr std::size_t hint_bytes() const { return omega + k; }

  // Of the raw forms: rho || t1, rho || key || tr || s1 || s2 || t0.
  constexpr std::size_t public_key_bytes() const { return kRhoBytes + t1_bytes(); }
  constexpr std::size_t private_key_bytes() const {
    return kRhoBytes + kKeyBytes + round.tr_bytes + s1_bytes() + s2_bytes() + t0_bytes();
  }
  constexpr std::size_t signature_bytes() const {
    return round.challenge_bytes + z_bytes() + hint_bytes();
  }

 private:
  static constexpr std::size_t VectorBytes(std::size_t length, unsigned bits) {
    return length * bits * kCoefficients / 8;
  }
};

// Every set that EP11 has a number for. Round 2 (5,4) is among them, though no card offers it:
// which ones a card has is its own affair.
std::span<const StrengthRow> StrengthTable();

// Null if no row has this OID.
const StrengthRow* FindStrength(ByteView oid_der);

}  // namespace gw::emulator::dilithium
