// Planned starts; the clock is a number that the test moves.
#include "bench/measure/pacer.h"

#include <gtest/gtest.h>

namespace gw::bench {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

TEST(PacerTest, OperationsAreDueAtEqualDistances) {
  const Pacer pacer(kStart, SteadyTime::max(), 400);
  EXPECT_EQ(pacer.PlannedStart(0), kStart);
  EXPECT_EQ(pacer.PlannedStart(1), kStart + 2500us);
  EXPECT_EQ(pacer.PlannedStart(400), kStart + 1s);
}

TEST(PacerTest, AnUnevenRateDoesNotDriftOverDays) {
  const Pacer pacer(kStart, SteadyTime::max(), 3);
  EXPECT_EQ(pacer.PlannedStart(1), kStart + 333333333ns);
  EXPECT_EQ(pacer.PlannedStart(3ull * 86400 * 365), kStart + 24h * 365);
}

TEST(PacerTest, NothingIsDueAtOrAfterTheEnd) {
  const Pacer pacer(kStart, kStart + 1s, 10);
  EXPECT_TRUE(pacer.PlannedStart(9).has_value());
  EXPECT_FALSE(pacer.PlannedStart(10).has_value());
}

TEST(PacerTest, PlannedStartsDoNotDependOnHowLateTheWorkersAre) {
  const Pacer pacer(kStart, SteadyTime::max(), 1000);
  SteadyTime clock = kStart;
  clock += 10s;  // a stall: ten thousand operations became due meanwhile
  EXPECT_EQ(pacer.DueBefore(clock), 10'000u);
  EXPECT_EQ(clock - *pacer.PlannedStart(0), 10s) << "the first of them waited for the whole stall";
  EXPECT_EQ(clock - *pacer.PlannedStart(9'999), 1ms);
}

TEST(PacerTest, DueCountsAgreeWithPlannedStarts) {
  for (const double rate : {0.7, 3.0, 333.3, 50'000.0, 1e6}) {
    const Pacer pacer(kStart, kStart + 10s, rate);
    for (const auto elapsed :
         {0ns, 1ns, 999'999'999ns, 1'000'000'000ns, 3'333'333'333ns, 20'000'000'000ns}) {
      const SteadyTime now = kStart + elapsed;
      const std::uint64_t due = pacer.DueBefore(now);
      const SteadyTime until = std::min(now, kStart + 10s);
      if (due > 0) {
        EXPECT_LT(*pacer.PlannedStart(due - 1), until) << rate;
      }
      const auto next = pacer.PlannedStart(due);
      if (next) {
        EXPECT_GE(*next, until) << rate;
      }
    }
  }
}

}  // namespace
}  // namespace gw::bench
