// Room: emulator/crypto. Lattices: polynomials as octets, first coefficient in the lowest bits.
// Threads: any.
#pragma once

#include "daemon/core/bytes.h"
#include "emulator/crypto/lattice/poly.h"
#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::lattice {

// A coefficient x is written as offset + sign * x.
struct Format {
  unsigned bits;
  std::int32_t offset;
  std::int32_t sign;  // 1 or -1
};

// Coefficients must be in the range of the format.
WipedBytes Pack(const Format& format, const PolyVec& vector);
// As many polynomials as the octets hold. Any bits are a value of the format, also those that no
// coefficient should have; the caller checks.
PolyVec Unpack(const Format& format, ByteView packed);

}  // namespace gw::emulator::lattice
