// Room: emulator/crypto.
#include "emulator/crypto/lattice/poly.h"

#include "daemon/core/check.h"

namespace gw::emulator::lattice {

void Add(PolyVec& sum, const PolyVec& more) {
  GW_CHECK(sum.size() == more.size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) sum[i][n] += more[i][n];
  }
}

void Subtract(PolyVec& difference, const PolyVec& less) {
  GW_CHECK(difference.size() == less.size());
  for (std::size_t i = 0; i < difference.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) difference[i][n] -= less[i][n];
  }
}

}  // namespace gw::emulator::lattice
