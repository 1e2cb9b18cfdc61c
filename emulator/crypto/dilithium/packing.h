// Room: emulator/crypto. Dilithium: what its polynomials are as octets. Threads: any.
#pragma once

#include <optional>

#include "emulator/crypto/dilithium/poly.h"
#include "emulator/crypto/lattice/packing.h"

namespace gw::emulator::dilithium {

using lattice::Format;
using lattice::Pack;
using lattice::Unpack;

Format SFormat(const StrengthRow& row);
Format T1Format(const StrengthRow& row);
Format T0Format(const StrengthRow& row);
Format ZFormat(const StrengthRow& row);
Format W1Format(const StrengthRow& row);

// Positions of the ones, polynomial after polynomial, and behind the omega places for them how many
// there were up to each polynomial's end.
//   hints  0 or 1, at most omega ones; public
Bytes PackHints(const StrengthRow& row, const PolyVec& hints);
// Nothing if these are not exactly the octets that PackHints writes for some hints.
//   packed  omega + k octets
std::optional<PolyVec> UnpackHints(const StrengthRow& row, ByteView packed);

}  // namespace gw::emulator::dilithium
