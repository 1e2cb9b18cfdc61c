// Room: tests/unit/upstream.
#include "daemon/upstream/health.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime() + 1h;

void FailUntilAvoided(Health& health, SteadyTime now) {
  for (unsigned i = 0; i < Health::kFailuresToAvoid; ++i) health.Failed(now);
}

TEST(HealthTest, AFewFailuresAreForgiven) {
  Health health;
  for (unsigned i = 1; i < Health::kFailuresToAvoid; ++i) health.Failed(kStart);
  EXPECT_TRUE(health.Usable(kStart));
}

TEST(HealthTest, AnAnswerBetweenFailuresStartsTheCountAgain) {
  Health health;
  for (int i = 0; i < 20; ++i) {
    health.Failed(kStart);
    health.Failed(kStart);
    health.Answered();
  }
  EXPECT_TRUE(health.good());
}

TEST(HealthTest, FailuresInARowLeadToAvoidance) {
  Health health;
  FailUntilAvoided(health, kStart);
  EXPECT_FALSE(health.good());
  EXPECT_FALSE(health.Usable(kStart + Health::kFirstAvoidance - 1ms));
  EXPECT_TRUE(health.Usable(kStart + Health::kFirstAvoidance));
}

TEST(HealthTest, OneProbeAtATime) {
  Health health;
  FailUntilAvoided(health, kStart);
  const SteadyTime due = health.avoid_until();
  health.Sent(due);
  EXPECT_FALSE(health.Usable(due));
  health.EndedSilently();
  EXPECT_TRUE(health.Usable(due));
}

TEST(HealthTest, AnAnsweredProbeEndsTheAvoidance) {
  Health health;
  FailUntilAvoided(health, kStart);
  health.Sent(health.avoid_until());
  health.Answered();
  EXPECT_TRUE(health.good());
  EXPECT_TRUE(health.Usable(kStart));
}

TEST(HealthTest, EachFailedProbeDoublesTheAvoidanceUpToItsLimit) {
  Health health;
  FailUntilAvoided(health, kStart);
  auto expected = Health::kFirstAvoidance;
  for (int i = 0; i < 12; ++i) {
    const SteadyTime due = health.avoid_until();
    health.Sent(due);
    health.Failed(due);
    expected = std::min(expected * 2, Health::kLongestAvoidance);
    EXPECT_EQ(health.avoid_until() - due, expected);
  }
  EXPECT_EQ(expected, Health::kLongestAvoidance);
}

TEST(HealthTest, LateFailuresOfOldCallsDoNotLengthenTheAvoidance) {
  Health health;
  FailUntilAvoided(health, kStart);
  const SteadyTime until = health.avoid_until();
  for (int i = 0; i < 50; ++i) health.Failed(kStart + 1ms);
  EXPECT_EQ(health.avoid_until(), until);
}

}  // namespace
}  // namespace gw
