// C_GenerateRandom: which calls the pool serves and which go to the HSM.
#include "daemon/ops/random.h"

#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using ops::GenerateRandom;

class RandomTest : public OpsTest {
 protected:
  Result<Bytes> Random(std::uint64_t bytes) {
    const ops::CallScope scope = Session();
    return Run(GenerateRandom(scope, bytes));
  }
  int Requests() { return hsm_.requests["GenerateRandom"]; }
};

TEST_F(RandomTest, SmallRequestsShareOneRequestToTheHsm) {
  const auto first = Random(32);
  const auto second = Random(32);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->size(), 32u);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(Requests(), 1);
  EXPECT_EQ(hsm_.random_asked[0].bytes, gateway().local.random_pool_bytes);
}

TEST_F(RandomTest, MoreThanAQuarterOfThePoolComesFromTheHsmDirectly) {
  const std::uint32_t quarter = gateway().local.random_pool_bytes / 4;
  ASSERT_TRUE(Random(quarter).ok());
  const std::size_t level = token().random().level();
  const auto large = Random(quarter + 1);
  ASSERT_TRUE(large.ok());
  EXPECT_EQ(large->size(), quarter + 1);
  EXPECT_EQ(hsm_.random_asked.back().bytes, quarter + 1);
  EXPECT_EQ(token().random().level(), level);
}

TEST_F(RandomTest, WhatOneRequestCannotBringIsSplit) {
  const auto random = Random(2'500'000);
  ASSERT_TRUE(random.ok());
  EXPECT_EQ(random->size(), 2'500'000u);
  EXPECT_EQ(Requests(), 3);
}

TEST_F(RandomTest, SwitchedOffEachCallIsARequest) {
  gateway().local.random_pool = false;
  for (int call = 1; call <= 3; ++call) {
    ASSERT_TRUE(Random(32).ok());
    EXPECT_EQ(Requests(), call);
    EXPECT_EQ(hsm_.random_asked.back().bytes, 32u);
  }
  EXPECT_EQ(token().random().level(), 0u);
}

TEST_F(RandomTest, WhatIsInAPoolThatIsSwitchedOffIsWiped) {
  ASSERT_TRUE(Random(32).ok());
  ASSERT_NE(token().random().level(), 0u);
  gateway().local.random_pool = false;
  ASSERT_TRUE(Random(32).ok());
  EXPECT_EQ(token().random().level(), 0u);
}

TEST_F(RandomTest, NoOctetsCostNoRequest) {
  const auto none = Random(0);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(Requests(), 0);
}

TEST_F(RandomTest, MoreThanAReplyCarriesIsRefused) {
  EXPECT_EQ(RvOf(Random(gateway().limits.max_frame_bytes)), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(Requests(), 0);
}

TEST_F(RandomTest, WhatTheHsmSaysIsRememberedInTheSession) {
  const ops::CallScope scope = Session();
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "connection refused", true);
  EXPECT_EQ(RvOf(Run(GenerateRandom(scope, 32))), CKR_DEVICE_ERROR);
  EXPECT_EQ(scope.session->device_error, CKR_DEVICE_ERROR);
}

TEST_F(RandomTest, AnHsmThatGivesTooFewOctetsIsAnError) {
  gateway().local.random_pool = false;
  hsm_.random_cut = 1;
  EXPECT_EQ(RvOf(Random(32)), CKR_DEVICE_ERROR);
}

TEST_F(RandomTest, ASeedChangesWhatIsHandedOutNextAndNothingBeyondItsReach) {
  const auto scope = Session();
  ASSERT_TRUE(Run(ops::GenerateRandom(scope, 8)));
  const Bytes before = CopyOf(token().random().memory());
  ASSERT_TRUE(ops::SeedRandom(scope, ViewOf("seed")));
  const Bytes after = CopyOf(token().random().memory());
  EXPECT_NE(after, before);
  EXPECT_TRUE(Equal(ByteView(after).subspan(8 + 4096), ByteView(before).subspan(8 + 4096)));
  const auto next = Run(ops::GenerateRandom(scope, 16));
  ASSERT_TRUE(next);
  EXPECT_TRUE(Equal(*next, ByteView(after).subspan(8, 16)));
  EXPECT_FALSE(Equal(*next, ByteView(before).subspan(8, 16)));
}

TEST_F(RandomTest, ASeedForAnEmptyPoolIsNoError) {
  EXPECT_EQ(RvOf(ops::SeedRandom(Session(), ViewOf("seed"))), CKR_OK);
  EXPECT_EQ(RvOf(ops::SeedRandom(Session(), {})), CKR_OK);
}

}  // namespace
}  // namespace gw
