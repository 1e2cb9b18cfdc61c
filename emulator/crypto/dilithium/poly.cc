// Room: emulator/crypto.
#include "emulator/crypto/dilithium/poly.h"

#include "emulator/crypto/dilithium/field.h"

namespace gw::emulator::dilithium {

bool AnyReaches(const PolyVec& vector, std::int32_t bound) {
  std::int32_t reached = 0;
  for (const Poly& poly : vector) {
    for (const std::int32_t x : poly) reached |= IfNegative(bound - 1 - Absolute(x));
  }
  return reached != 0;
}

}  // namespace gw::emulator::dilithium
