// Room: tests/unit/rpc. Answers of every kind, good and bad, and what becomes of their calls.
#include "daemon/rpc/http2_session.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <vector>

#include "daemon/core/clock.h"
#include "tests/unit/rpc/http2_peer.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::Framed;
using test::Http2Headers;
using test::kGrpcHeaders;

const Http2Headers kOkTrailers{{"grpc-status", "0"}};

class TestCall final : public UnaryCall {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Finished() override {}
};

class Http2SessionTest : public testing::Test {
 protected:
  // Lets both sides talk until neither has anything to say.
  void Pump() {
    for (bool said = true; said;) {
      said = false;
      Bytes out;
      ASSERT_TRUE(session_->Produce(out, 1 << 20)) << session_->trouble();
      if (!out.empty()) {
        said = true;
        ASSERT_TRUE(peer_->Receive(TextOf(out)));
      }
      const std::string answer = peer_->TakeOutput();
      if (!answer.empty()) {
        said = true;
        ASSERT_TRUE(session_->Receive(ViewOf(answer))) << session_->trouble();
      }
    }
  }
  TestCall& Submit(std::string_view message = "question") {
    UnaryRequest request;
    request.method = "/test.Service/Ask";
    request.authorization = authorization_;
    request.correlation = correlation_;
    const std::string frame = Framed(message);
    request.message.assign(frame.begin(), frame.end());
    request.deadline = RealClock().Now() + 5s;
    calls_.push_back(std::make_unique<TestCall>(std::move(request)));
    session_->Submit(*calls_.back());
    Pump();
    return *calls_.back();
  }
  std::int32_t LastStream() const { return peer_->requests().back().stream; }
  bool IsOver(const UnaryCall& call) {
    return std::ranges::any_of(session_->over(),
                               [&](const UnaryCall& each) { return &each == &call; });
  }
  // What a call becomes that gets this answer.
  RpcStatus StatusOf(const Http2Headers& headers, const std::string& body,
                     const Http2Headers& trailers) {
    TestCall& call = Submit();
    peer_->Answer(LastStream(), headers, body, trailers);
    Pump();
    EXPECT_TRUE(IsOver(call));
    return call.status;
  }

  std::string authorization_;
  std::string correlation_;
  std::unique_ptr<test::Http2Peer> peer_ = std::make_unique<test::Http2Peer>();
  std::vector<std::unique_ptr<TestCall>> calls_;
  std::unique_ptr<Http2Session> session_ =
      std::make_unique<Http2Session>(Http2Session::Options{"hsm.example:9876", true, 1000});
};

TEST_F(Http2SessionTest, ARequestIsWhatGrpcSaysItIs) {
  authorization_ = "Bearer token";
  const TestCall& call = Submit("question");
  const test::Http2Request& request = peer_->requests().back();
  EXPECT_TRUE(request.whole);
  EXPECT_TRUE(call.sent);
  EXPECT_EQ(request.body, Framed("question"));
  auto headers = request.headers;
  EXPECT_EQ(headers[":method"], "POST");
  EXPECT_EQ(headers[":scheme"], "https");
  EXPECT_EQ(headers[":path"], "/test.Service/Ask");
  EXPECT_EQ(headers[":authority"], "hsm.example:9876");
  EXPECT_EQ(headers["te"], "trailers");
  EXPECT_EQ(headers["content-type"], "application/grpc");
  EXPECT_EQ(headers["authorization"], "Bearer token");
  EXPECT_FALSE(headers["grpc-timeout"].empty());
}

TEST_F(Http2SessionTest, TheNameOfARequestGoesAlongWithAndWithoutToken) {
  for (const char* token : {"", "Bearer token"}) {
    authorization_ = token;
    correlation_ = "0d8f7c0e-0000-4000-8000-000000000001";
    Submit();
    auto headers = peer_->requests().back().headers;
    EXPECT_EQ(headers["correlation-id"], correlation_);
    EXPECT_EQ(headers["authorization"], authorization_);
    correlation_.clear();
    Submit();
    EXPECT_FALSE(peer_->requests().back().headers.contains("correlation-id"));
  }
}

TEST_F(Http2SessionTest, WithoutTokenThereIsNoAuthorization) {
  Submit();
  EXPECT_FALSE(peer_->requests().back().headers.contains("authorization"));
}

TEST_F(Http2SessionTest, AnAnswerIsItsMessage) {
  TestCall& call = Submit();
  EXPECT_FALSE(IsOver(call));
  peer_->AnswerOk(LastStream(), "answer");
  Pump();
  EXPECT_TRUE(IsOver(call));
  EXPECT_TRUE(call.status.ok());
  EXPECT_EQ(call.reply, "answer");
}

TEST_F(Http2SessionTest, AnswersComeInAnyOrder) {
  TestCall& first = Submit();
  const std::int32_t stream = LastStream();
  TestCall& second = Submit();
  peer_->AnswerOk(LastStream(), "second");
  Pump();
  EXPECT_FALSE(IsOver(first));
  peer_->AnswerOk(stream, "first");
  Pump();
  EXPECT_EQ(first.reply, "first");
  EXPECT_EQ(second.reply, "second");
}

TEST_F(Http2SessionTest, LargeMessagesGoBothWays) {
  session_ = std::make_unique<Http2Session>(Http2Session::Options{"hsm", true, 20 << 20});
  const std::string large(20 << 20, 'x');
  TestCall& call = Submit(large);
  EXPECT_EQ(peer_->requests().back().body.size(), large.size() + 5);
  peer_->AnswerOk(LastStream(), large);
  Pump();
  EXPECT_TRUE(call.status.ok());
  EXPECT_EQ(std::string_view(call.reply), large);
}

TEST_F(Http2SessionTest, AStatusComesWithMessageAndDetails) {
  const RpcStatus status = StatusOf({{":status", "200"},
                                     {"content-type", "application/grpc"},
                                     {"grpc-status", "2"},
                                     {"grpc-message", "no%20key"},
                                     {"grpc-status-details-bin", "Zm9v"}},
                                    "", {});
  EXPECT_EQ(status.code, RpcCode::kUnknown);
  EXPECT_EQ(status.message, "no key");
  EXPECT_EQ(status.details, "foo");
}

struct BadAnswer {
  const char* name;
  Http2Headers headers;
  std::string body;
  Http2Headers trailers;
  RpcCode code;
  const char* text;
};

// An answer that is none must never pass for success.
TEST_F(Http2SessionTest, AnAnswerThatBreaksTheRulesIsAnError) {
  const std::vector<BadAnswer> answers{
      {"no status", kGrpcHeaders, Framed("x"), {}, RpcCode::kUnknown, "no grpc-status"},
      {"no message", kGrpcHeaders, "", kOkTrailers, RpcCode::kInternal, "no whole message"},
      {"half a prefix", kGrpcHeaders, std::string(3, '\0'), kOkTrailers, RpcCode::kInternal,
       "no whole message"},
      {"half a message", kGrpcHeaders, Framed("answer").substr(0, 8), kOkTrailers,
       RpcCode::kInternal, "no whole message"},
      {"two messages", kGrpcHeaders, Framed("a") + Framed("b"), kOkTrailers, RpcCode::kInternal,
       "more than one"},
      {"compressed", kGrpcHeaders, "\1" + Framed("a").substr(1), kOkTrailers, RpcCode::kInternal,
       "compressed"},
      {"too large", kGrpcHeaders, Framed(std::string(1001, 'x')), kOkTrailers, RpcCode::kInternal,
       "larger"},
      {"a page",
       {{":status", "502"}, {"content-type", "text/html"}},
       "<html>",
       {},
       RpcCode::kUnavailable,
       "HTTP status 502"},
      {"a page that is fine",
       {{":status", "200"}, {"content-type", "text/html"}},
       "<html>",
       {},
       RpcCode::kUnknown,
       "HTTP status 200"},
      {"a page with a status",
       {{":status", "200"}, {"content-type", "text/html"}},
       Framed("a"),
       kOkTrailers,
       RpcCode::kInternal,
       "no whole message"},
      {"a status that is none",
       kGrpcHeaders,
       Framed("a"),
       {{"grpc-status", "fine"}},
       RpcCode::kUnknown,
       "no number"},
      {"a code that is none",
       kGrpcHeaders,
       Framed("a"),
       {{"grpc-status", "99"}},
       RpcCode::kUnknown,
       ""},
  };
  for (const BadAnswer& bad : answers) {
    const RpcStatus status = StatusOf(bad.headers, bad.body, bad.trailers);
    EXPECT_EQ(status.code, bad.code) << bad.name;
    EXPECT_NE(status.message.find(bad.text), std::string::npos) << bad.name << status.message;
  }
}

TEST_F(Http2SessionTest, ATroubleLeavesTheConnectionAndItsOtherCallsAlone) {
  TestCall& good = Submit();
  const std::int32_t stream = LastStream();
  EXPECT_EQ(StatusOf(kGrpcHeaders, Framed("a") + Framed("b"), kOkTrailers).code,
            RpcCode::kInternal);
  peer_->AnswerOk(stream, "fine");
  Pump();
  EXPECT_TRUE(good.status.ok());
  EXPECT_EQ(good.reply, "fine");
}

TEST_F(Http2SessionTest, AResetStreamIsAnError) {
  TestCall& call = Submit();
  peer_->Reset(LastStream(), NGHTTP2_INTERNAL_ERROR);
  Pump();
  EXPECT_TRUE(IsOver(call));
  EXPECT_EQ(call.status.code, RpcCode::kInternal);
  EXPECT_TRUE(call.sent);
}

TEST_F(Http2SessionTest, ARefusedStreamWasNotSeen) {
  TestCall& call = Submit();
  peer_->Reset(LastStream(), NGHTTP2_REFUSED_STREAM);
  Pump();
  EXPECT_TRUE(IsOver(call));
  EXPECT_EQ(call.status.code, RpcCode::kUnavailable);
  EXPECT_FALSE(call.sent);
}

TEST_F(Http2SessionTest, AfterGoAwayEarlierCallsGoOnAndLaterOnesWereNotSeen) {
  TestCall& seen = Submit();
  const std::int32_t stream = LastStream();
  TestCall& unseen = Submit();
  EXPECT_FALSE(session_->going_away());
  peer_->GoAway(stream);
  Pump();
  EXPECT_TRUE(session_->going_away());
  EXPECT_FALSE(IsOver(seen));
  EXPECT_TRUE(IsOver(unseen));
  EXPECT_FALSE(unseen.sent);
  peer_->AnswerOk(stream, "still");
  Pump();
  EXPECT_EQ(seen.reply, "still");
}

TEST_F(Http2SessionTest, AfterGoAwayNobodyWaitsForAStream) {
  peer_ = std::make_unique<test::Http2Peer>(/*max_streams=*/1);
  Pump();
  TestCall& seen = Submit();
  const TestCall& waits = Submit();
  peer_->GoAway(LastStream());
  Pump();
  EXPECT_FALSE(IsOver(seen));
  EXPECT_TRUE(IsOver(waits));
  EXPECT_FALSE(waits.sent);
  EXPECT_EQ(waits.status.code, RpcCode::kUnavailable);
}

// A server that refuses a request need not read it first.
TEST_F(Http2SessionTest, AnAnswerMayComeBeforeTheRequestHasLeft) {
  peer_ = std::make_unique<test::Http2Peer>(100, /*reads_on=*/false);
  Pump();
  TestCall& call = Submit(std::string(1 << 20, 'x'));
  EXPECT_FALSE(peer_->requests().back().whole);
  peer_->Answer(LastStream(),
                {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "8"}},
                "", {});
  Pump();
  EXPECT_TRUE(IsOver(call));
  EXPECT_EQ(call.status.code, RpcCode::kResourceExhausted);
  EXPECT_TRUE(peer_->requests().back().reset);
}

TEST_F(Http2SessionTest, AStatusBeforeAResetIsNone) {
  TestCall& call = Submit();
  peer_->Answer(LastStream(),
                {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "0"}},
                std::string(100, '\0'), {{"grpc-status", "0"}});
  peer_->Reset(LastStream(), NGHTTP2_INTERNAL_ERROR);
  Pump();
  EXPECT_TRUE(IsOver(call));
  EXPECT_FALSE(call.status.ok());
}

TEST_F(Http2SessionTest, HeadersWithoutEndAreAnError) {
  Http2Headers many = kGrpcHeaders;
  for (int i = 0; i < 2000; ++i) many.emplace_back("x" + std::to_string(i), "x");
  TestCall& call = Submit();
  peer_->Answer(LastStream(), many, Framed("x"), kOkTrailers);
  Pump();
  EXPECT_TRUE(IsOver(call));
  EXPECT_EQ(call.status.code, RpcCode::kInternal);
  EXPECT_NE(call.status.message.find("headers"), std::string::npos) << call.status.message;
}

TEST_F(Http2SessionTest, MoreCallsThanStreamsWaitForTheirTurn) {
  peer_ = std::make_unique<test::Http2Peer>(/*max_streams=*/2);
  Pump();
  TestCall& first = Submit();
  Submit();
  TestCall& third = Submit();
  EXPECT_EQ(peer_->requests().size(), 2u);
  EXPECT_FALSE(third.sent);
  peer_->AnswerOk(peer_->requests().front().stream, "one");
  Pump();
  EXPECT_TRUE(IsOver(first));
  EXPECT_EQ(peer_->requests().size(), 3u);
  EXPECT_TRUE(third.sent);
}

TEST_F(Http2SessionTest, AReleasedCallIsCancelledThereAndForgottenHere) {
  TestCall& call = Submit();
  session_->Release(call);
  Pump();
  EXPECT_TRUE(peer_->requests().back().reset);
  EXPECT_FALSE(call.is_linked());
  calls_.clear();  // the session may not look at it any more
  peer_->Receive("");
  Pump();
}

TEST_F(Http2SessionTest, ACallThatNeverLeftCanBeReleased) {
  peer_ = std::make_unique<test::Http2Peer>(/*max_streams=*/1);
  Pump();
  Submit();
  session_->Release(Submit());
  calls_.pop_back();
  peer_->AnswerOk(LastStream(), "one");
  Pump();
  EXPECT_EQ(peer_->requests().size(), 1u);
}

TEST_F(Http2SessionTest, ABrokenConnectionTellsWhatLeftFromWhatDidNot) {
  peer_ = std::make_unique<test::Http2Peer>(/*max_streams=*/1);
  Pump();
  const TestCall& left = Submit();
  const TestCall& never_left = Submit();
  session_->Break({RpcCode::kUnavailable, "gone", {}});
  EXPECT_TRUE(IsOver(left));
  EXPECT_TRUE(IsOver(never_left));
  EXPECT_TRUE(left.sent);
  EXPECT_FALSE(never_left.sent);
  EXPECT_EQ(never_left.status.message, "gone");
}

TEST_F(Http2SessionTest, GarbageEndsTheConnection) {
  session_->Receive(ViewOf("HTTP/1.1 400 Bad Request\r\n\r\n"));
  Bytes farewell;
  EXPECT_TRUE(session_->Produce(farewell, 1 << 20));
  EXPECT_TRUE(session_->finished());
  EXPECT_FALSE(session_->trouble().empty());
}

TEST_F(Http2SessionTest, ATokenThatFitsNoHeaderIsAnErrorOfItsCallAlone) {
  Pump();
  authorization_ = std::string(100'000, 'x');
  TestCall& call = Submit();
  EXPECT_TRUE(IsOver(call));
  EXPECT_EQ(call.status.code, RpcCode::kInvalidArgument);
  authorization_.clear();
  TestCall& next = Submit();
  peer_->AnswerOk(LastStream(), "fine");
  Pump();
  EXPECT_TRUE(next.status.ok());
}

TEST_F(Http2SessionTest, ItGreetsWhenTheOtherSideDoesAndPings) {
  EXPECT_FALSE(session_->greeted());
  Pump();
  EXPECT_TRUE(session_->greeted());
  session_->Ping();
  Pump();
  EXPECT_EQ(peer_->pings(), 1);
}

}  // namespace
}  // namespace gw
