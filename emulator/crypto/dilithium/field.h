// Room: emulator/crypto. Dilithium: arithmetic modulo q without branches, since most of what is
// reduced is secret. Threads: any.
#pragma once

#include <cstdint>

#include "emulator/crypto/dilithium/strength.h"

namespace gw::emulator::dilithium {

using lattice::IfNegative;

// q^-1 mod 2^32 by Newton's iteration: each round doubles the number of right bits, from three.
constexpr std::uint32_t InverseOfQ() {
  std::uint32_t inverse = kQ;
  for (int i = 0; i < 4; ++i) inverse *= 2 - static_cast<std::uint32_t>(kQ) * inverse;
  return inverse;
}
static_assert(InverseOfQ() * static_cast<std::uint32_t>(kQ) == 1);

// a * 2^-32 modulo q, in (-q, q), for |a| < 2^31 * q. (Montgomery: the multiple of q that is taken
// away makes the low 32 bits vanish.)
constexpr std::int32_t MontgomeryReduce(std::int64_t a) {
  constexpr std::uint32_t kInverse = InverseOfQ();
  const auto multiple = static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * kInverse);
  return static_cast<std::int32_t>((a - std::int64_t{multiple} * kQ) >> 32);
}

// From (-q, q) to [0, q).
constexpr std::int32_t Canonical(std::int32_t x) { return x + (kQ & IfNegative(x)); }

// From (-q, q) to the representative nearest to zero.
constexpr std::int32_t Centred(std::int32_t x) {
  const std::int32_t canonical = Canonical(x);
  return canonical - (kQ & IfNegative((kQ - 1) / 2 - canonical));
}

// From (-2q, 2q) to (-q, q).
constexpr std::int32_t Shrunk(std::int32_t x) {
  const std::int32_t above = x + (kQ & IfNegative(x));
  return above - (kQ & IfNegative(kQ - 1 - above));
}

constexpr std::int32_t Absolute(std::int32_t x) { return (x ^ IfNegative(x)) - IfNegative(x); }

}  // namespace gw::emulator::dilithium
