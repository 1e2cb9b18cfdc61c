// Room: tests/unit/upstream.
#include "daemon/upstream/token_bucket.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime() + 1h;

int TakeAll(TokenBucket& bucket, SteadyTime now) {
  int taken = 0;
  for (; bucket.Has(now); bucket.Take()) ++taken;
  return taken;
}

TEST(TokenBucketTest, BeginsFullAndHoldsNoMoreThanItsBurst) {
  TokenBucket bucket(500, 10);
  EXPECT_EQ(TakeAll(bucket, kStart), 10);
  EXPECT_EQ(TakeAll(bucket, kStart + 1h), 10);
}

TEST(TokenBucketTest, FillsAtItsRate) {
  TokenBucket bucket(500, 10);
  TakeAll(bucket, kStart);
  EXPECT_FALSE(bucket.Has(kStart + 1900us));
  EXPECT_TRUE(bucket.Has(kStart + 2001us));
  EXPECT_EQ(TakeAll(bucket, kStart + 10001us), 5);
}

TEST(TokenBucketTest, TheAverageIsTheRateHoweverOftenItIsAsked) {
  TokenBucket bucket(500, 10);
  TakeAll(bucket, kStart);
  int taken = 0;
  for (auto now = kStart; now <= kStart + 10s; now += 137us) taken += TakeAll(bucket, now);
  EXPECT_NEAR(taken, 5000, 1);
}

TEST(TokenBucketTest, NextAtIsNotTooEarly) {
  TokenBucket bucket(3, 1);  // a third of a second is no round number
  TakeAll(bucket, kStart);
  const SteadyTime next = bucket.NextAt(kStart);
  EXPECT_NEAR(static_cast<double>((next - kStart) / 1us), 333'333, 2);
  EXPECT_TRUE(bucket.Has(next));
}

TEST(TokenBucketTest, RateZeroIsNoLimit) {
  TokenBucket bucket(0, 0);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(bucket.Has(kStart));
    bucket.Take();
  }
  EXPECT_EQ(bucket.NextAt(kStart), kStart);
}

}  // namespace
}  // namespace gw
