// Room: emulator/crypto. Kyber: vectors of polynomials of Z_q[X]/(X^256 + 1), coefficients in
// [0, q) unless said otherwise, and what they are as octets. No branch and no index depends on a
// coefficient. Threads: any.
#pragma once

#include <optional>

#include "emulator/crypto/kyber/strength.h"
#include "emulator/crypto/lattice/packing.h"
#include "emulator/crypto/lattice/poly.h"

namespace gw::emulator::kyber {

// What other schemes have in the same way.
using lattice::Poly;
using lattice::PolyVec;
using lattice::WipedBytes;

PolyVec Sum(PolyVec a, const PolyVec& b);
PolyVec Difference(PolyVec a, const PolyVec& b);

// Whether all coefficients are in [-eta, eta] modulo q. Reads them all, so that the time does not
// tell which is not.
bool IsSmall(const PolyVec& vector);

// Whole coefficients, 12 bits each.
WipedBytes Pack(const PolyVec& vector);
// As many polynomials as the octets hold; nothing if a coefficient is not below q.
std::optional<PolyVec> Unpack(ByteView packed);

// Rounded to so many bits.
WipedBytes PackRounded(PolyVec vector, unsigned bits);
// As many polynomials as the octets hold.
PolyVec UnpackRounded(ByteView packed, unsigned bits);

}  // namespace gw::emulator::kyber
