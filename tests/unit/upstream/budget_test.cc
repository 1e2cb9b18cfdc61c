// Room: tests/unit/upstream. Admission's logic, with times made up here.
#include "daemon/upstream/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace gw {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Applications = std::vector<std::uint64_t>;

const SteadyTime kStart = SteadyTime() + 1h;

EndpointLimits Limits(double rate_per_s, double burst, std::uint32_t max_outstanding) {
  EndpointLimits limits;
  limits.rate_per_s = rate_per_s;
  limits.burst = burst;
  limits.max_outstanding = max_outstanding;
  return limits;
}

class Request final : public WaitingRequest {
 public:
  Request(std::uint64_t application, SteadyTime deadline, std::vector<Request*>& decided)
      : WaitingRequest(application, Deadline{deadline}, kNoEndpoint), decided_(decided) {}

 private:
  void Decided() override { decided_.push_back(this); }
  std::vector<Request*>& decided_;
};

class BudgetTest : public testing::Test {
 protected:
  void Make(std::vector<EndpointLimits> limits) {
    budget_ = std::make_unique<Budget>(std::move(limits), 1);
  }
  // Uses up what may leave at once.
  int Drain(SteadyTime now) {
    int taken = 0;
    while (budget_->TryTake(now, kNoEndpoint)) ++taken;
    return taken;
  }
  // Lets the endpoint fail until it is avoided; the others answer.
  void MakeIll(std::size_t endpoint) {
    while (budget_->Good(endpoint)) {
      const auto taken = budget_->TryTake(kStart, kNoEndpoint);
      ASSERT_TRUE(taken.has_value());
      budget_->Release(*taken, *taken == endpoint ? Verdict::kFailed : Verdict::kAnswered, kStart);
    }
  }
  Status Enqueue(std::uint64_t application, SteadyTime deadline, SteadyTime now) {
    requests_.push_back(std::make_unique<Request>(application, deadline, decided_));
    return budget_->Enqueue(*requests_.back(), now);
  }
  std::vector<std::uint64_t> DecidedApplications() const {
    std::vector<std::uint64_t> applications;
    for (const Request* each : decided_) applications.push_back(each->application());
    return applications;
  }

  std::vector<Request*> decided_;
  std::vector<std::unique_ptr<Request>> requests_;
  std::unique_ptr<Budget> budget_;
};

TEST_F(BudgetTest, RateAndRoomBothBound) {
  Make({Limits(500, 4, 100)});
  EXPECT_EQ(Drain(kStart), 4);
  Make({Limits(0, 0, 3)});
  EXPECT_EQ(Drain(kStart), 3);
  budget_->Release(0, Verdict::kAnswered, kStart);
  EXPECT_EQ(Drain(kStart), 1);
}

TEST_F(BudgetTest, WaitersLeaveAsTheRateAllowsInFairOrder) {
  Make({Limits(100, 1, 1000)});
  Drain(kStart);
  for (const std::uint64_t application : Applications{1, 1, 1, 2}) {
    ASSERT_TRUE(Enqueue(application, kStart + 1s, kStart).ok());
  }
  SteadyTime now = kStart;
  for (int i = 0; i < 4; ++i) {
    const SteadyTime next = budget_->NextAdvance(now);
    EXPECT_NEAR(static_cast<double>((next - now) / 1us), 10'000, 10);
    now = next;
    budget_->Advance(now);
    EXPECT_EQ(decided_.size(), static_cast<std::size_t>(i) + 1);
  }
  EXPECT_THAT(DecidedApplications(), ElementsAre(1, 2, 1, 1));
  EXPECT_EQ(budget_->NextAdvance(now), SteadyTime::max());
}

TEST_F(BudgetTest, NobodyOvertakesTheQueue) {
  Make({Limits(100, 1, 1000)});
  Drain(kStart);
  ASSERT_TRUE(Enqueue(1, kStart + 1s, kStart).ok());
  EXPECT_FALSE(budget_->TryTake(kStart + 10ms, kNoEndpoint).has_value());
}

TEST_F(BudgetTest, ARequestThatCannotMakeItsDeadlineIsRefusedAtOnce) {
  Make({Limits(100, 1, 1000)});
  Drain(kStart);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Enqueue(1, kStart + 1s, kStart).ok());
  // The eleventh of application 1 leaves after 110 ms, the first of application 2 after 20 ms.
  const Status late = Enqueue(1, kStart + 100ms, kStart);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().rv, CKR_DEVICE_MEMORY);
  EXPECT_TRUE(Enqueue(2, kStart + 100ms, kStart).ok());
  EXPECT_FALSE(Enqueue(3, kStart + 5ms, kStart).ok());
  EXPECT_FALSE(Enqueue(3, kStart, kStart).ok());
}

TEST_F(BudgetTest, AnEstimateThatWasTooGoodEndsAtTheDeadline) {
  Make({Limits(0, 0, 1)});  // only room is missing: nobody can foretell when there is some
  Drain(kStart);
  ASSERT_TRUE(Enqueue(1, kStart + 50ms, kStart).ok());
  EXPECT_EQ(budget_->NextAdvance(kStart), kStart + 50ms);
  budget_->Advance(kStart + 50ms);
  ASSERT_EQ(decided_.size(), 1u);
  EXPECT_EQ(decided_[0]->state(), WaitingRequest::State::kTooLate);
  EXPECT_EQ(budget_->queued(), 0u);
}

TEST_F(BudgetTest, ARequestThatEndsLetsTheNextOneIn) {
  Make({Limits(0, 0, 1)});
  Drain(kStart);
  ASSERT_TRUE(Enqueue(1, kStart + 1s, kStart).ok());
  budget_->Release(0, Verdict::kAnswered, kStart + 1ms);
  ASSERT_EQ(decided_.size(), 1u);
  EXPECT_EQ(decided_[0]->state(), WaitingRequest::State::kGranted);
  EXPECT_EQ(decided_[0]->endpoint(), 0u);
}

TEST_F(BudgetTest, TheQueueOfAnApplicationIsBounded) {
  Make({Limits(0, 0, 1)});
  Drain(kStart);
  for (std::size_t i = 0; i < Budget::kMostQueuedPerApplication; ++i) {
    ASSERT_TRUE(Enqueue(1, kStart + 1s, kStart).ok());
  }
  const Status full = Enqueue(1, kStart + 1s, kStart);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().rv, CKR_DEVICE_MEMORY);
  EXPECT_TRUE(Enqueue(2, kStart + 1s, kStart).ok());
}

TEST_F(BudgetTest, AWithdrawnRequestIsNeverDecided) {
  Make({Limits(0, 0, 1)});
  Drain(kStart);
  ASSERT_TRUE(Enqueue(1, kStart + 1s, kStart).ok());
  budget_->Withdraw(*requests_.back());
  budget_->Release(0, Verdict::kAnswered, kStart);
  budget_->Advance(kStart + 2s);
  EXPECT_TRUE(decided_.empty());
}

TEST_F(BudgetTest, RefuseAllDecidesEverybody) {
  Make({Limits(0, 0, 1)});
  Drain(kStart);
  for (const std::uint64_t application : Applications{1, 2, 3}) {
    ASSERT_TRUE(Enqueue(application, kStart + 1s, kStart).ok());
  }
  budget_->RefuseAll();
  EXPECT_EQ(decided_.size(), 3u);
  EXPECT_EQ(budget_->queued(), 0u);
}

TEST_F(BudgetTest, LoadSpreadsOverEndpoints) {
  Make({Limits(0, 0, 1000), Limits(0, 0, 1000), Limits(0, 0, 1000)});
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(budget_->TryTake(kStart, kNoEndpoint).has_value());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(budget_->OutstandingOf(i), 200, 20);
}

TEST_F(BudgetTest, AnEndpointThatFailsIsAvoidedAndProbedWithOneRequest) {
  Make({Limits(0, 0, 1000), Limits(0, 0, 1000)});
  MakeIll(0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(budget_->TryTake(kStart, kNoEndpoint), 1u);
  const SteadyTime due = kStart + Health::kFirstInterval;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(budget_->TryTake(due, kNoEndpoint).has_value());
  EXPECT_EQ(budget_->OutstandingOf(0), 1u);
  budget_->Release(0, Verdict::kAnswered, due);
  EXPECT_TRUE(budget_->Good(0));
}

TEST_F(BudgetTest, WithAllEndpointsIllRequestsWaitAndSingleOnesProbe) {
  Make({Limits(0, 0, 1000), Limits(0, 0, 1000)});
  MakeIll(0);
  MakeIll(1);
  EXPECT_FALSE(budget_->AnyGood());
  EXPECT_FALSE(budget_->TryTake(kStart, kNoEndpoint).has_value());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Enqueue(1, kStart + 30s, kStart).ok());
  const SteadyTime due = kStart + Health::kFirstInterval;
  EXPECT_EQ(budget_->NextAdvance(kStart), due);
  budget_->Advance(due);
  EXPECT_EQ(decided_.size(), 2u) << "one for each endpoint";
}

TEST_F(BudgetTest, AnOutageOfFiveSecondsCostsWaitersNothingButTime) {
  Make({Limits(500, 10, 1000), Limits(500, 10, 1000)});
  MakeIll(0);
  MakeIll(1);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Enqueue(1, kStart + 30s, kStart).ok());
  SteadyTime now = kStart;
  std::size_t probes = 0;
  while (now < kStart + 5s) {
    now = budget_->NextAdvance(now);
    budget_->Advance(now);
    for (; probes < decided_.size(); ++probes) {
      ASSERT_EQ(decided_[probes]->state(), WaitingRequest::State::kGranted);
      budget_->Release(decided_[probes]->endpoint(), Verdict::kFailed, now);
    }
  }
  EXPECT_LE(probes, 30u);
  // They are back: the next probe is answered, and all leave at the configured rate.
  const SteadyTime back = now;
  while (budget_->queued() > 0) {
    now = budget_->NextAdvance(now);
    budget_->Advance(now);
    for (; probes < decided_.size(); ++probes) {
      ASSERT_EQ(decided_[probes]->state(), WaitingRequest::State::kGranted);
      budget_->Release(decided_[probes]->endpoint(), Verdict::kAnswered, now);
    }
  }
  EXPECT_LE(now - back, Health::kLongestIntervalAlone + 300ms);
}

TEST_F(BudgetTest, AProbeUnderWayDoesNotMakeTheTimerSpin) {
  Make({Limits(0, 0, 1), Limits(0, 0, 1000)});
  MakeIll(1);
  const SteadyTime due = kStart + Health::kFirstInterval;
  EXPECT_EQ(Drain(due), 2);  // the room of endpoint 0, and the probe of endpoint 1
  ASSERT_TRUE(Enqueue(1, due + 1s, due).ok());
  EXPECT_EQ(budget_->NextAdvance(due), due + 2 * Health::kFirstInterval);
}

TEST_F(BudgetTest, ARefusalSlowsThatEndpointAndFailsNobody) {
  Make({Limits(100, 1, 1000), Limits(100, 1, 1000)});
  const auto endpoint = budget_->TryTake(kStart, kNoEndpoint);
  ASSERT_TRUE(endpoint.has_value());
  budget_->Release(*endpoint, Verdict::kRefused, kStart);
  EXPECT_LT(budget_->Factor(*endpoint, kStart), 1);
  EXPECT_EQ(budget_->Factor(1 - *endpoint, kStart), 1);
  EXPECT_TRUE(budget_->Good(*endpoint));
  // The deadline can be met at the full rate, which may be back by then.
  Drain(kStart);
  for (int i = 0; i < 190; ++i) ASSERT_TRUE(Enqueue(1, kStart + 1s, kStart).ok());
}

TEST_F(BudgetTest, AHangingEndpointOfTwoGetsOnlyAsMuchAsTheOtherHasInFlight) {
  Make({Limits(0, 0, 1000), Limits(0, 0, 1000)});
  int to_hanging = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto endpoint = budget_->TryTake(kStart, kNoEndpoint);
    ASSERT_TRUE(endpoint.has_value());
    if (*endpoint == 0) {
      ++to_hanging;
    } else {
      budget_->Release(*endpoint, Verdict::kAnswered, kStart);
    }
  }
  EXPECT_LE(to_hanging, 1);
}

TEST_F(BudgetTest, TheEndpointThatJustFailedIsTakenOnlyIfThereIsNoOther) {
  Make({Limits(0, 0, 10), Limits(0, 0, 10)});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(budget_->TryTake(kStart, /*avoid=*/0), 1u);
  EXPECT_EQ(budget_->TryTake(kStart, /*avoid=*/0), 0u);
}

}  // namespace
}  // namespace gw
