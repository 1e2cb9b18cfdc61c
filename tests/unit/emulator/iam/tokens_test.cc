// Room: tests. Access tokens under a clock that is moved by hand.
#include "emulator/iam/tokens.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace gw::emulator {
namespace {

class TokensTest : public testing::Test {
 protected:
  TokensTest() {
    std::vector<std::string> complaints;
    identities_ = Identities::Parse(
        R"([{"apikey":"k","iam_id":"id-1","name":"n","roles":["reader"]}])", complaints);
    EXPECT_TRUE(complaints.empty());
  }
  std::string Mint() { return tokens_.Mint(*identities_.FindByApiKey("k")).text; }
  TokenVerdict Check(const std::string& authorization) {
    return tokens_.Check(authorization).verdict;
  }

  test::ManualClock clock_;
  Identities identities_;
  Tokens tokens_{Bytes(32, 1), identities_, std::chrono::seconds(60), clock_};
};

TEST_F(TokensTest, AreGoodWithAndWithoutTheWordBearer) {
  const std::string token = Mint();
  EXPECT_EQ(Check("Bearer " + token), TokenVerdict::kGood);
  EXPECT_EQ(Check("bearer " + token), TokenVerdict::kGood);
  EXPECT_EQ(Check(token), TokenVerdict::kGood);
  EXPECT_EQ(tokens_.Check(token).identity->iam_id, "id-1");
}

TEST_F(TokensTest, ExpireAlsoOnceCached) {
  const std::string token = Mint();
  EXPECT_EQ(Check(token), TokenVerdict::kGood);
  clock_.Advance(std::chrono::milliseconds(59'999));
  EXPECT_EQ(Check(token), TokenVerdict::kGood);
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(Check(token), TokenVerdict::kExpired);
}

TEST_F(TokensTest, RevocationEndsOldOnesAndSparesNewOnes) {
  const std::string old = Mint();
  EXPECT_EQ(Check(old), TokenVerdict::kGood);
  tokens_.RevokeAll();
  EXPECT_EQ(Check(old), TokenVerdict::kRevoked);
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(Check(Mint()), TokenVerdict::kGood);
}

TEST_F(TokensTest, WhatIsMissingOrForgedIsNamed) {
  EXPECT_EQ(Check(""), TokenVerdict::kMissing);
  EXPECT_EQ(Check("Bearer "), TokenVerdict::kMissing);
  EXPECT_EQ(Check("Bearer nonsense"), TokenVerdict::kInvalid);
  EXPECT_EQ(Check("a.b"), TokenVerdict::kInvalid);
  const std::string token = Mint();
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    // The last character carries two bits that no octet uses.
    if (at + 1 == token.size()) continue;
    EXPECT_EQ(Check(changed), TokenVerdict::kInvalid) << "character " << at;
  }
}

TEST_F(TokensTest, AnotherInstanceWithTheSameKeyAcceptsThem) {
  Tokens same(Bytes(32, 1), identities_, std::chrono::seconds(60), clock_);
  Tokens different(Bytes(32, 2), identities_, std::chrono::seconds(60), clock_);
  const std::string token = Mint();
  EXPECT_EQ(same.Check(token).verdict, TokenVerdict::kGood);
  EXPECT_EQ(different.Check(token).verdict, TokenVerdict::kInvalid);
}

TEST_F(TokensTest, AnIdentityThatIsGoneIsUnknown) {
  const Identities nobody;
  Tokens without(Bytes(32, 1), nobody, std::chrono::seconds(60), clock_);
  EXPECT_EQ(without.Check(Mint()).verdict, TokenVerdict::kUnknownIdentity);
}

}  // namespace
}  // namespace gw::emulator
