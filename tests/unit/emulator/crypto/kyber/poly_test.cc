// Room: tests. Mirrors emulator/crypto/kyber/poly.h.
#include "emulator/crypto/kyber/poly.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/crypto/kyber/vectors.h"

namespace gw::emulator::kyber {
namespace {

PolyVec Filled(std::int32_t x) {
  Poly poly;
  poly.fill(x);
  return {poly};
}

TEST(KyberPolyTest, SumsAndDifferencesStayInRange) {
  EXPECT_EQ(Sum(Filled(kQ - 1), Filled(kQ - 1)), Filled(kQ - 2));
  EXPECT_EQ(Difference(Filled(0), Filled(kQ - 1)), Filled(1));
  EXPECT_EQ(Difference(Filled(kQ - 1), Filled(0)), Filled(kQ - 1));
}

TEST(KyberPolyTest, SmallIsUpToEtaOnBothSides) {
  for (const std::int32_t x : {0, 1, 2, kQ - 1, kQ - 2}) EXPECT_TRUE(IsSmall(Filled(x))) << x;
  for (const std::int32_t x : {3, kQ / 2, kQ - 3}) EXPECT_FALSE(IsSmall(Filled(x))) << x;
  PolyVec one_large = Filled(2);
  one_large[0][200] = 3;
  EXPECT_FALSE(IsSmall(one_large));
}

TEST(KyberPolyTest, TwelveBitsPerCoefficientFirstInTheLowest) {
  PolyVec vector = Filled(0);
  vector[0][0] = 0x123;
  vector[0][1] = 0xabc;
  const WipedBytes packed = Pack(vector);
  ASSERT_EQ(packed.size(), 384U);
  EXPECT_EQ(HexOf(ByteView(packed).first(4)), "23c1ab00");
  EXPECT_EQ(Unpack(packed), vector);
}

TEST(KyberPolyTest, CoefficientsThatAreNotBelowQAreNone) {
  PolyVec vector = Filled(kQ - 1);
  EXPECT_EQ(Unpack(Pack(vector)), vector);
  for (const std::int32_t x : {kQ, 4095}) {
    vector[0][255] = x;
    EXPECT_EQ(Unpack(Pack(vector)), std::nullopt);
  }
}

TEST(KyberPolyTest, RoundedOctetsComeBackAsTheyWere) {
  for (const unsigned bits : {1U, 4U, 5U, 10U, 11U}) {
    const Bytes octets = SampleBytes(3 * bits * kCoefficients / 8, bits);
    const PolyVec vector = UnpackRounded(octets, bits);
    EXPECT_EQ(vector.size(), 3U);
    EXPECT_TRUE(Equal(PackRounded(vector, bits), octets)) << bits;
  }
}

}  // namespace
}  // namespace gw::emulator::kyber
