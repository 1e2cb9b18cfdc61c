// Room: emulator/crypto. Dilithium: polynomials drawn from seeds. Candidates out of range are left
// out, so the time depends on the stream; as candidates are independent of each other, what it
// tells is how many were left out and nothing about those that stayed. Threads: any.
#pragma once

#include "emulator/crypto/dilithium/poly.h"

namespace gw::emulator::dilithium {

// A by rows, transformed as it comes; entries in [0, q).
PolyVec SampleMatrix(const StrengthRow& row, ByteView rho);

// `count` polynomials in [-eta, eta], from nonce `nonce` on: s1 from 0, s2 from l.
PolyVec SampleSecret(const StrengthRow& row, ByteView rhoprime, std::size_t nonce,
                     std::size_t count);

// y: l polynomials in [-gamma1, gamma1], from nonce `nonce` on.
PolyVec SampleMask(const StrengthRow& row, ByteView rhoprime, std::size_t nonce);

// tau coefficients 1 or -1, the others 0. `seed` comes in two parts, of which the second may be
// empty. Indices here, and branches where the polynomial is encoded, depend on the seed. That is a
// hash of w1: of a signature it is public, and of a refused attempt it says nothing about y to
// anybody who could not guess y.
Poly SampleChallenge(const StrengthRow& row, ByteView seed, ByteView more);

}  // namespace gw::emulator::dilithium
