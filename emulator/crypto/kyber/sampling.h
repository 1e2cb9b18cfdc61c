// Room: emulator/crypto. Kyber: polynomials drawn from seeds. Threads: any.
#pragma once

#include "emulator/crypto/kyber/poly.h"

namespace gw::emulator::kyber {

// A by rows, transformed as it comes. The time depends on rho, which is public.
PolyVec SampleMatrix(const StrengthRow& row, ByteView rho);

// `count` polynomials in [-eta, eta], from nonce `nonce` on. The time depends on nothing.
PolyVec SampleNoise(ByteView seed, std::size_t nonce, std::size_t count);

}  // namespace gw::emulator::kyber
