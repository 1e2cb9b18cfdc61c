// The loops of one worker, run in this process on a board of its own.
#include "bench/load/worker.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "tests/unit/bench/fake_target.h"

namespace gw::bench {
namespace {

using namespace std::chrono_literals;
using Verdict = Caller::Verdict;

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : options_(SmallRun()), board_(1, 1) {
    Schedule& schedule = board_.schedule();
    schedule.warmup_start = std::chrono::steady_clock::now();
    schedule.measure_start = schedule.warmup_start;
    schedule.end = SteadyTime::max();
  }
  std::unique_ptr<Totals> Run(FakeCaller caller) {
    RunWorker(caller, board_, board_.recorders()[0], options_);
    auto totals = std::make_unique<Totals>();
    board_.AddUp(*totals);
    return totals;
  }

  Options options_;
  Board board_;
};

TEST_F(WorkerTest, CountEndsTheRun) {
  EXPECT_EQ(Run({[] { return CK_RV{CKR_OK}; }, Verdict::kPlausible})->Operations(), 100u);
}

TEST_F(WorkerTest, FailedOperationsUseUpTheCountToo) {
  int calls = 0;
  const auto totals =
      Run({[&] { return ++calls % 4 == 0 ? CK_RV{CKR_DEVICE_ERROR} : CK_RV{CKR_OK}; },
           Verdict::kPlausible});
  EXPECT_EQ(calls, 100);
  EXPECT_EQ(totals->Operations(), 75u);
  EXPECT_EQ(totals->errors_by_rv[CKR_DEVICE_ERROR], 25u);
}

TEST_F(WorkerTest, WrongResultsAreErrors) {
  const auto totals = Run({[] { return CK_RV{CKR_OK}; }, Verdict::kWrong});
  EXPECT_EQ(totals->bad_results, 100u);
  EXPECT_EQ(totals->Errors(), 100u);
}

TEST_F(WorkerTest, EveryNthResultIsVerifiedBeginningWithTheFirst) {
  options_.verify_every = 40;
  EXPECT_EQ(Run({[] { return CK_RV{CKR_OK}; }, Verdict::kPlausible})->verified, 3u);
}

TEST_F(WorkerTest, NoneIsVerifiedWhenNotAskedFor) {
  options_.verify_every = 0;
  EXPECT_EQ(Run({[] { return CK_RV{CKR_OK}; }, Verdict::kPlausible})->verified, 0u);
}

TEST_F(WorkerTest, OpenLoopChargesAStallToTheOperationsItDelayed) {
  options_.rate_per_s = 1000;
  options_.count = 100;
  int calls = 0;
  // The first call takes 50 ms, so about 50 operations become due while it runs.
  const auto totals = Run({[&] {
                             if (calls++ == 0) std::this_thread::sleep_for(50ms);
                             return CK_RV{CKR_OK};
                           },
                           Verdict::kPlausible});
  EXPECT_EQ(totals->Operations(), 100u);
  EXPECT_GT(totals->latency.QuantileNs(0.7), 5e6)
      << "from the plan: a good part waited for the stall";
  EXPECT_LT(totals->service.QuantileNs(0.7), 5e6) << "from the start: only one call was slow";
}

TEST_F(WorkerTest, OpenLoopDoesNotRunAheadOfThePlan) {
  options_.rate_per_s = 1000;
  options_.count = 50;
  const auto start = board_.schedule().measure_start;
  Run({[] { return CK_RV{CKR_OK}; }, Verdict::kPlausible});
  EXPECT_GE(std::chrono::steady_clock::now() - start, 49ms);
}

TEST_F(WorkerTest, WarmUpIsNotRecorded) {
  options_.warmup = 30ms;
  board_.schedule().measure_start += 30ms;
  int calls = 0;
  const auto totals = Run({[&] {
                             ++calls;
                             return CK_RV{CKR_OK};
                           },
                           Verdict::kPlausible});
  EXPECT_EQ(totals->Operations(), 100u);
  EXPECT_GT(calls, 100);
}

TEST_F(WorkerTest, StopEndsAWaitForTheNextPlannedStart) {
  options_.rate_per_s = 0.001;  // the second operation is due in a quarter of an hour
  const auto totals = Run({[&] {
                             board_.Stop();
                             return CK_RV{CKR_OK};
                           },
                           Verdict::kPlausible});
  EXPECT_EQ(totals->Operations(), 1u);
}

TEST_F(WorkerTest, TimeEndsTheRunWhenThereIsNoCount) {
  options_.count = 0;
  board_.schedule().end = board_.schedule().measure_start + 20ms;
  const auto totals = Run({[] { return CK_RV{CKR_OK}; }, Verdict::kPlausible});
  EXPECT_GT(totals->Operations(), 0u);
  EXPECT_GE(std::chrono::steady_clock::now(), board_.schedule().end);
}

}  // namespace
}  // namespace gw::bench
