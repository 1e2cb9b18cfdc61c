// Room: tests/unit/upstream.
#include "daemon/upstream/retry.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

using namespace std::chrono_literals;
using Step = Retry::Decision::Step;

const SteadyTime kNow = SteadyTime() + 1h;
const Deadline kLate{kNow + 1h};

class RetryTest : public testing::Test {
 protected:
  Retry Make() { return Retry(budget_, random_); }
  RetryBudget budget_;
  std::minstd_rand random_{1};
};

TEST_F(RetryTest, TheHsmsOwnAnswerIsFinal) {
  Retry retry = Make();
  EXPECT_EQ(retry.Next(FailureClass::kFinal, kNow, kLate).step, Step::kGiveUp);
}

constexpr FailureClass kPerhapsRan[] = {FailureClass::kUnreachable, FailureClass::kTimedOut,
                                        FailureClass::kAskAgain, FailureClass::kGarbled,
                                        FailureClass::kMasterKey};

TEST_F(RetryTest, WhatMayHaveRunIsSentAgainSinceTheHsmKeepsNothing) {
  for (const auto what : kPerhapsRan) EXPECT_EQ(Make().Next(what, kNow, kLate).step, Step::kWait);
}

TEST_F(RetryTest, WhatDidNotRunIsSentAgain) {
  for (const auto what : {FailureClass::kNotSent, FailureClass::kExhausted}) {
    EXPECT_EQ(Make().Next(what, kNow, kLate).step, Step::kWait);
  }
}

TEST_F(RetryTest, TheTokenIsRenewedOnce) {
  for (const auto what : {FailureClass::kUnauthenticated, FailureClass::kForbidden}) {
    Retry retry = Make();
    EXPECT_EQ(retry.Next(what, kNow, kLate).step, Step::kRenewToken);
    EXPECT_EQ(retry.Next(what, kNow, kLate).step, Step::kGiveUp);
  }
}

TEST_F(RetryTest, WaitsGrowAndAreJitteredDownToAHalf) {
  Retry retry = Make();
  std::chrono::nanoseconds full = 25ms;
  for (int i = 0; i < 8; ++i) {
    const auto decision = retry.Next(FailureClass::kAskAgain, kNow, kLate);
    ASSERT_EQ(decision.step, Step::kWait);
    EXPECT_GE(decision.wait, full / 2);
    EXPECT_LE(decision.wait, full);
    full = std::min<std::chrono::nanoseconds>(full * 2, 2s);
  }
  EXPECT_EQ(retry.Next(FailureClass::kAskAgain, kNow, kLate).step, Step::kGiveUp);
}

TEST_F(RetryTest, AnEndpointThatIsAwayIsNoReasonToGiveUpBeforeTheDeadline) {
  for (const auto what : {FailureClass::kNotSent, FailureClass::kUnreachable,
                          FailureClass::kTimedOut, FailureClass::kExhausted}) {
    Retry retry = Make();
    for (int i = 0; i < 1000; ++i) {
      const auto decision = retry.Next(what, kNow, kLate);
      ASSERT_EQ(decision.step, Step::kWait);
      EXPECT_LE(decision.wait, 1s);
    }
  }
}

TEST_F(RetryTest, AnswersThatAreNoneAreTriedAFewTimes) {
  Retry retry = Make();
  int tries = 0;
  while (retry.Next(FailureClass::kGarbled, kNow, kLate).step == Step::kWait) ++tries;
  EXPECT_EQ(tries, 8);
}

TEST_F(RetryTest, OverloadIsGivenMoreTime) {
  Retry retry = Make();
  EXPECT_GE(retry.Next(FailureClass::kExhausted, kNow, kLate).wait, 50ms);
}

TEST_F(RetryTest, NoTryBeginsAfterTheDeadline) {
  Retry retry = Make();
  EXPECT_EQ(retry.Next(FailureClass::kUnreachable, kNow, Deadline{kNow + 1ms}).step, Step::kGiveUp);
  EXPECT_EQ(retry.Next(FailureClass::kUnreachable, kNow, Deadline{kNow - 1s}).step, Step::kGiveUp);
}

// With the budget used up each retry waits long, so that retries are a share of the requests; none
// is refused for it.
TEST_F(RetryTest, TheBudgetBoundsTheShareOfQuickRetries) {
  int quick = 0;
  constexpr int kCalls = 5000;
  for (int i = 0; i < kCalls; ++i) {
    const auto decision = Make().Next(FailureClass::kUnreachable, kNow, kLate);
    ASSERT_EQ(decision.step, Step::kWait);
    if (decision.wait <= 25ms) ++quick;
  }
  EXPECT_GE(quick, kCalls / 5);
  EXPECT_LE(quick, kCalls / 5 + 260);
}

TEST_F(RetryTest, OneLostEndpointDoesNotUseUpTheBudget) {
  for (int i = 0; i < 250; ++i) {
    EXPECT_LE(Make().Next(FailureClass::kUnreachable, kNow, kLate).wait, 25ms);
  }
}

TEST_F(RetryTest, WhatCostTheHsmNothingIsNotPaid) {
  while (budget_.Spend()) {
  }
  EXPECT_LE(Make().Next(FailureClass::kNotSent, kNow, kLate).wait, 10ms);
}

TEST_F(RetryTest, RenewalsAreNotPaidFromTheBudget) {
  while (budget_.Spend()) {
  }
  EXPECT_EQ(Make().Next(FailureClass::kUnauthenticated, kNow, kLate).step, Step::kRenewToken);
}

}  // namespace
}  // namespace gw
