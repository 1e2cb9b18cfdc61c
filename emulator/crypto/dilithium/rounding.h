// Room: emulator/crypto. Dilithium: coefficients split into high and low parts, and the hints that
// carry over what the verifier cannot know. Time does not depend on the values, but for UseHints,
// which has public ones. Threads: any.
#pragma once

#include "emulator/crypto/dilithium/poly.h"

namespace gw::emulator::dilithium {

struct HighLow {
  PolyVec high;
  PolyVec low;
};

// t = high * 2^d + low, low in (-2^(d-1), 2^(d-1)]. Coefficients of t in [0, q).
HighLow Power2Round(const StrengthRow& row, const PolyVec& t);

// w = high * 2 * gamma2 + low modulo q, high in [0, classes), low in [-gamma2, gamma2].
// Coefficients of w in [0, q).
HighLow Decompose(const StrengthRow& row, const PolyVec& w);

// 1 where the high part of w is another once `low`, the low part that the verifier gets, is taken
// for its own; else 0.
PolyVec MakeHints(const StrengthRow& row, const PolyVec& high, const PolyVec& low);
std::size_t CountHints(const PolyVec& hints);

// The high parts as the hints correct them.
PolyVec UseHints(const StrengthRow& row, const PolyVec& hints, const PolyVec& w);

}  // namespace gw::emulator::dilithium
