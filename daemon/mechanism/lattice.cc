// Room: mechanism.
#include "daemon/mechanism/lattice.h"

#include <algorithm>
#include <array>

namespace gw {
namespace {

// 1.3.6.1.4.1.2.267 and what follows, as a constant with an address.
template <Byte... kArcs>
inline constexpr std::array<Byte, 10 + sizeof...(kArcs)> kIbm = {
    6, 8 + sizeof...(kArcs), 0x2b, 6, 1, 4, 1, 2, 0x82, 0x0b, kArcs...};

constexpr auto kStrengths = std::to_array<LatticeStrength>({
    {"Dilithium round 2 (5,4)", kIbm<1, 5, 4>, CKK_IBM_PQC_DILITHIUM, 2701},
    {"Dilithium round 2 (6,5)", kIbm<1, 6, 5>, CKK_IBM_PQC_DILITHIUM, 3366},
    {"Dilithium round 2 (8,7)", kIbm<1, 8, 7>, CKK_IBM_PQC_DILITHIUM, 4668},
    {"Dilithium round 3 (4,4)", kIbm<7, 4, 4>, CKK_IBM_PQC_DILITHIUM, 2420},
    {"Dilithium round 3 (6,5)", kIbm<7, 6, 5>, CKK_IBM_PQC_DILITHIUM, 3293},
    {"Dilithium round 3 (8,7)", kIbm<7, 8, 7>, CKK_IBM_PQC_DILITHIUM, 4595},
    {"Kyber round 2 768", kIbm<5, 3, 3>, CKK_IBM_PQC_KYBER, 1088},
    {"Kyber round 2 1024", kIbm<5, 4, 4>, CKK_IBM_PQC_KYBER, 1568},
});

}  // namespace

const LatticeStrength* FindLatticeStrength(ByteView der_oid) {
  const auto row = std::ranges::find_if(kStrengths, [der_oid](const LatticeStrength& strength) {
    return Equal(strength.der_oid, der_oid);
  });
  return row == kStrengths.end() ? nullptr : &*row;
}

std::span<const LatticeStrength> AllLatticeStrengths() { return kStrengths; }

}  // namespace gw
