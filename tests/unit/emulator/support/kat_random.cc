// Tests of emulator/crypto: the random numbers of the known-answer tests.
#include "tests/unit/emulator/support/kat_random.h"

#include <algorithm>

#include "daemon/core/check.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {

KatRandom::KatRandom(ByteView entropy) {
  GW_CHECK(entropy.size() == 48);
  Update(entropy);
}

std::array<Byte, 16> KatRandom::NextBlock() {
  for (std::size_t i = counter_.size(); i-- > 0 && ++counter_[i] == 0;) {
  }
  const Bytes block = AesBlocks(BlockMode::kEcb, Direction::kEncrypt, key_, {}, counter_);
  std::array<Byte, 16> out{};
  std::ranges::copy(block, out.begin());
  return out;
}

void KatRandom::Update(ByteView provided) {
  Bytes next;
  for (int i = 0; i < 3; ++i) Append(next, NextBlock());
  for (std::size_t i = 0; i < provided.size(); ++i) next[i] ^= provided[i];
  std::copy_n(next.begin(), key_.size(), key_.begin());
  std::copy_n(next.begin() + 32, counter_.size(), counter_.begin());
}

Bytes KatRandom::Draw(std::size_t size) {
  Bytes out;
  while (out.size() < size) Append(out, NextBlock());
  out.resize(size);
  Update({});
  return out;
}

}  // namespace gw::emulator
