// Room: tests. Mirrors emulator/crypto/dilithium/{field,ntt,poly}.h: against arithmetic that
// multiplies polynomials as one does on paper.
#include "emulator/crypto/dilithium/ntt.h"

#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/field.h"

namespace gw::emulator::dilithium {
namespace {

std::int32_t Mod(std::int64_t x) { return static_cast<std::int32_t>((x % kQ + kQ) % kQ); }

// Coefficients that repeat for every run, in (-q, q), the extremes among them.
Poly SamplePoly(std::uint64_t state) {
  Poly poly;
  for (std::int32_t& x : poly) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    x = static_cast<std::int32_t>(state >> 33) % kQ;
    if ((state & 1) != 0) x = -x;
  }
  poly[0] = kQ - 1;
  poly[1] = 1 - kQ;
  return poly;
}

Poly Positive(Poly poly) {
  for (std::int32_t& x : poly) x = Mod(x);
  return poly;
}

Poly PaperProduct(const Poly& a, const Poly& b) {
  std::array<std::int64_t, kCoefficients> sums{};
  for (std::size_t i = 0; i < kCoefficients; ++i) {
    for (std::size_t j = 0; j < kCoefficients; ++j) {
      const std::int64_t product = std::int64_t{a[i]} * b[j] % kQ;
      sums[(i + j) % kCoefficients] += i + j < kCoefficients ? product : -product;
    }
  }
  Poly poly;
  for (std::size_t n = 0; n < kCoefficients; ++n) poly[n] = Mod(sums[n]);
  return poly;
}

TEST(DilithiumFieldTest, ReductionsGiveTheRepresentativeTheyPromise) {
  for (const std::int32_t x :
       {1 - kQ, -kQ / 2 - 1, -kQ / 2, -1, 0, 1, kQ / 2, kQ / 2 + 1, kQ - 1}) {
    EXPECT_EQ(Canonical(x), Mod(x));
    EXPECT_EQ(Mod(Centred(x)), Mod(x));
    EXPECT_LE(Absolute(Centred(x)), kQ / 2);
    for (const std::int32_t wide : {x - kQ, x, x + kQ}) {
      EXPECT_EQ(Mod(Shrunk(wide)), Mod(x));
      EXPECT_LT(Absolute(Shrunk(wide)), kQ);
    }
  }
}

TEST(DilithiumFieldTest, MontgomeryReductionDividesByTwoToThe32) {
  const std::int64_t limit = (std::int64_t{1} << 31) * kQ;
  for (const std::int64_t x : {1 - limit, std::int64_t{-1}, std::int64_t{0}, std::int64_t{kQ},
                               std::int64_t{1} << 40, limit - 1}) {
    const std::int32_t reduced = MontgomeryReduce(x);
    EXPECT_LT(Absolute(reduced), kQ);
    EXPECT_EQ(Mod(Mod(reduced) * ((std::int64_t{1} << 32) % kQ)), Mod(x));
  }
}

TEST(DilithiumNttTest, EntriesAreValuesAtThePowersOfTheRoot) {
  Poly x{};
  x[1] = 1;
  Transform(x);
  std::int64_t power = 1753;
  EXPECT_EQ(Mod(x[0]), power);
  for (int i = 0; i < 8; ++i) power = power * power % kQ;  // X^256 = -1 at every entry
  EXPECT_EQ(power, kQ - 1);
  // bitrev8(1) = 128: the next entry is the value at 1753^257 = -1753.
  EXPECT_EQ(Mod(x[1]), kQ - 1753);
}

TEST(DilithiumNttTest, ProductsAreThoseOfThePaperMethod) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Poly a = SamplePoly(seed);
    const Poly b = SamplePoly(seed + 100);
    Poly factor = a;
    PolyVec vector(1, b);
    Transform(factor);
    Transform(vector);
    PolyVec product = Times(factor, vector);
    TransformBack(product);
    EXPECT_EQ(Positive(product[0]), PaperProduct(a, b));
  }
}

TEST(DilithiumNttTest, ExtremesOfTheRangeDoNotOverflow) {
  for (const std::int32_t extreme : {kQ - 1, 1 - kQ}) {
    PolyVec vector(8);
    for (Poly& poly : vector) poly.fill(extreme);
    Poly all = vector[0];
    PolyVec matrix(8);
    for (Poly& poly : matrix) poly.fill(kQ - 1);  // transformed: the constant -1
    Transform(vector);
    PolyVec product = MatrixTimes(matrix, vector);
    TransformBack(product);
    for (std::int32_t& x : all) x = Mod(std::int64_t{-8} * x);
    EXPECT_EQ(Positive(product[0]), all);
    PolyVec largest(1);
    largest[0].fill(extreme);
    TransformBack(largest);
  }
}

TEST(DilithiumNttTest, TheMatrixGoesByRows) {
  PolyVec matrix(4);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    matrix[i].fill(static_cast<std::int32_t>(i) + 1);  // transformed constants 1, 2 / 3, 4
  }
  PolyVec vector(2);
  vector[0][7] = 10;
  vector[1][7] = 100;
  Transform(vector);
  PolyVec product = MatrixTimes(matrix, vector);
  TransformBack(product);
  ASSERT_EQ(product.size(), 2U);
  EXPECT_EQ(Mod(product[0][7]), 210);
  EXPECT_EQ(Mod(product[1][7]), 430);
}

TEST(DilithiumPolyTest, ABoundIsReachedFromBothSides) {
  PolyVec vector(2);
  EXPECT_FALSE(AnyReaches(vector, 1));
  vector[1][255] = 5;
  EXPECT_FALSE(AnyReaches(vector, 6));
  EXPECT_TRUE(AnyReaches(vector, 5));
  vector[1][255] = -5;
  EXPECT_FALSE(AnyReaches(vector, 6));
  EXPECT_TRUE(AnyReaches(vector, 5));
}

}  // namespace
}  // namespace gw::emulator::dilithium
