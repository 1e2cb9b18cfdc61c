// Room: emulator/crypto. Dilithium: a signature taken apart. Threads: any.
#pragma once

#include <optional>

#include "emulator/crypto/dilithium/poly.h"

namespace gw::emulator::dilithium {

struct Signature {
  Bytes challenge;  // encoded
  PolyVec z;
  PolyVec hints;
};

Bytes PackSignature(const StrengthRow& row, const Signature& signature);

// Nothing if the hints are malformed. The range of z is not looked at.
//   packed  signature_bytes octets
std::optional<Signature> UnpackSignature(const StrengthRow& row, ByteView packed);

}  // namespace gw::emulator::dilithium
