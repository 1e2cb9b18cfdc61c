// Room: emulator/crypto. Source of the OIDs: GREP11's list of post-quantum strengths; of the
// numbers: the submission to round 2.
#include "emulator/crypto/kyber/strength.h"

#include <array>

namespace gw::emulator::kyber {
namespace {

// 1.3.6.1.4.1.2.267.5, then the vector's length twice.
constexpr std::array<Byte, 13> Oid(Byte k) {
  return {0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x02, 0x82, 0x0b, 0x05, k, k};
}

constexpr auto kOid768 = Oid(3);
constexpr auto kOid1024 = Oid(4);

// Columns: k, du, dv.
constexpr auto kStrengths = std::to_array<StrengthRow>({
    {"round 2 768", kOid768, 3, 10, 4},
    {"round 2 1024", kOid1024, 4, 11, 5},
});

}  // namespace

std::span<const StrengthRow> StrengthTable() { return kStrengths; }

const StrengthRow* FindStrength(ByteView oid_der) {
  for (const StrengthRow& row : kStrengths) {
    if (Equal(row.oid_der, oid_der)) return &row;
  }
  return nullptr;
}

}  // namespace gw::emulator::kyber
