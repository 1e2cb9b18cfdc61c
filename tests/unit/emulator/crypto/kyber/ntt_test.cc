// Room: tests. Mirrors emulator/crypto/kyber/{field,ntt}.h: against arithmetic that multiplies
// polynomials as one does on paper.
#include "emulator/crypto/kyber/ntt.h"

#include <gtest/gtest.h>

#include "emulator/crypto/kyber/field.h"
#include "tests/unit/emulator/crypto/kyber/vectors.h"

namespace gw::emulator::kyber {
namespace {

Poly SamplePoly(std::uint64_t state) {
  const Bytes octets = SampleBytes(2 * kCoefficients, state);
  Poly poly;
  for (std::size_t n = 0; n < kCoefficients; ++n) {
    poly[n] = (octets[2 * n] << 8 | octets[2 * n + 1]) % kQ;
  }
  poly[0] = kQ - 1;
  poly[255] = kQ - 1;
  return poly;
}

void AddPaperProduct(const Poly& a, const Poly& b, Poly& sum) {
  for (std::size_t i = 0; i < kCoefficients; ++i) {
    for (std::size_t j = 0; j < kCoefficients; ++j) {
      const std::int32_t product = a[i] * b[j] % kQ;
      std::int32_t& at = sum[(i + j) % kCoefficients];
      at = (at + (i + j < kCoefficients ? product : kQ - product)) % kQ;
    }
  }
}

TEST(KyberFieldTest, QuotientAndRestAreThoseOfADivision) {
  for (std::int32_t x = 0; x < 1 << 24; ++x) {
    ASSERT_EQ(Quotient(x), x / kQ);
    ASSERT_EQ(Reduced(x), x % kQ);
  }
  for (std::int64_t multiple = 0; multiple < std::int64_t{1} << 31; multiple += kQ) {
    const auto x = static_cast<std::int32_t>(multiple);
    ASSERT_EQ(Quotient(x), x / kQ);
    ASSERT_EQ(Reduced(x), 0);
    if (x == 0) continue;
    ASSERT_EQ(Quotient(x - 1), (x - 1) / kQ);
  }
  EXPECT_EQ(Reduced(0x7fffffff), 0x7fffffff % kQ);
}

// round(x * 2^bits / q), in whole numbers.
TEST(KyberFieldTest, RoundingGoesToTheNearestValueAroundTheCircle) {
  for (const unsigned bits : {1U, 4U, 5U, 10U, 11U}) {
    const std::int32_t values = 1 << bits;
    for (std::int32_t x = 0; x < kQ; ++x) {
      ASSERT_EQ(Compressed(x, bits), (2 * x * values + kQ) / (2 * kQ) % values) << bits;
    }
    for (std::int32_t value = 0; value < values; ++value) {
      ASSERT_EQ(Decompressed(value, bits), (2 * value * kQ + values) / (2 * values)) << bits;
      ASSERT_EQ(Compressed(Decompressed(value, bits), bits), value) << bits;
    }
  }
}

TEST(KyberNttTest, ThereAndBackIsTheSamePolynomial) {
  const PolyVec vector = {SamplePoly(1), SamplePoly(2), Poly{}};
  const PolyVec there = Transformed(vector);
  EXPECT_NE(there, vector);
  EXPECT_EQ(TransformedBack(there), vector);
}

// Entries 2i and 2i + 1 are the polynomial modulo X^2 - 17^(2 * bitrev7(i) + 1); here for i = 0, 1.
TEST(KyberNttTest, TheFirstEntriesAreTheRemaindersTheyShouldBe) {
  const Poly poly = SamplePoly(3);
  const PolyVec there = Transformed({poly});
  for (const auto& [pair, square] : {std::pair{0U, 17}, std::pair{1U, kQ - 17}}) {
    std::int32_t even = 0;
    std::int32_t odd = 0;
    for (std::size_t n = kCoefficients; n > 0; n -= 2) {
      even = (even * square + poly[n - 2]) % kQ;
      odd = (odd * square + poly[n - 1]) % kQ;
    }
    EXPECT_EQ(there[0][2 * pair], even);
    EXPECT_EQ(there[0][2 * pair + 1], odd);
  }
}

TEST(KyberNttTest, AMatrixTimesAVectorIsTheSumOfThePaperProducts) {
  for (const std::size_t k : {3U, 4U}) {
    PolyVec matrix;
    PolyVec vector;
    for (std::size_t i = 0; i < k * k; ++i) matrix.push_back(SamplePoly(10 + i));
    for (std::size_t i = 0; i < k; ++i) vector.push_back(SamplePoly(50 + i));
    PolyVec expected(k);
    PolyVec expected_transposed(k);
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        AddPaperProduct(matrix[i * k + j], vector[j], expected[i]);
        AddPaperProduct(matrix[j * k + i], vector[j], expected_transposed[i]);
      }
    }
    const PolyVec a = Transformed(matrix);
    EXPECT_EQ(TransformedBack(MatrixTimes(a, Transformed(vector))), expected);
    EXPECT_EQ(TransformedBack(MatrixTimes(Transposed(a, k), Transformed(vector))),
              expected_transposed);
  }
}

TEST(KyberNttTest, LargestEntriesDoNotOverflow) {
  Poly largest;
  largest.fill(kQ - 1);
  const PolyVec products = MatrixTimes(PolyVec(4, largest), PolyVec(4, largest));
  EXPECT_EQ(products[0][0], 4 * (1 + 17) % kQ);
  EXPECT_EQ(products[0][1], 8);
}

}  // namespace
}  // namespace gw::emulator::kyber
