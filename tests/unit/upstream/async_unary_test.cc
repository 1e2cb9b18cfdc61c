// Room: tests/unit/upstream. The bridge between gRPC and the loop: answers, deadlines, cancellation
// and stops, raced against each other. Run under ASan and TSan too.
#include "daemon/upstream/async_unary.h"

#include <grep11.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "tests/support/fake_hsm.h"
#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using Kind = test::HsmFault::Kind;
using Reply = grep11::SignSingleResponse;

struct Outcome {
  grpc::StatusCode code;
  std::string signature;
  bool on_loop;
};

class AsyncUnaryTest : public testing::Test {
 protected:
  AsyncUnaryTest() {
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(hsm_.port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = grep11::Crypto::NewStub(channel_);
    silo_.Start();
  }
  ~AsyncUnaryTest() override { silo_.Stop(); }

  static Awaitable<Outcome> Call(AsyncUnaryTest* test, std::chrono::milliseconds timeout) {
    grep11::SignSingleRequest request;
    request.set_data("data");
    const auto start = [test, timeout, &request](UnaryCall<Reply>& call,
                                                 grpc::CompletionQueue& cq) {
      call.context.set_deadline(std::chrono::system_clock::now() + timeout);
      call.reader = test->stub_->PrepareAsyncSignSingle(&call.context, request, &cq);
    };
    FinishedCall done = co_await SendUnary<Reply>(test->silo_, start);
    Outcome outcome;
    outcome.code = done->status.error_code();
    outcome.signature = static_cast<UnaryCall<Reply>&>(*done).reply.signature();
    outcome.on_loop = test->silo_.OnLoop();
    co_return outcome;
  }
  static Awaitable<void> CallAndCount(AsyncUnaryTest* test, std::chrono::milliseconds timeout) {
    const Outcome outcome = co_await Call(test, timeout);
    EXPECT_TRUE(outcome.on_loop);
    ++test->ended_;
    ++(outcome.code == grpc::OK ? test->answered_ : test->failed_);
  }
  std::future<Outcome> Start(std::chrono::milliseconds timeout = 30s) {
    return test::Start(silo_, Call(this, timeout));
  }
  void Fault(Kind kind, std::chrono::milliseconds delay = 0ms) {
    test::HsmFault fault;
    fault.kind = kind;
    fault.delay = delay;
    hsm_.Push(std::move(fault));
  }
  // Waits until the server has that many calls.
  void AwaitCalls(std::uint64_t count) {
    while (hsm_.all_calls() < count) std::this_thread::yield();
  }

  test::FakeHsm hsm_{test::FakeHsm::Options()};
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grep11::Crypto::Stub> stub_;
  std::atomic<int> ended_{0}, answered_{0}, failed_{0};
  Silo silo_;
};

TEST_F(AsyncUnaryTest, AnAnswerComesBackOnTheLoop) {
  const Outcome outcome = Start().get();
  EXPECT_EQ(outcome.code, grpc::OK);
  EXPECT_EQ(outcome.signature, "signed:data");
  EXPECT_TRUE(outcome.on_loop);
}

TEST_F(AsyncUnaryTest, ADeadlineEndsTheCall) {
  Fault(Kind::kDrop);
  EXPECT_EQ(Start(50ms).get().code, grpc::DEADLINE_EXCEEDED);
}

TEST_F(AsyncUnaryTest, AReplyThatIsNoMessageIsAnError) {
  Fault(Kind::kGarbage);
  EXPECT_EQ(Start().get().code, grpc::INTERNAL);
}

TEST_F(AsyncUnaryTest, CancellingTheCoroutineCancelsTheCall) {
  Fault(Kind::kDrop);
  boost::asio::cancellation_signal cancel;
  test::OnLoop(silo_, [&] {
    boost::asio::co_spawn(
        silo_.loop(), CallAndCount(this, 30s),
        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  });
  AwaitCalls(1);
  test::OnLoop(silo_, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
  while (ended_ == 0) std::this_thread::yield();
  EXPECT_EQ(failed_, 1);
}

TEST_F(AsyncUnaryTest, ALateCancelIsHarmless) {
  boost::asio::cancellation_signal cancel;
  test::OnLoop(silo_, [&] {
    boost::asio::co_spawn(
        silo_.loop(), CallAndCount(this, 30s),
        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  });
  while (ended_ == 0) std::this_thread::yield();
  test::OnLoop(silo_, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
  EXPECT_EQ(answered_, 1);
}

// Two thousand calls, each raced by a cancellation and by its own deadline.
struct Race {
  explicit Race(boost::asio::io_context& loop) : timer(loop) {}
  boost::asio::steady_timer timer;
  boost::asio::cancellation_signal cancel;
};

TEST_F(AsyncUnaryTest, TwoThousandCallsRacedByDeadlinesAndCancellations) {
  constexpr int kCalls = 2000;
  constexpr int kAtOnce = 50;
  std::vector<std::unique_ptr<Race>> races;
  for (int i = 0; i < kCalls; ++i) {
    if (i % 7 == 0) Fault(Kind::kDelay, std::chrono::milliseconds(i % 5));
    while (i - ended_ >= kAtOnce) std::this_thread::yield();
    races.push_back(std::make_unique<Race>(silo_.loop()));
    Race& race = *races.back();
    test::OnLoop(silo_, [this, i, &race] {
      boost::asio::co_spawn(
          silo_.loop(), CallAndCount(this, std::chrono::milliseconds(i % 3 == 0 ? i % 11 : 30'000)),
          boost::asio::bind_cancellation_slot(race.cancel.slot(), boost::asio::detached));
      race.timer.expires_after(std::chrono::microseconds(i % 2 == 0 ? i * 3 % 4000 : 60'000'000));
      race.timer.async_wait([&race](auto error) {
        if (!error) race.cancel.emit(boost::asio::cancellation_type::terminal);
      });
    });
  }
  while (ended_ < kCalls) std::this_thread::yield();
  EXPECT_EQ(answered_ + failed_, kCalls);
  EXPECT_GT(answered_, 0);
  EXPECT_GT(failed_, 0);
  test::OnLoop(silo_, [&races] { races.clear(); });
}

TEST_F(AsyncUnaryTest, AStopEndsCallsInFlightAndTheirCoroutinesRunToTheirEnd) {
  for (int i = 0; i < 100; ++i) {
    Fault(Kind::kDrop);
    boost::asio::co_spawn(silo_.loop(), CallAndCount(this, 60s), boost::asio::detached);
  }
  AwaitCalls(100);
  const auto before = std::chrono::steady_clock::now();
  silo_.Stop(60s);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
  EXPECT_EQ(ended_, 100);
  EXPECT_EQ(failed_, 100);
}

TEST_F(AsyncUnaryTest, AStopInTheMidstOfTrafficLosesNoCall) {
  for (int i = 0; i < 500; ++i) {
    boost::asio::co_spawn(silo_.loop(), CallAndCount(this, 60s), boost::asio::detached);
  }
  AwaitCalls(20);
  silo_.Stop(60s);
  EXPECT_EQ(ended_, 500);
}

Awaitable<void> CallTwice(AsyncUnaryTest* /*test*/, Awaitable<void> first, Awaitable<void> second) {
  co_await std::move(first);
  co_await std::move(second);
}

TEST_F(AsyncUnaryTest, ACallMadeAfterTheStopIsRefusedAtOnce) {
  Fault(Kind::kDrop);
  auto task = CallTwice(this, CallAndCount(this, 60s), CallAndCount(this, 60s));
  boost::asio::co_spawn(silo_.loop(), std::move(task), boost::asio::detached);
  AwaitCalls(1);
  silo_.Stop(60s);
  EXPECT_EQ(failed_, 2);
  EXPECT_EQ(hsm_.all_calls(), 1u);
}

}  // namespace
}  // namespace gw
