// Tests of emulator/crypto: the random numbers of the known-answer tests.
#pragma once

#include <array>
#include <cstddef>

#include "daemon/core/bytes.h"

namespace gw::emulator {

// The generator of the known-answer tests: AES-256 in CTR-DRBG, without derivation function (SP
// 800-90A, 10.2.1.5.1).
class KatRandom {
 public:
  explicit KatRandom(ByteView entropy);  // 48 octets
  Bytes Draw(std::size_t size);

 private:
  void Update(ByteView provided);
  std::array<Byte, 16> NextBlock();

  std::array<Byte, 32> key_{};
  std::array<Byte, 16> counter_{};
};

}  // namespace gw::emulator
