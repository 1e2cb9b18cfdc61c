// Room: emulator/crypto. Kyber: arithmetic modulo q without branches and without divisions, whose
// time may depend on the number: most of what is reduced is secret. A coefficient is always kept in
// [0, q). Threads: any.
#pragma once

#include <cstdint>

#include "emulator/crypto/kyber/strength.h"

namespace gw::emulator::kyber {

// x / q, rounded down, for x in [0, 2^31). The reciprocal is too large by less than q * 2^-44 of
// its unit, which is not enough to reach the next quotient.
constexpr std::int32_t Quotient(std::int32_t x) {
  constexpr std::uint64_t kReciprocal = (std::uint64_t{1} << 44) / kQ + 1;
  return static_cast<std::int32_t>(static_cast<std::uint64_t>(x) * kReciprocal >> 44);
}

// x modulo q, for x in [0, 2^31).
constexpr std::int32_t Reduced(std::int32_t x) { return x - Quotient(x) * kQ; }

// From the coefficient to the nearest of 2^bits values around the circle, at most 11 bits; halves
// go up.
constexpr std::int32_t Compressed(std::int32_t x, unsigned bits) {
  return Quotient((x << bits) + kQ / 2) & ((1 << bits) - 1);
}

// And back to the coefficient in the middle of those.
constexpr std::int32_t Decompressed(std::int32_t value, unsigned bits) {
  return (value * kQ + (1 << (bits - 1))) >> bits;
}

}  // namespace gw::emulator::kyber
