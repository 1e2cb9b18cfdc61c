// Room: tests/unit/upstream. Tries, their repetitions, and what else happens to a request on its
// way.
#include "daemon/upstream/sender.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/support/captured_log.h"
#include "tests/unit/upstream/client_fixture.h"

namespace gw {
namespace {

using SenderTest = Grep11ClientTest;

// --- trouble ---

TEST_F(SenderTest, TheHsmsCodeReachesTheCallerAndIsNotRepeated) {
  Fault(Kind::kStatus, kUnknown, test::Grep11Details(CKR_KEY_FUNCTION_NOT_PERMITTED, "no", false));
  EXPECT_EQ(RvOfSign(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  EXPECT_EQ(hsm_->all_calls(), 1u);
}

TEST_F(SenderTest, ASignatureIsRepeatedWhenTheHsmWasNotReached) {
  Fault(Kind::kStatus, kUnavailable);
  Fault(Kind::kStatus, kUnavailable);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 3u);
}

TEST_F(SenderTest, TheHsmsRetryHintIsFollowed) {
  Fault(Kind::kStatus, kUnknown, test::Grep11Details(CKR_IBM_TRANSPORT_ERROR, "again", true));
  EXPECT_EQ(RvOfSign(), CKR_OK);
}

TEST_F(SenderTest, OverloadBacksOffAndSucceeds) {
  Fault(Kind::kStatus, kExhausted);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
}

TEST_F(SenderTest, OverloadSlowsTheEndpointThatRefuses) {
  EXPECT_EQ(RvOfSign(), CKR_OK);
  const auto factor = [this] { return client().admission().Factor(0); };
  EXPECT_EQ(test::OnLoop(silo_, factor), 1);
  Fault(Kind::kStatus, kExhausted,
        test::Grep11Details(CKR_FUNCTION_CANCELED, "rate limit", /*retry=*/true));
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_LT(test::OnLoop(silo_, factor), 0.9);
}

TEST_F(SenderTest, LastingOverloadIsDeviceMemory) {
  EXPECT_EQ(RvOfSign(), CKR_OK);  // the connection stands
  for (int i = 0; i < 100; ++i) Fault(Kind::kStatus, kExhausted);
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_MEMORY);
}

Awaitable<Result<UpdateResult>> Update(HsmClient* client, HsmCall call) {
  OperationState state;
  state.octets = CopyOf("state");
  co_return co_await client->Update(call, KeyOperation::kSign, state, ViewOf("data"));
}

// The state is in the request, so the same step gives the same result.
TEST_F(SenderTest, AStepOfAMultiPartOperationIsSentAgain) {
  Fault(Kind::kStatus, kUnavailable);
  const auto result = test::Await(silo_, Update(&client(), Call()));
  EXPECT_TRUE(result.ok()) << result.error().detail;
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

// The HSM stores nothing, so one key more that nobody has is none.
TEST_F(SenderTest, AKeyWhoseBlobNobodySawIsMadeAgain) {
  Fault(Kind::kStatus, kUnavailable);
  EXPECT_TRUE(test::Await(silo_, MakeKey(&client(), Call())).ok());
  EXPECT_EQ(hsm_->calls("GenerateKey"), 2u);
}

TEST_F(SenderTest, AKeyThatSurelyWasNotMadeIsMadeElsewhere) {
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm 2", {"DNS:localhost"});
  const test::FakeHsm second(std::move(options));
  AddEndpoint(second);
  hsm_->Stop();
  for (unsigned i = 1; i <= 20; ++i) {
    const auto made = test::Await(silo_, MakeKey(&client(), Call()));
    ASSERT_TRUE(made.ok()) << made.error().detail;
    EXPECT_EQ(second.calls("GenerateKey"), i);
  }
}

TEST_F(SenderTest, AKeyWaitsForAnHsmThatIsAway) {
  hsm_->Stop();
  auto made = test::Start(silo_, MakeKey(&client(), Call()));
  EXPECT_EQ(made.wait_for(1s), std::future_status::timeout);
  hsm_->Start();
  EXPECT_TRUE(made.get().ok());
  EXPECT_EQ(hsm_->calls("GenerateKey"), 1u);
}

TEST_F(SenderTest, OneTryIsBoundedAndTheNextMaySucceed) {
  times_.rpc = 100ms;
  Fault(Kind::kDrop);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(SenderTest, TheCallsDeadlineHolds) {
  for (int i = 0; i < 20; ++i) Fault(Kind::kDrop);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RvOfSign(In(200ms)), CKR_DEVICE_ERROR);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
}

TEST_F(SenderTest, AnHsmThatIsAwayIsADeviceErrorWithinABoundedTime) {
  hsm_->Stop();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
}

TEST_F(SenderTest, AnHsmThatComesBackIsFoundWithoutARestart) {
  EXPECT_EQ(RvOfSign(), CKR_OK);
  hsm_->Stop();
  EXPECT_EQ(RvOfSign(In(300ms)), CKR_DEVICE_ERROR);
  hsm_->Start();
  const auto deadline = In(60s);
  CK_RV rv = CKR_DEVICE_ERROR;
  while (rv != CKR_OK && std::chrono::steady_clock::now() < deadline.at) rv = RvOfSign(In(2s));
  EXPECT_EQ(rv, CKR_OK);
}

// Longer than any count of tries would last; many calls at once, more than the retry budget pays.
TEST_F(SenderTest, AnOutageCostsWaitingCallsNothingButTime) {
  EXPECT_EQ(RvOfSign(), CKR_OK);
  config_.endpoints[0].max_outstanding = 1000;
  hsm_->Stop();
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 500; ++i) {
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data")));
  }
  EXPECT_EQ(signatures[0].wait_for(3s), std::future_status::timeout);
  hsm_->Start();
  const auto back = std::chrono::steady_clock::now();
  for (auto& signature : signatures) EXPECT_TRUE(signature.get().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - back, 20s) << "as if nobody had looked";
}

TEST_F(SenderTest, CallsInFlightWhenTheHsmGoesAreRepeatedWhenItIsBack) {
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 100; ++i) {
    Fault(Kind::kDrop);
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data")));
  }
  while (hsm_->all_calls() < 100) std::this_thread::yield();
  hsm_->Stop();
  hsm_->Start();
  for (auto& signature : signatures) EXPECT_TRUE(signature.get().ok());
}

TEST_F(SenderTest, TheOtherEndpointTakesOver) {
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm 2", {"DNS:localhost"});
  const test::FakeHsm second(std::move(options));
  AddEndpoint(second);
  hsm_->Stop();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(second.calls("SignSingle"), 30u);
}

// --- tokens ---

TEST_F(SenderTest, TheTokenTravelsWithEachCall) {
  identity_ = std::make_shared<TestIdentity>(0);
  hsm_->RequireAuthorization("Bearer token1");
  EXPECT_EQ(RvOfSign(), CKR_OK);
}

TEST_F(SenderTest, ARefusedTokenIsRenewedAndTheCallRepeated) {
  identity_ = std::make_shared<TestIdentity>(1);
  hsm_->RequireAuthorization("Bearer token2");
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(SenderTest, OneRenewalIsAllThatACallGets) {
  identity_ = std::make_shared<TestIdentity>(10);
  hsm_->RequireAuthorization("Bearer never");
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  EXPECT_EQ(identity_->renewals_asked_for, 1);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(SenderTest, ATokenThatCannotBeRenewedForIamIsADeviceError) {
  identity_ = std::make_shared<TestIdentity>(0);
  identity_->iam_is_away = true;
  hsm_->RequireAuthorization("Bearer never");
  EXPECT_EQ(RvOfSign(), CKR_DEVICE_ERROR);
  hsm_->RequireAuthorization("");
  Fault(Kind::kStatus, kPermissionDenied);
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN) << "a missing right is none of IAM's affairs";
}

TEST_F(SenderTest, AMissingRightIsLoggedWithItsActionAndWhoLacksIt) {
  identity_ = std::make_shared<TestIdentity>(0);
  Fault(Kind::kStatus, kPermissionDenied);
  const test::CapturedLog log;
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  EXPECT_NE(log.text().find("hs-crypto.crypto.sign"), std::string::npos);
  EXPECT_NE(log.text().find("iam-test"), std::string::npos);
  EXPECT_EQ(log.text().find("token1"), std::string::npos);
}

TEST_F(SenderTest, WithoutIdentityThereIsNothingToRenew) {
  hsm_->RequireAuthorization("Bearer some");
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  EXPECT_EQ(hsm_->all_calls(), 1u);
}

// --- names of requests (behaviour R322) ---

TEST_F(SenderTest, TheTriesOfOneRequestHaveOneNameAndRequestsHaveDifferentOnes) {
  Fault(Kind::kStatus, kUnavailable);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  const std::vector<std::string> names = hsm_->correlations();
  ASSERT_EQ(names.size(), 3u);
  EXPECT_EQ(names[0].size(), 36u);
  EXPECT_EQ(names[0], names[1]);
  EXPECT_NE(names[1], names[2]);
}

TEST_F(SenderTest, TheLogHasALineForEachRequestWithItsName) {
  identity_ = std::make_shared<TestIdentity>(0);
  const test::CapturedLog log;
  EXPECT_EQ(RvOfSign(), CKR_OK);
  Fault(Kind::kStatus, kPermissionDenied);
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  const std::vector<std::string> names = hsm_->correlations();
  ASSERT_GE(names.size(), 2u);
  const std::string line = "request " + names[0] + ": SignSingle for application ";
  EXPECT_NE(log.text().find(line), std::string::npos) << log.text();
  EXPECT_NE(log.text().find("iam-test: CKR_OK"), std::string::npos) << log.text();
  EXPECT_NE(log.text().find("(request " + names[1] + ")"), std::string::npos) << log.text();
  EXPECT_NE(log.text().find("iam-test: CKR_USER_NOT_LOGGED_IN"), std::string::npos) << log.text();
}

// --- connections that fell silent ---

class SilenceTest : public SenderTest {
 protected:
  SilenceTest() {
    times_.rpc = 300ms;
    times_.key_generation = 30s;
    config_.endpoints[0].channels = 1;
  }
  void Push(Kind kind, const char* method, std::chrono::milliseconds delay = 0ms) {
    test::HsmFault fault;
    fault.kind = kind;
    fault.method = method;
    fault.delay = delay;
    hsm_->Push(fault);
  }
  Result<MadeKey> MakeOne() { return test::Await(silo_, MakeKey(&client(), Call())); }
};

TEST_F(SilenceTest, ARequestWithoutAnswerIsSentAgainOnANewConnection) {
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->connections(), 1u);
  Push(Kind::kDrop, "SignSingle");
  const test::CapturedLog log;
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->connections(), 2u);
  EXPECT_NE(log.text().find("brought no answer"), std::string::npos) << log.text();
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->connections(), 2u);
}

TEST_F(SilenceTest, AConnectionThatBringsOtherAnswersStays) {
  config_.endpoints[0].max_outstanding = 1000;
  Push(Kind::kDrop, "SignSingle");
  auto lost = test::Start(silo_, gw::Sign(&client(), Call(), "data"));
  while (hsm_->calls("SignSingle") < 1) std::this_thread::yield();
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_TRUE(lost.get().ok());
  EXPECT_EQ(hsm_->connections(), 1u);
}

// The key's own patience is a hundred times longer.
TEST_F(SilenceTest, AKeyIsNotWaitedForOnADeadConnection) {
  Push(Kind::kDrop, "GenerateKey");
  Push(Kind::kDrop, "GetMechanismList");
  const auto before = Now();
  EXPECT_TRUE(MakeOne().ok());
  EXPECT_LT(Now() - before, 10s);
  EXPECT_EQ(hsm_->calls("GenerateKey"), 2u);
  EXPECT_EQ(hsm_->connections(), 2u);
}

TEST_F(SilenceTest, AKeyThatTakesLongIsWaitedForWhileTheConnectionLives) {
  Push(Kind::kDelay, "GenerateKey", 1500ms);
  EXPECT_TRUE(MakeOne().ok());
  EXPECT_EQ(hsm_->calls("GenerateKey"), 1u);
  EXPECT_GE(hsm_->calls("GetMechanismList"), 2u);
  EXPECT_EQ(hsm_->connections(), 1u);
}

TEST_F(SilenceTest, WhatWaitsOnADeadConnectionGoesElsewhereWithTheFirstThatGivesItUp) {
  Push(Kind::kDrop, "GenerateKey");
  auto key = test::Start(silo_, MakeKey(&client(), Call()));
  while (hsm_->calls("GenerateKey") < 1) std::this_thread::yield();
  Push(Kind::kDrop, "SignSingle");
  Push(Kind::kDrop, "GetMechanismList");
  EXPECT_EQ(RvOfSign(), CKR_OK);
  const auto before = Now();
  EXPECT_TRUE(key.get().ok());
  EXPECT_LT(Now() - before, 10s);
  EXPECT_EQ(hsm_->connections(), 2u);
}

TEST_F(SilenceTest, AStopWhileTheConnectionIsAskedEndsBoth) {
  Push(Kind::kDrop, "GenerateKey");
  Push(Kind::kDrop, "GetMechanismList");
  auto key = test::Start(silo_, MakeKey(&client(), Call(In(60s))));
  while (hsm_->calls("GetMechanismList") < 1) std::this_thread::yield();
  Stop();
  EXPECT_EQ(key.get().error().rv, CKR_DEVICE_ERROR);
}

// --- hedging ---

class HedgingTest : public SenderTest {
 protected:
  void Delay(std::chrono::milliseconds delay, int times = 1) {
    test::HsmFault slow;
    slow.kind = Kind::kDelay;
    slow.delay = delay;
    for (int i = 0; i < times; ++i) hsm_->Push(slow);
  }
};

TEST_F(HedgingTest, IsOffUnlessAskedFor) {
  Delay(300ms);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 1u);
}

TEST_F(HedgingTest, ASlowSignatureIsAskedForElsewhereAndTheFirstAnswerCounts) {
  times_.hedge = 50ms;
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm 2", {"DNS:localhost"});
  const test::FakeHsm second(std::move(options));
  AddEndpoint(second);
  client().Connect();
  const auto before = Now();
  for (int i = 0; i < 6; ++i) {  // either endpoint may be the first
    Delay(5s);
    EXPECT_EQ(RvOfSign(), CKR_OK);
    hsm_->ClearFaults();
  }
  EXPECT_LT(Now() - before, 5s);
  EXPECT_GT(second.calls("SignSingle"), 0u);
}

TEST_F(HedgingTest, OneEndpointIsAskedTwice) {
  times_.hedge = 50ms;
  Delay(5s);
  const auto before = Now();
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_LT(Now() - before, 4s);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(HedgingTest, AQuickAnswerCostsOneRequest) {
  times_.hedge = 5s;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 20u);
}

TEST_F(HedgingTest, SecondRequestsAreAFewPercent) {
  times_.hedge = 20ms;
  constexpr unsigned kSignatures = 300;
  Delay(200ms, 2 * kSignatures);
  std::vector<std::future<Result<Bytes>>> signatures;
  for (unsigned i = 0; i < kSignatures; ++i) {
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(), "data")));
  }
  for (auto& signature : signatures) EXPECT_TRUE(signature.get().ok());
  EXPECT_GT(hsm_->all_calls(), kSignatures);
  EXPECT_LE(hsm_->all_calls(), kSignatures + 8 + kSignatures * 3 / 100 + 1);
}

TEST_F(HedgingTest, AFailureOfBothIsRetriedAsEver) {
  times_.hedge = 20ms;
  times_.rpc = 200ms;
  Fault(Kind::kDrop);
  Fault(Kind::kDrop);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 3u);
}

TEST_F(HedgingTest, KeysAreNotMadeTwice) {
  times_.hedge = 20ms;
  Delay(300ms);
  EXPECT_TRUE(test::Await(silo_, MakeKey(&client(), Call())).ok());
  EXPECT_EQ(hsm_->all_calls(), 1u);
}

TEST_F(HedgingTest, AStopWithBothInFlightEndsThem) {
  times_.hedge = 20ms;
  Fault(Kind::kDrop);
  Fault(Kind::kDrop);
  auto signature = test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data"));
  while (hsm_->all_calls() < 2) std::this_thread::yield();
  Stop();
  EXPECT_EQ(signature.get().error().rv, CKR_DEVICE_ERROR);
}

// --- stopping ---

TEST_F(SenderTest, CloseEndsABackOffAtOnce) {
  for (int i = 0; i < 20; ++i) Fault(Kind::kStatus, kUnavailable);
  auto signature = test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data"));
  while (hsm_->all_calls() < 2) std::this_thread::yield();
  test::OnLoop(silo_, [this] { client_->Close(); });
  EXPECT_EQ(signature.get().error().rv, CKR_DEVICE_ERROR);
}

TEST_F(SenderTest, AStopWithCallsInFlightEndsThemAll) {
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 50; ++i) {
    Fault(Kind::kDrop);
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data")));
  }
  while (hsm_->all_calls() < 50) std::this_thread::yield();
  const auto before = std::chrono::steady_clock::now();
  Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
  for (auto& signature : signatures) EXPECT_EQ(signature.get().error().rv, CKR_DEVICE_ERROR);
}

}  // namespace
}  // namespace gw
