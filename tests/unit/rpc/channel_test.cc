// Room: tests/unit/rpc. Calls over a channel: answers, deadlines, cancellation, stops and lost
// connections, raced against each other. Run under ASan and TSan too.
#include "daemon/rpc/channel.h"

#include <grep11.pb.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <vector>

#include "daemon/rpc/http2_session.h"
#include "daemon/runtime/silo.h"
#include "tests/support/fake_hsm.h"
#include "tests/support/on_silo.h"
#include "tests/unit/rpc/scripted_server.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using Kind = test::HsmFault::Kind;

WipedString FrameOf(const google::protobuf::MessageLite& message) {
  WipedString frame = FrameOfSize(message.ByteSizeLong());
  message.SerializeToArray(frame.data() + MessageReader::kPrefix,
                           static_cast<int>(message.ByteSizeLong()));
  return frame;
}

struct Outcome {
  RpcStatus status;
  std::string signature;
  bool on_loop = false;
  bool sent = false;
  bool abandoned = false;
};

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() { silo_.Start(); }
  ~ChannelTest() override { silo_.Stop(); }

  void Use(std::uint16_t port, RpcTimes times = {}) {
    RpcTarget target;
    target.host = "127.0.0.1";
    target.port = port;
    target.times = times;
    channel_ = std::make_shared<RpcChannel>(silo_, std::move(target));
  }

  static Awaitable<Outcome> Call(ChannelTest* test, std::chrono::milliseconds timeout) {
    const auto channel = test->channel_;
    grep11::SignSingleRequest message;
    message.set_data("data");
    UnaryRequest request;
    request.method = "/grep11.Crypto/SignSingle";
    request.message = FrameOf(message);
    request.deadline = std::chrono::steady_clock::now() + timeout;
    auto sending = SendUnary(*channel, std::move(request));
    const FinishedCall done = co_await std::move(sending);
    Outcome outcome;
    outcome.status = done->status;
    outcome.sent = done->sent;
    outcome.abandoned = done->abandoned;
    grep11::SignSingleResponse reply;
    if (reply.ParseFromString({done->reply.begin(), done->reply.end()}))
      outcome.signature = reply.signature();
    outcome.on_loop = test->silo_.OnLoop();
    co_return outcome;
  }
  static Awaitable<void> CallAndCount(ChannelTest* test, std::chrono::milliseconds timeout) {
    const Outcome outcome = co_await Call(test, timeout);
    EXPECT_TRUE(outcome.on_loop);
    ++test->ended_;
    ++(outcome.status.ok() ? test->answered_ : test->failed_);
  }
  std::future<Outcome> Start(std::chrono::milliseconds timeout = 30s) {
    return test::Start(silo_, Call(this, timeout));
  }
  bool Refused() {
    return test::OnLoop(silo_, [this] { return channel_->Refused(); });
  }

  std::atomic<int> ended_{0}, answered_{0}, failed_{0};
  Silo silo_;
  std::shared_ptr<RpcChannel> channel_;
};

// Against a server that is gRPC's own.
class GrpcServerTest : public ChannelTest {
 protected:
  GrpcServerTest() { Use(hsm_.port()); }

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
};

TEST_F(GrpcServerTest, AnAnswerComesBackOnTheLoop) {
  const Outcome outcome = Start().get();
  EXPECT_EQ(outcome.status.code, RpcCode::kOk);
  EXPECT_EQ(outcome.signature, "signed:data");
  EXPECT_TRUE(outcome.on_loop);
}

TEST_F(GrpcServerTest, ADeadlineEndsTheCall) {
  Fault(Kind::kDrop);
  EXPECT_EQ(Start(50ms).get().status.code, RpcCode::kDeadlineExceeded);
}

TEST_F(GrpcServerTest, CancellingTheCoroutineCancelsTheCall) {
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

TEST_F(GrpcServerTest, ALateCancelIsHarmless) {
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

TEST_F(GrpcServerTest, TwoThousandCallsRacedByDeadlinesAndCancellations) {
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

TEST_F(GrpcServerTest, AStopEndsCallsInFlightAndTheirCoroutinesRunToTheirEnd) {
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

TEST_F(GrpcServerTest, AStopInTheMidstOfTrafficLosesNoCall) {
  for (int i = 0; i < 500; ++i) {
    boost::asio::co_spawn(silo_.loop(), CallAndCount(this, 60s), boost::asio::detached);
  }
  AwaitCalls(20);
  silo_.Stop(60s);
  EXPECT_EQ(ended_, 500);
}

Awaitable<void> CallTwice(Awaitable<void> first, Awaitable<void> second) {
  co_await std::move(first);
  co_await std::move(second);
}

TEST_F(GrpcServerTest, ACallMadeAfterTheStopIsRefusedAtOnce) {
  Fault(Kind::kDrop);
  auto task = CallTwice(CallAndCount(this, 60s), CallAndCount(this, 60s));
  boost::asio::co_spawn(silo_.loop(), std::move(task), boost::asio::detached);
  AwaitCalls(1);
  silo_.Stop(60s);
  EXPECT_EQ(failed_, 2);
  EXPECT_EQ(hsm_.all_calls(), 1u);
}

TEST_F(GrpcServerTest, AServerThatComesBackIsFound) {
  EXPECT_TRUE(Start().get().status.ok());
  hsm_.Stop();
  Outcome outcome;
  do {  // until the refusal is known, a call waits for the connection
    outcome = Start().get();
    EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  } while (!Refused());
  const auto before = std::chrono::steady_clock::now();
  outcome = Start().get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_FALSE(outcome.sent);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s) << "it fails at once";
  hsm_.Start();
  while (Refused()) std::this_thread::yield();
  EXPECT_TRUE(Start().get().status.ok());
}

TEST_F(GrpcServerTest, AbandonedCallsEndAtOnceAndTheNextOneConnectsAnew) {
  Fault(Kind::kDrop);
  auto lost = Start();
  AwaitCalls(1);
  test::OnLoop(silo_, [this] { channel_->Abandon(); });
  EXPECT_TRUE(lost.get().abandoned);
  EXPECT_TRUE(Start().get().status.ok());
  EXPECT_EQ(hsm_.connections(), 2u);
}

TEST_F(GrpcServerTest, OneConnectionCarriesAllCalls) {
  std::vector<std::future<Outcome>> calls;
  for (int i = 0; i < 200; ++i) calls.push_back(Start());
  for (auto& call : calls) EXPECT_EQ(call.get().signature, "signed:data");
  EXPECT_EQ(hsm_.connections(), 1u);
}

// --- servers that do as they like ---

void AnswerSigned(test::Http2Peer& peer, std::int32_t stream) {
  grep11::SignSingleResponse reply;
  reply.set_signature("scripted");
  peer.AnswerOk(stream, reply.SerializeAsString());
}

using test::ScriptedServer;

// The first connection refuses what it has not looked at; nobody notices.
TEST_F(ChannelTest, WhatGoAwayLeftUnseenIsSentAgainOnAnotherConnection) {
  ScriptedServer server(
      {[](test::Http2Peer& peer, const test::Http2Request& request, std::size_t connection) {
        if (connection > 0) return AnswerSigned(peer, request.stream);
        peer.GoAway(0);
      }});
  Use(server.port());
  std::vector<std::future<Outcome>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(Start());
  for (auto& call : calls) EXPECT_EQ(call.get().signature, "scripted");
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(ChannelTest, CallsThatTheServerHasGoOnAfterItsGoAway) {
  std::atomic<int> seen{0};
  ScriptedServer server(
      {[&seen](test::Http2Peer& peer, const test::Http2Request& request, std::size_t connection) {
        ++seen;
        if (connection > 0) return AnswerSigned(peer, request.stream);
        peer.GoAway(request.stream);
      }});
  Use(server.port());
  auto first = Start();
  while (seen == 0) std::this_thread::yield();
  EXPECT_EQ(Start().get().signature, "scripted");
  server.WithPeers([](test::Http2Peer& peer) {
    if (peer.requests().size() == 1) AnswerSigned(peer, peer.requests().front().stream);
  });
  EXPECT_EQ(first.get().signature, "scripted");
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(ChannelTest, AStreamRefusedAgainAndAgainIsAFailureInTheEnd) {
  std::atomic<int> seen{0};
  ScriptedServer server(
      {[&seen](test::Http2Peer& peer, const test::Http2Request& request, std::size_t) {
        ++seen;
        peer.Reset(request.stream, NGHTTP2_REFUSED_STREAM);
      }});
  Use(server.port());
  const Outcome outcome = Start().get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(seen, 4) << "the first and three more";
}

TEST_F(ChannelTest, CallsOnABrokenConnectionMayHaveRun) {
  std::atomic<int> seen{0};
  ScriptedServer server(
      {[&seen](test::Http2Peer& peer, const test::Http2Request& request, std::size_t connection) {
        ++seen;
        if (connection > 0) AnswerSigned(peer, request.stream);
      }});
  Use(server.port());
  auto lost = Start();
  while (seen == 0) std::this_thread::yield();
  server.DropConnections();
  const Outcome outcome = lost.get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_TRUE(outcome.sent);
  EXPECT_EQ(Start().get().signature, "scripted");
}

TEST_F(ChannelTest, AServerThatNeverGreetsIsNoConnection) {
  ScriptedServer::Script script;
  script.silent = true;
  ScriptedServer server(std::move(script));
  RpcTimes times;
  times.connect = 100ms;
  Use(server.port(), times);
  const Outcome outcome = Start().get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_NE(outcome.status.message.find("no answer in time"), std::string::npos)
      << outcome.status.message;
  EXPECT_FALSE(outcome.sent);
}

TEST_F(ChannelTest, ACallThatWaitsForTheConnectionEndsAtItsDeadline) {
  ScriptedServer::Script script;
  script.silent = true;
  ScriptedServer server(std::move(script));
  Use(server.port());
  const Outcome outcome = Start(100ms).get();
  EXPECT_EQ(outcome.status.code, RpcCode::kDeadlineExceeded);
  EXPECT_FALSE(outcome.sent);
}

TEST_F(ChannelTest, AConnectionThatFallsSilentIsFoundOutAndGivenUp) {
  std::atomic<int> seen{0};
  ScriptedServer server(
      {[&seen](test::Http2Peer& peer, const test::Http2Request& request, std::size_t connection) {
        ++seen;
        if (connection > 0) AnswerSigned(peer, request.stream);
      }});
  RpcTimes times;
  times.keepalive = 50ms;
  times.keepalive_patience = 200ms;
  Use(server.port(), times);
  auto lost = Start();
  while (seen == 0) std::this_thread::yield();
  server.FallSilent();
  const Outcome outcome = lost.get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_NE(outcome.status.message.find("nothing was heard"), std::string::npos)
      << outcome.status.message;
  EXPECT_TRUE(outcome.sent);
}

TEST_F(ChannelTest, AConnectionThatAnswersTheQuestionIsKept) {
  std::atomic<int> pings{0};
  ScriptedServer server({[](test::Http2Peer&, const test::Http2Request&, std::size_t) {}});
  RpcTimes times;
  times.keepalive = 20ms;
  times.keepalive_patience = 1s;
  Use(server.port(), times);
  auto call = Start();
  while (pings < 2) {
    server.WithPeers([&pings](test::Http2Peer& peer) { pings = peer.pings(); });
  }
  server.WithPeers([](test::Http2Peer& peer) { AnswerSigned(peer, 1); });
  EXPECT_EQ(call.get().signature, "scripted");
  EXPECT_EQ(server.connections(), 1u);
}

// Connections that are good for nothing are not made as fast as they can be.
TEST_F(ChannelTest, AServerThatGreetsAndLeavesIsNotHurried) {
  ScriptedServer::Script script;
  script.leaves = true;
  ScriptedServer server(std::move(script));
  Use(server.port());
  const auto before = std::chrono::steady_clock::now();
  test::OnLoop(silo_, [this] { channel_->Connect(); });
  while (server.connections() < 4) std::this_thread::yield();
  EXPECT_GE(std::chrono::steady_clock::now() - before, 150ms);
}

TEST_F(ChannelTest, AStopEndsAnAttemptToConnect) {
  ScriptedServer::Script script;
  script.silent = true;
  ScriptedServer server(std::move(script));
  RpcTimes times;
  times.connect = 1h;
  Use(server.port(), times);
  auto call = Start(1h);
  while (server.connections() == 0) std::this_thread::yield();
  const auto before = std::chrono::steady_clock::now();
  silo_.Stop(60s);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
  EXPECT_EQ(call.get().status.code, RpcCode::kCancelled);
}

TEST_F(ChannelTest, AServerThatSpeaksNoHttp2IsNoConnection) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  std::thread server([&] {
    auto socket = acceptor.accept();
    boost::asio::write(socket, boost::asio::buffer(std::string("SSH-2.0-something\r\n")));
  });
  Use(acceptor.local_endpoint().port());
  const Outcome outcome = Start().get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_FALSE(outcome.sent);
  server.join();
}

TEST_F(ChannelTest, ANameThatIsNoneIsSaid) {
  RpcTarget target;
  target.host = "name.invalid";
  target.port = 1;
  channel_ = std::make_shared<RpcChannel>(silo_, std::move(target));
  const Outcome outcome = Start().get();
  EXPECT_EQ(outcome.status.code, RpcCode::kUnavailable);
  EXPECT_NE(outcome.status.message.find("name look-up"), std::string::npos)
      << outcome.status.message;
}

TEST_F(ChannelTest, AChannelCanBeDroppedWhileItConnects) {
  ScriptedServer::Script script;
  script.silent = true;
  ScriptedServer server(std::move(script));
  Use(server.port());
  test::OnLoop(silo_, [this] { channel_->Connect(); });
  while (server.connections() == 0) std::this_thread::yield();
  test::OnLoop(silo_, [this] { channel_.reset(); });
}

}  // namespace
}  // namespace gw
