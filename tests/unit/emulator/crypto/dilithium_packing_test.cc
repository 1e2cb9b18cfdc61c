// Room: tests. Mirrors emulator/crypto/dilithium/{packing,challenge,signature}.h.
#include "emulator/crypto/dilithium/packing.h"

#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/challenge.h"
#include "emulator/crypto/dilithium/signature.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

TEST(DilithiumPackingTest, TheFirstCoefficientHasTheLowestBits) {
  PolyVec vector(1);
  vector[0][0] = 1;
  vector[0][1] = 0x1ff;
  const WipedBytes packed = Pack({.bits = 9, .offset = 0, .sign = 1}, vector);
  ASSERT_EQ(packed.size(), 288U);
  EXPECT_EQ(HexOf(ByteView(packed).first(4)), "01fe0300");
}

TEST(DilithiumPackingTest, EveryFormatGivesBackItsRange) {
  for (const StrengthRow& row : StrengthTable()) {
    for (const Format& format :
         {SFormat(row), T1Format(row), T0Format(row), ZFormat(row), W1Format(row)}) {
      PolyVec vector(2);
      const std::int32_t values = 1 << format.bits;
      for (std::size_t n = 0; n < kCoefficients; ++n) {
        const auto i = static_cast<std::int32_t>(n);
        vector[0][n] = format.sign * (i % values - format.offset);
        vector[1][n] = format.sign * (values - 1 - i % values - format.offset);
      }
      const WipedBytes packed = Pack(format, vector);
      EXPECT_EQ(packed.size(), 2 * 32 * format.bits);
      EXPECT_EQ(Unpack(format, packed), vector) << row.name << " " << format.bits;
    }
  }
}

TEST(DilithiumPackingTest, HintsComeBack) {
  for (const StrengthRow& row : StrengthTable()) {
    PolyVec hints(row.k);
    EXPECT_EQ(PackHints(row, hints), Bytes(row.hint_bytes(), 0));
    hints[0][0] = hints[0][255] = hints[2][17] = 1;
    for (std::size_t n = 0; n < row.omega - 3; ++n) hints[row.k - 1][n] = 1;
    const Bytes packed = PackHints(row, hints);
    EXPECT_EQ(UnpackHints(row, packed), hints) << row.name;
  }
}

class BadHintsTest : public testing::Test {
 protected:
  // Two ones in the first polynomial, one in the second, none further on.
  BadHintsTest() : packed_(row_.hint_bytes(), 0) {
    packed_[0] = 3;
    packed_[1] = 200;
    packed_[2] = 5;
    std::fill(totals(), packed_.end(), Byte{3});
    *totals() = 2;
  }

  Bytes::iterator totals() { return packed_.begin() + static_cast<std::ptrdiff_t>(row_.omega); }
  bool Accepted() const { return UnpackHints(row_, packed_).has_value(); }

  const StrengthRow& row_ = StrengthNamed("round 2 (6,5)");
  Bytes packed_;
};

TEST_F(BadHintsTest, GoodOnesAreAccepted) { EXPECT_TRUE(Accepted()); }

TEST_F(BadHintsTest, FallingPositionsAreRefused) {
  std::swap(packed_[0], packed_[1]);
  EXPECT_FALSE(Accepted());
}

TEST_F(BadHintsTest, EqualPositionsAreRefused) {
  packed_[1] = packed_[0];
  EXPECT_FALSE(Accepted());
}

TEST_F(BadHintsTest, FallingTotalsAreRefused) {
  totals()[2] = 2;
  EXPECT_FALSE(Accepted());
}

TEST_F(BadHintsTest, TotalsAboveOmegaAreRefused) {
  for (std::size_t i = 0; i < row_.omega; ++i) packed_[i] = static_cast<Byte>(i);
  std::fill(totals(), packed_.end(), static_cast<Byte>(row_.omega));
  EXPECT_TRUE(Accepted());
  packed_.back() = static_cast<Byte>(row_.omega + 1);
  EXPECT_FALSE(Accepted());
  packed_.back() = 255;
  EXPECT_FALSE(Accepted());
}

TEST_F(BadHintsTest, OctetsInUnusedPlacesAreRefused) {
  packed_[3] = 1;
  EXPECT_FALSE(Accepted());
  packed_[3] = 0;
  packed_[row_.omega - 1] = 1;
  EXPECT_FALSE(Accepted());
}

TEST(DilithiumChallengeTest, ComesBackFromItsEncoding) {
  const Bytes mu(64, 7);
  for (const StrengthRow& row : StrengthTable()) {
    const Challenge challenge = ChallengeOf(row, mu, ViewOf("high"));
    EXPECT_EQ(challenge.encoded.size(), row.round.challenge_bytes);
    EXPECT_EQ(DecodeChallenge(row, challenge.encoded), challenge.poly) << row.name;
  }
}

TEST(DilithiumChallengeTest, AMapOfAnyOtherWeightIsRefused) {
  const StrengthRow& row = StrengthNamed("round 2 (6,5)");
  Bytes encoded(row.round.challenge_bytes, 0);
  EXPECT_FALSE(DecodeChallenge(row, encoded).has_value());
  std::fill(encoded.begin(), encoded.end(), Byte{0xff});
  EXPECT_FALSE(DecodeChallenge(row, encoded).has_value());
}

TEST(DilithiumSignatureTest, EverySignatureHasOneFormOnly) {
  for (const char* set : kKatSets) {
    const StrengthRow& row = StrengthOfSet(set);
    const KatRecord record = LoadRecord(set, 0);
    const std::optional<Signature> signature = UnpackSignature(row, record.signature);
    ASSERT_TRUE(signature.has_value());
    EXPECT_EQ(HexOf(PackSignature(row, *signature)), HexOf(record.signature)) << set;
  }
}

}  // namespace
}  // namespace gw::emulator::dilithium
