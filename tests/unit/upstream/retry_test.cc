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
  Retry For(RpcId id) { return Retry(InfoOf(id), budget_, random_); }
  RetryBudget budget_;
  std::minstd_rand random_{1};
};

TEST_F(RetryTest, TheHsmsOwnAnswerIsFinal) {
  Retry retry = For(RpcId::kSignSingle);
  EXPECT_EQ(retry.Next(FailureClass::kFinal, kNow, kLate).step, Step::kGiveUp);
}

TEST_F(RetryTest, WhatIsRepeatableIsRepeatedWhenNobodyKnowsWhetherItRan) {
  for (const auto what :
       {FailureClass::kUnreachable, FailureClass::kTimedOut, FailureClass::kAskAgain}) {
    EXPECT_EQ(For(RpcId::kSignSingle).Next(what, kNow, kLate).step, Step::kWait);
    EXPECT_EQ(For(RpcId::kGenerateKeyPair).Next(what, kNow, kLate).step, Step::kWait);
  }
}

TEST_F(RetryTest, StepsOfAMultiPartOperationAreNot) {
  for (const RpcId id : {RpcId::kEncryptUpdate, RpcId::kSignUpdate, RpcId::kSignFinal}) {
    for (const auto what :
         {FailureClass::kUnreachable, FailureClass::kTimedOut, FailureClass::kAskAgain}) {
      EXPECT_EQ(For(id).Next(what, kNow, kLate).step, Step::kGiveUp);
    }
  }
}

TEST_F(RetryTest, OverloadIsRepeatedWhateverTheRpcSinceNothingRan) {
  EXPECT_EQ(For(RpcId::kSignFinal).Next(FailureClass::kExhausted, kNow, kLate).step, Step::kWait);
}

TEST_F(RetryTest, TheTokenIsRenewedOnce) {
  for (const auto what : {FailureClass::kUnauthenticated, FailureClass::kForbidden}) {
    Retry retry = For(RpcId::kSignFinal);
    EXPECT_EQ(retry.Next(what, kNow, kLate).step, Step::kRenewToken);
    EXPECT_EQ(retry.Next(what, kNow, kLate).step, Step::kGiveUp);
  }
}

TEST_F(RetryTest, WaitsGrowAndAreJitteredDownToAHalf) {
  Retry retry = For(RpcId::kSignSingle);
  std::chrono::nanoseconds full = 25ms;
  for (int i = 0; i < 6; ++i) {
    const auto decision = retry.Next(FailureClass::kUnreachable, kNow, kLate);
    ASSERT_EQ(decision.step, Step::kWait);
    EXPECT_GE(decision.wait, full / 2);
    EXPECT_LE(decision.wait, full);
    full *= 2;
  }
  EXPECT_EQ(retry.Next(FailureClass::kUnreachable, kNow, kLate).step, Step::kGiveUp);
}

TEST_F(RetryTest, OverloadIsGivenMoreTime) {
  Retry retry = For(RpcId::kSignSingle);
  EXPECT_GE(retry.Next(FailureClass::kExhausted, kNow, kLate).wait, 50ms);
}

TEST_F(RetryTest, NoTryBeginsAfterTheDeadline) {
  Retry retry = For(RpcId::kSignSingle);
  EXPECT_EQ(retry.Next(FailureClass::kUnreachable, kNow, Deadline{kNow + 1ms}).step, Step::kGiveUp);
  EXPECT_EQ(retry.Next(FailureClass::kUnreachable, kNow, Deadline{kNow - 1s}).step, Step::kGiveUp);
}

TEST_F(RetryTest, TheBudgetBoundsTheShareOfRetries) {
  int retries = 0;
  constexpr int kCalls = 2000;
  for (int i = 0; i < kCalls; ++i) {
    Retry retry = For(RpcId::kSignSingle);
    while (retry.Next(FailureClass::kUnreachable, kNow, kLate).step == Step::kWait) ++retries;
  }
  EXPECT_GE(retries, kCalls / 10);
  EXPECT_LE(retries, kCalls / 10 + 40);
}

TEST_F(RetryTest, RenewalsAreNotPaidFromTheBudget) {
  while (budget_.Spend()) {
  }
  EXPECT_EQ(For(RpcId::kSignSingle).Next(FailureClass::kUnauthenticated, kNow, kLate).step,
            Step::kRenewToken);
}

}  // namespace
}  // namespace gw
