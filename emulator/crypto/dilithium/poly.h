// Room: emulator/crypto. Dilithium: polynomials of Z_q[X]/(X^256 + 1) and vectors of them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/core/wiping_allocator.h"
#include "emulator/crypto/dilithium/strength.h"

namespace gw::emulator::dilithium {

using Poly = std::array<std::int32_t, kCoefficients>;

// Always wiped: few vectors are public from the start, and wiping those too costs less than telling
// them apart.
using PolyVec = std::vector<Poly, WipingAllocator<Poly>>;

// sum += more, difference -= less, coefficient by coefficient; the caller knows that they do not
// overflow.
void Add(PolyVec& sum, const PolyVec& more);
void Subtract(PolyVec& difference, const PolyVec& less);

// Whether any |coefficient| >= bound. Reads them all, so that the time does not tell which it was.
bool AnyReaches(const PolyVec& vector, std::int32_t bound);

}  // namespace gw::emulator::dilithium
