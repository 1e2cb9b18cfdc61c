// Room: emulator/crypto.
#include "emulator/crypto/lattice/packing.h"

#include "daemon/core/check.h"

namespace gw::emulator::lattice {
namespace {

std::size_t PolyBytes(const Format& format) { return format.bits * kCoefficients / 8; }

}  // namespace

WipedBytes Pack(const Format& format, const PolyVec& vector) {
  WipedBytes packed;
  packed.reserve(vector.size() * PolyBytes(format));
  std::uint64_t pending = 0;
  unsigned pending_bits = 0;
  for (const Poly& poly : vector) {
    for (const std::int32_t x : poly) {
      const auto value = static_cast<std::uint32_t>(format.offset + format.sign * x);
      pending |= std::uint64_t{value} << pending_bits;
      for (pending_bits += format.bits; pending_bits >= 8; pending_bits -= 8) {
        packed.push_back(static_cast<Byte>(pending));
        pending >>= 8;
      }
    }
  }
  return packed;
}

PolyVec Unpack(const Format& format, ByteView packed) {
  GW_CHECK(packed.size() % PolyBytes(format) == 0);
  PolyVec vector(packed.size() / PolyBytes(format));
  std::uint64_t pending = 0;
  unsigned pending_bits = 0;
  std::size_t at = 0;
  for (Poly& poly : vector) {
    for (std::int32_t& x : poly) {
      for (; pending_bits < format.bits; pending_bits += 8) {
        pending |= std::uint64_t{packed[at++]} << pending_bits;
      }
      const auto value = static_cast<std::int32_t>(pending & ((1U << format.bits) - 1));
      x = format.sign * (value - format.offset);
      pending >>= format.bits;
      pending_bits -= format.bits;
    }
  }
  return vector;
}

}  // namespace gw::emulator::lattice
