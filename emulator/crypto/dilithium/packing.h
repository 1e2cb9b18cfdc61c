// Room: emulator/crypto. Dilithium: polynomials as octets, first coefficient in the lowest bits.
// Threads: any.
#pragma once

#include <optional>

#include "emulator/crypto/dilithium/poly.h"
#include "emulator/crypto/dilithium/shake.h"

namespace gw::emulator::dilithium {

// A coefficient x is written as offset + sign * x.
struct Format {
  unsigned bits;
  std::int32_t offset;
  std::int32_t sign;  // 1 or -1
};

Format SFormat(const StrengthRow& row);
Format T1Format(const StrengthRow& row);
Format T0Format(const StrengthRow& row);
Format ZFormat(const StrengthRow& row);
Format W1Format(const StrengthRow& row);

// Coefficients must be in the range of the format.
WipedBytes Pack(const Format& format, const PolyVec& vector);
// As many polynomials as the octets hold. Any bits are a value of the format, also those that no
// coefficient should have; the caller checks.
PolyVec Unpack(const Format& format, ByteView packed);

// Positions of the ones, polynomial after polynomial, and behind the omega places for them how many
// there were up to each polynomial's end.
//   hints  0 or 1, at most omega ones; public
Bytes PackHints(const StrengthRow& row, const PolyVec& hints);
// Nothing if these are not exactly the octets that PackHints writes for some hints.
//   packed  omega + k octets
std::optional<PolyVec> UnpackHints(const StrengthRow& row, ByteView packed);

}  // namespace gw::emulator::dilithium
