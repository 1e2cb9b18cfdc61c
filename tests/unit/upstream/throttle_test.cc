// Room: tests/unit/upstream.
#include "daemon/upstream/throttle.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime() + 1h;

// How many requests leave in `time` if there are always some, and where the time has got to.
int Sent(ThrottledBucket& bucket, SteadyTime& now, std::chrono::nanoseconds time) {
  int sent = 0;
  for (const SteadyTime end = now + time; now < end; now += 1ms) {
    while (bucket.Has(now)) {
      bucket.Take(now);
      ++sent;
    }
  }
  return sent;
}

TEST(ThrottleTest, WithoutRefusalsTheRateIsTheConfiguredOne) {
  ThrottledBucket bucket(500, 10);
  SteadyTime now = kStart;
  EXPECT_NEAR(Sent(bucket, now, 10s), 5000, 20);
  EXPECT_EQ(bucket.Factor(now), 1);
}

TEST(ThrottleTest, ARefusalCutsTheRate) {
  ThrottledBucket bucket(500, 10);
  SteadyTime now = kStart;
  Sent(bucket, now, 1s);
  bucket.Slow(now);
  EXPECT_NEAR(bucket.Factor(now), ThrottledBucket::kCut, 0.001);
  EXPECT_NEAR(Sent(bucket, now, 1s), 500 * (ThrottledBucket::kCut + 0.025), 20);
}

TEST(ThrottleTest, RefusalsOfOneMomentAreOne) {
  ThrottledBucket bucket(500, 10);
  for (int i = 0; i < 100; ++i) bucket.Slow(kStart + i * 1ms);
  EXPECT_NEAR(bucket.Factor(kStart + 100ms), ThrottledBucket::kCut, 0.01);
}

TEST(ThrottleTest, LastingRefusalsCutToTheFloorAndNoFurther) {
  ThrottledBucket bucket(500, 10);
  SteadyTime now = kStart;
  for (int i = 0; i < 100; ++i, now += 300ms) bucket.Slow(now);
  EXPECT_LT(bucket.Factor(now), ThrottledBucket::kLeastFactor + 0.05);
  now += 1s;
  EXPECT_GE(Sent(bucket, now, 1s), 5) << "something always gets through";
}

TEST(ThrottleTest, TheRateComesBackSlowlyAndFully) {
  ThrottledBucket bucket(500, 10);
  SteadyTime now = kStart;
  bucket.Slow(now);
  double before = bucket.Factor(now);
  for (int i = 0; i < 5; ++i) {
    now += 1s;
    EXPECT_NEAR(bucket.Factor(now) - before, ThrottledBucket::kRecoveryPerS, 0.001);
    before = bucket.Factor(now);
  }
  now += 10s;
  EXPECT_EQ(bucket.Factor(now), 1);
  EXPECT_NEAR(Sent(bucket, now, 10s), 5000, 20);
}

// An HSM that takes 200 a second and refuses the rest: hardly any refusals, most of the rate used.
TEST(ThrottleTest, ItFindsTheRateThatTheEndpointTakes) {
  ThrottledBucket bucket(500, 10);
  TokenBucket hsm(200, 20);
  int served = 0, refused = 0;
  for (SteadyTime now = kStart; now < kStart + 60s; now += 1ms) {
    while (bucket.Has(now)) {
      bucket.Take(now);
      if (hsm.Has(now)) {
        hsm.Take();
        ++served;
      } else {
        bucket.Slow(now);
        ++refused;
      }
    }
  }
  EXPECT_GT(served, 60 * 200 * 7 / 10);
  EXPECT_LT(refused, served / 20);
}

TEST(ThrottleTest, WithoutALimitTheCutBeginsAtTheRateInUseAndTheLimitGoesAgain) {
  ThrottledBucket bucket(0, 4);
  SteadyTime now = kStart;
  for (int i = 0; i < 3000; ++i, now += 1ms) bucket.Take(now);  // a thousand a second
  EXPECT_EQ(bucket.NextAt(now), now);
  bucket.Slow(now);
  EXPECT_NEAR(Sent(bucket, now, 1s), 1000 * (ThrottledBucket::kCut + 0.025), 60);
  now += 10s;
  EXPECT_EQ(bucket.Factor(now), 1);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(bucket.Has(now));
    bucket.Take(now);
  }
}

TEST(ThrottleTest, TheNextRequestIsForetold) {
  ThrottledBucket bucket(100, 1);
  SteadyTime now = kStart;
  bucket.Slow(now);
  while (bucket.Has(now)) bucket.Take(now);
  const SteadyTime next = bucket.NextAt(now);
  EXPECT_NEAR(static_cast<double>((next - now) / 1us), 1e6 / 70, 100);
  EXPECT_TRUE(bucket.Has(next));
}

}  // namespace
}  // namespace gw
