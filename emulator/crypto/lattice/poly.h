// Room: emulator/crypto. Lattices: polynomials of 256 coefficients and vectors of them, whatever
// they are reduced by. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "daemon/core/wiping_allocator.h"

namespace gw::emulator::lattice {

inline constexpr std::size_t kCoefficients = 256;

using Poly = std::array<std::int32_t, kCoefficients>;

// Always wiped: few vectors are public from the start, and wiping those too costs less than telling
// them apart.
using PolyVec = std::vector<Poly, WipingAllocator<Poly>>;

// sum += more, difference -= less, coefficient by coefficient; the caller knows that they do not
// overflow.
void Add(PolyVec& sum, const PolyVec& more);
void Subtract(PolyVec& difference, const PolyVec& less);

// All bits set if x is negative, else none.
constexpr std::int32_t IfNegative(std::int32_t x) { return x >> 31; }

}  // namespace gw::emulator::lattice
