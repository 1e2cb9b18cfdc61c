// Room: emulator/crypto. Dilithium: multiplication of polynomials by the number-theoretic
// transform. Entry i of a transformed polynomial is its value at 1753^(2 * bitrev8(i) + 1). No
// branch and no index depends on a coefficient. Threads: any.
#pragma once

#include "emulator/crypto/dilithium/poly.h"

namespace gw::emulator::dilithium {

// Coefficients in (-q, q) become entries in (-9q, 9q).
void Transform(Poly& poly);
void Transform(PolyVec& vector);

// Takes what the products below return: entries in (-q, q), short of the factor 2^32 that their
// reduction has lost and that comes back here. Gives coefficients in (-q, q).
void TransformBack(PolyVec& products);

// A * vector, both transformed, A by rows with entries in [0, q). At most eight columns.
PolyVec MatrixTimes(const PolyVec& matrix, const PolyVec& vector);
// factor * vector, both transformed.
PolyVec Times(const Poly& factor, const PolyVec& vector);

}  // namespace gw::emulator::dilithium
