// Tests for daemon/localcrypto/pin_verifier.h.
#include "daemon/localcrypto/pin_verifier.h"

#include <gtest/gtest.h>

#include "tests/unit/localcrypto/hex.h"

namespace gw {
namespace {

TEST(PinVerifierTest, MatchesItsOwnPinOnly) {
  const Bytes verifier = MakePinVerifier(ViewOf("12345678"));
  EXPECT_TRUE(PinMatches(verifier, ViewOf("12345678")));
  EXPECT_FALSE(PinMatches(verifier, ViewOf("12345679")));
  EXPECT_FALSE(PinMatches(verifier, ViewOf("1234567")));
  EXPECT_FALSE(PinMatches(verifier, {}));
}

TEST(PinVerifierTest, SamePinGivesDifferentVerifiers) {
  EXPECT_NE(MakePinVerifier(ViewOf("1234")), MakePinVerifier(ViewOf("1234")));
}

TEST(PinVerifierTest, EmptyPinIsAPinLikeAnyOther) {
  const Bytes verifier = MakePinVerifier({});
  EXPECT_TRUE(PinMatches(verifier, {}));
  EXPECT_FALSE(PinMatches(verifier, ViewOf("0")));
}

TEST(PinVerifierTest, VerifierDoesNotContainThePin) {
  const Bytes verifier = MakePinVerifier(ViewOf("correct horse"));
  EXPECT_EQ(TextOf(verifier).find("correct"), std::string_view::npos);
}

TEST(PinVerifierTest, AlteredSaltOrKeyMatchesNothing) {
  Bytes verifier = MakePinVerifier(ViewOf("1234"));
  for (const std::size_t at :
       {std::size_t{4}, std::size_t{19}, std::size_t{20}, verifier.size() - 1}) {
    verifier[at] ^= 1;
    EXPECT_FALSE(PinMatches(verifier, ViewOf("1234"))) << at;
    verifier[at] ^= 1;
  }
  EXPECT_TRUE(PinMatches(verifier, ViewOf("1234")));
}

TEST(PinVerifierTest, BrokenVerifierMatchesNothing) {
  const Bytes good = MakePinVerifier(ViewOf("1234"));
  EXPECT_FALSE(PinMatches({}, ViewOf("1234")));
  EXPECT_FALSE(PinMatches(ByteView(good).first(good.size() - 1), ViewOf("1234")));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(PinMatches(longer, ViewOf("1234")));
  Bytes other_version = good;
  other_version[0] = 2;
  EXPECT_FALSE(PinMatches(other_version, ViewOf("1234")));
}

// A verifier comes from a file: its cost must not take the host down.
TEST(PinVerifierTest, UnaffordableCostIsRefusedAtOnce) {
  struct Cost {
    Byte log2_n, r, p;
  };
  for (const Cost& cost : {Cost{63, 8, 1}, Cost{21, 8, 1}, Cost{15, 255, 1}, Cost{15, 8, 255},
                           Cost{0, 8, 1}, Cost{15, 0, 1}, Cost{15, 8, 0}, Cost{255, 255, 255}}) {
    Bytes verifier = Bytes{1, cost.log2_n, cost.r, cost.p};
    verifier.resize(4 + 16 + 32);
    EXPECT_FALSE(PinMatches(verifier, ViewOf("1234"))) << int{cost.log2_n};
  }
}

// A verifier of another cost, so that the cost can be changed without locking anybody out.
// Source: N = 1024, r = 8, p = 16, computed with Python's hashlib.scrypt; its parameters are those
// of RFC 7914 12, second vector.
TEST(PinVerifierTest, StoredCostIsUsed) {
  const Bytes verifier = FromHex(
      "010a0810"
      "000102030405060708090a0b0c0d0e0f"
      "e20f368ecfc124b3b6f7db47b7d7538b95883eeab5e9d71720a2381f59086007");
  EXPECT_TRUE(PinMatches(verifier, ViewOf("password")));
  EXPECT_FALSE(PinMatches(verifier, ViewOf("Password")));
}

}  // namespace
}  // namespace gw
