// Room: emulator/crypto. Kyber: multiplication of polynomials by the number-theoretic transform. As
// q - 1 has no factor 512 but 256 only, it ends in 128 remainders of degree one: entries 2i and
// 2i + 1 are the polynomial modulo X^2 - 17^(2 * bitrev7(i) + 1). No branch and no index depends on
// a coefficient. Threads: any.
#pragma once

#include "emulator/crypto/kyber/poly.h"

namespace gw::emulator::kyber {

PolyVec Transformed(PolyVec vector);
PolyVec TransformedBack(PolyVec vector);

// A * vector, both transformed, A by rows. At most four columns.
PolyVec MatrixTimes(const PolyVec& matrix, const PolyVec& vector);
// The columns of a square matrix as rows.
PolyVec Transposed(const PolyVec& matrix, std::size_t columns);

}  // namespace gw::emulator::kyber
