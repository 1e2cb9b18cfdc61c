// Room: emulator/crypto.
#include "emulator/crypto/dilithium/poly.h"

#include "daemon/core/check.h"
#include "emulator/crypto/dilithium/field.h"

namespace gw::emulator::dilithium {

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

bool AnyReaches(const PolyVec& vector, std::int32_t bound) {
  std::int32_t reached = 0;
  for (const Poly& poly : vector) {
    for (const std::int32_t x : poly) reached |= IfNegative(bound - 1 - Absolute(x));
  }
  return reached != 0;
}

}  // namespace gw::emulator::dilithium
