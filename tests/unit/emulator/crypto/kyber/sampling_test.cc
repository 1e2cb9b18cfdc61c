// Room: tests. Mirrors emulator/crypto/kyber/sampling.h, by the published rules and OpenSSL's
// SHAKE.
#include "emulator/crypto/kyber/sampling.h"

#include <gtest/gtest.h>

#include <bit>

#include "emulator/crypto/lattice/shake.h"
#include "tests/unit/emulator/crypto/kyber/vectors.h"

namespace gw::emulator::kyber {
namespace {

// A stream so long that it always suffices.
Poly UniformOf(Bytes seed) {
  WipedBytes stream(4096);
  lattice::ShakeInto(lattice::Shake::k128, {seed}, stream);
  Poly poly{};
  std::size_t taken = 0;
  for (std::size_t at = 0; taken < kCoefficients; at += 2) {
    const int value = stream.at(at) + 256 * stream.at(at + 1);
    if (value < 63251) poly[taken++] = value % kQ;
  }
  return poly;
}

TEST(KyberSamplingTest, TheMatrixIsDrawnByColumnThenRowFromSixteenBits) {
  const Bytes rho = SampleBytes(32, 5);
  for (const StrengthRow& row : StrengthTable()) {
    const PolyVec matrix = SampleMatrix(row, rho);
    ASSERT_EQ(matrix.size(), row.k * row.k);
    for (std::size_t i = 0; i < row.k; ++i) {
      for (std::size_t j = 0; j < row.k; ++j) {
        Bytes seed = rho;
        seed.push_back(static_cast<Byte>(j));
        seed.push_back(static_cast<Byte>(i));
        EXPECT_EQ(matrix[i * row.k + j], UniformOf(seed)) << i << "," << j;
      }
    }
  }
}

TEST(KyberSamplingTest, NoiseIsTheDifferenceOfTwoPairsOfBits) {
  const Bytes seed = SampleBytes(32, 6);
  const PolyVec noise = SampleNoise(seed, 7, 2);
  ASSERT_EQ(noise.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const Bytes nonce = {static_cast<Byte>(7 + i)};
    const WipedBytes stream = lattice::Shake256({seed, nonce}, 128);
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      const unsigned nibble = unsigned{stream[n / 2]} >> (n % 2 * 4) & 15U;
      const int difference = std::popcount(nibble & 3U) - std::popcount(nibble >> 2);
      EXPECT_EQ(noise[i][n], (difference + kQ) % kQ);
    }
  }
}

}  // namespace
}  // namespace gw::emulator::kyber
