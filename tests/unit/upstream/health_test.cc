// Room: tests/unit/upstream.
#include "daemon/upstream/health.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime() + 1h;
constexpr bool kAlone = true;
constexpr bool kNotAlone = false;

void FailUntilAvoided(Health& health, SteadyTime now) {
  for (unsigned i = 0; i < Health::kFailuresToAvoid; ++i) health.Failed(now);
}

TEST(HealthTest, AFewFailuresAreForgiven) {
  Health health;
  for (unsigned i = 1; i < Health::kFailuresToAvoid; ++i) health.Failed(kStart);
  EXPECT_TRUE(health.Usable(kStart, kNotAlone));
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
  EXPECT_FALSE(health.Usable(kStart + Health::kFirstInterval - 1ms, kNotAlone));
  EXPECT_TRUE(health.Usable(kStart + Health::kFirstInterval, kNotAlone));
}

TEST(HealthTest, AProbeThatHangsDoesNotHoldUpTheNext) {
  Health health;
  FailUntilAvoided(health, kStart);
  const SteadyTime due = health.ProbeDue(kNotAlone);
  health.Sent(due);
  EXPECT_FALSE(health.Usable(due, kNotAlone)) << "one probe at a time";
  EXPECT_TRUE(health.Usable(due + 2 * Health::kFirstInterval, kNotAlone));
}

TEST(HealthTest, AnAnsweredProbeEndsTheAvoidance) {
  Health health;
  FailUntilAvoided(health, kStart);
  health.Sent(health.ProbeDue(kNotAlone));
  health.Answered();
  EXPECT_TRUE(health.good());
  EXPECT_TRUE(health.Usable(kStart, kNotAlone));
}

TEST(HealthTest, IntervalsDoubleFromProbeToProbeUpToTheirLimit) {
  Health health;
  FailUntilAvoided(health, kStart);
  auto expected = Health::kFirstInterval;
  for (int i = 0; i < 12; ++i) {
    const SteadyTime due = health.ProbeDue(kNotAlone);
    health.Sent(due);
    health.Failed(due);
    expected = std::min(expected * 2, Health::kLongestInterval);
    EXPECT_EQ(health.ProbeDue(kNotAlone) - due, expected);
  }
  EXPECT_EQ(expected, Health::kLongestInterval);
}

TEST(HealthTest, WhileNoOtherIsGoodProbesAreNeverFarApart) {
  Health health;
  FailUntilAvoided(health, kStart);
  SteadyTime now = kStart;
  for (int i = 0; i < 100; ++i) {
    const SteadyTime due = health.ProbeDue(kAlone);
    EXPECT_LE(due - now, Health::kLongestIntervalAlone);
    now = due;
    health.Sent(now);
  }
}

TEST(HealthTest, LateFailuresOfOldCallsDoNotPutTheProbeOff) {
  Health health;
  FailUntilAvoided(health, kStart);
  const SteadyTime due = health.ProbeDue(kNotAlone);
  for (int i = 0; i < 50; ++i) health.Failed(kStart + 1ms);
  EXPECT_EQ(health.ProbeDue(kNotAlone), due);
}

}  // namespace
}  // namespace gw
