// Room: emulator/crypto. Dilithium: polynomials of Z_q[X]/(X^256 + 1) and vectors of them.
#pragma once

#include "emulator/crypto/dilithium/strength.h"
#include "emulator/crypto/lattice/poly.h"
#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::dilithium {

// What other schemes have in the same way.
using lattice::Add;
using lattice::NonceBytes;
using lattice::Poly;
using lattice::PolyVec;
using lattice::ReadStream;
using lattice::Shake;
using lattice::Shake256;
using lattice::ShakeInto;
using lattice::Subtract;
using lattice::WipedBytes;

// Whether any |coefficient| >= bound. Reads them all, so that the time does not tell which it was.
bool AnyReaches(const PolyVec& vector, std::int32_t bound);

}  // namespace gw::emulator::dilithium
