// What workers write down, and the sum of it.
#include "bench/measure/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace gw::bench {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

Sample At(SteadyTime::duration planned, SteadyTime::duration begun, SteadyTime::duration done) {
  return {SteadyTime(planned), SteadyTime(begun), SteadyTime(done)};
}

TEST(RecorderTest, LatencyCountsFromThePlanAndServiceFromTheStart) {
  const auto recorder = std::make_unique<Recorder>();
  recorder->Success(At(1s, 3s, 4s));
  EXPECT_EQ(recorder->latency.MaxNs(), 3'000'000'000u);
  EXPECT_EQ(recorder->service.MaxNs(), 1'000'000'000u);
}

TEST(RecorderTest, FailuresAreCountedByCodeAndNotTimed) {
  const auto recorder = std::make_unique<Recorder>();
  recorder->Failure(At(1s, 1s, 2s), CKR_DEVICE_ERROR);
  recorder->Failure(At(1s, 1s, 2s), CKR_PIN_LOCKED);
  recorder->Failure(At(1s, 1s, 2s), CKR_DEVICE_ERROR);
  const auto totals = std::make_unique<Totals>();
  totals->Add(*recorder);
  EXPECT_EQ(totals->Operations(), 0u);
  EXPECT_EQ(totals->Errors(), 3u);
  EXPECT_THAT(totals->errors_by_rv,
              ElementsAre(Pair(CKR_DEVICE_ERROR, 2), Pair(CKR_PIN_LOCKED, 1)));
}

TEST(RecorderTest, MoreCodesThanTheTableHoldsAreCountedTogether) {
  ErrorTable table;
  for (CK_RV rv = 1; rv <= ErrorTable::kCodes + 5; ++rv) table.Add(rv);
  std::map<std::uint64_t, std::uint64_t> counts;
  table.MergeInto(counts);
  EXPECT_EQ(counts.size(), ErrorTable::kCodes + 1);
  EXPECT_EQ(counts[ErrorTable::kOtherRv], 5u);
}

TEST(RecorderTest, TotalsAddWorkersAndKeepTheLastMoment) {
  const auto first = std::make_unique<Recorder>();
  const auto second = std::make_unique<Recorder>();
  first->Success(At(1s, 1s, 5s));
  second->Success(At(1s, 1s, 2s));
  second->bad_results = 1;
  const auto totals = std::make_unique<Totals>();
  totals->Add(*first);
  totals->Add(*second);
  EXPECT_EQ(totals->Operations(), 2u);
  EXPECT_EQ(totals->Errors(), 1u);
  EXPECT_EQ(totals->last_done_ns, 5'000'000'000u);
}

}  // namespace
}  // namespace gw::bench
