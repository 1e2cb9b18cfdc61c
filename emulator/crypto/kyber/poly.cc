// Room: emulator/crypto.
#include "emulator/crypto/kyber/poly.h"

#include "emulator/crypto/kyber/field.h"

namespace gw::emulator::kyber {
namespace {

using lattice::IfNegative;

constexpr lattice::Format FormatOf(unsigned bits) { return {.bits = bits, .offset = 0, .sign = 1}; }

template <typename Change>
PolyVec Changed(PolyVec vector, Change change) {
  for (Poly& poly : vector) {
    for (std::int32_t& x : poly) x = change(x);
  }
  return vector;
}

}  // namespace

PolyVec Sum(PolyVec a, const PolyVec& b) {
  lattice::Add(a, b);
  return Changed(std::move(a), Reduced);
}

PolyVec Difference(PolyVec a, const PolyVec& b) {
  lattice::Subtract(a, b);
  return Changed(std::move(a), [](std::int32_t x) { return Reduced(x + kQ); });
}

bool IsSmall(const PolyVec& vector) {
  std::int32_t large = 0;
  for (const Poly& poly : vector) {
    for (const std::int32_t x : poly) large |= IfNegative(2 * kEta - Reduced(x + kEta));
  }
  return large == 0;
}

WipedBytes Pack(const PolyVec& vector) { return lattice::Pack(FormatOf(kQBits), vector); }

std::optional<PolyVec> Unpack(ByteView packed) {
  PolyVec vector = lattice::Unpack(FormatOf(kQBits), packed);
  std::int32_t too_large = 0;
  for (const Poly& poly : vector) {
    for (const std::int32_t x : poly) too_large |= IfNegative(kQ - 1 - x);
  }
  if (too_large != 0) return std::nullopt;
  return vector;
}

WipedBytes PackRounded(PolyVec vector, unsigned bits) {
  return lattice::Pack(FormatOf(bits), Changed(std::move(vector), [bits](std::int32_t x) {
                         return Compressed(x, bits);
                       }));
}

PolyVec UnpackRounded(ByteView packed, unsigned bits) {
  return Changed(lattice::Unpack(FormatOf(bits), packed),
                 [bits](std::int32_t value) { return Decompressed(value, bits); });
}

}  // namespace gw::emulator::kyber
