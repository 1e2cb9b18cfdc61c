// Room: tests. The language of trouble: every key, and every complaint.
#include "emulator/control/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace gw::emulator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class FaultsTest : public testing::Test {
 protected:
  struct Connections : ConnectionTrouble {
    void DropAll() override { ++dropped; }
    void SendGoaway() override { ++sent_away; }
    int dropped = 0;
    int sent_away = 0;
  };

  std::vector<std::string> Apply(std::string_view json) {
    return ApplyFaults(json, {trouble_, tokens_, connections_, has_expired_});
  }
  std::vector<Turn> Turns(int count) {
    std::vector<Turn> turns;
    for (int i = 0; i < count; ++i) turns.push_back(trouble_.rate().Take(TokenBucket::Time(1h)));
    return turns;
  }
  std::vector<IamMode> IamModes(int count) {
    std::vector<IamMode> modes;
    for (int i = 0; i < count; ++i) modes.push_back(trouble_.TakeIam().mode);
    return modes;
  }

  static Identities SomeBody() {
    std::vector<std::string> complaints;
    return Identities::Parse(R"([{"apikey":"k","iam_id":"i","roles":["reader"]}])", complaints);
  }

  test::ManualClock clock_;
  Trouble trouble_{Latency(), 3, 0, 1};
  Identities identities_ = SomeBody();
  Tokens tokens_{Bytes(32, 1), identities_, 3600s, clock_};
  Connections connections_;
  bool has_expired_ = true;
};

TEST_F(FaultsTest, LatencyIsOfAllRpcsOrOfOne) {
  EXPECT_THAT(Apply(R"([{"latency":"2ms"},{"rpc":"SignSingle","latency":"9ms"}])"), IsEmpty());
  EXPECT_EQ(trouble_.SampleLatency("SignSingle"), 9ms);
  EXPECT_EQ(trouble_.SampleLatency("Digest"), 2ms);
  EXPECT_THAT(Apply(R"({"rpc":"*","latency":"0"})"), IsEmpty());
  EXPECT_EQ(trouble_.SampleLatency("SignSingle"), 9ms);
  EXPECT_EQ(trouble_.SampleLatency("Digest"), 0ms);
  EXPECT_THAT(Apply(R"({"rpc":"SignSingle","latency":"default"})"), IsEmpty());
  EXPECT_EQ(trouble_.SampleLatency("SignSingle"), 0ms);
}

TEST_F(FaultsTest, UnitsThatAreDownFailTheirTurn) {
  EXPECT_THAT(Apply(R"({"units_down":[2]})"), IsEmpty());
  EXPECT_THAT(Turns(6), ElementsAre(Turn::kTaken, Turn::kUnitDown, Turn::kTaken, Turn::kTaken,
                                    Turn::kUnitDown, Turn::kTaken));
  EXPECT_THAT(Apply(R"({"units_down":[]})"), IsEmpty());
  EXPECT_THAT(Turns(3), ElementsAre(Turn::kTaken, Turn::kTaken, Turn::kTaken));
}

TEST_F(FaultsTest, ARateMayHaveABurst) {
  EXPECT_THAT(Apply(R"({"rate":10,"burst":2})"), IsEmpty());
  EXPECT_THAT(Turns(7), ElementsAre(Turn::kTaken, Turn::kTaken, Turn::kTaken, Turn::kTaken,
                                    Turn::kTaken, Turn::kTaken, Turn::kAboveRate));
}

TEST_F(FaultsTest, TheTokenEndpointFailsAsOftenAsAskedAndThenAsItStands) {
  EXPECT_THAT(Apply(R"([{"iam":"down"},{"iam":"refuse","count":2},{"iam":"garbage","count":1}])"),
              IsEmpty());
  EXPECT_THAT(IamModes(5), ElementsAre(IamMode::kRefusing, IamMode::kRefusing, IamMode::kGarbage,
                                       IamMode::kDown, IamMode::kDown));
  EXPECT_THAT(Apply(R"([{"iam":"fail:401","count":9},{"iam":"ok"}])"), IsEmpty());
  EXPECT_THAT(IamModes(1), ElementsAre(IamMode::kOk));  // "ok" for good drops what waits
}

TEST_F(FaultsTest, TheTokenEndpointsStatusAndDelayAreGiven) {
  EXPECT_THAT(Apply(R"([{"iam":"fail:500","count":1},{"iam":"slow:20ms","count":1}])"), IsEmpty());
  EXPECT_EQ(trouble_.TakeIam().status, 500U);
  EXPECT_EQ(trouble_.TakeIam().delay, 20ms);
}

TEST_F(FaultsTest, TokensAreRevokedExpiredOrShort) {
  const auto verdict_after = [this](std::string_view json) {
    clock_.Advance(1ms);
    const std::string token = tokens_.Mint(*identities_.FindByApiKey("k")).text;
    EXPECT_THAT(Apply(json), IsEmpty());
    return tokens_.Check(token).verdict;
  };
  EXPECT_EQ(verdict_after(R"({"expire_tokens":true})"), TokenVerdict::kExpired);
  EXPECT_EQ(verdict_after(R"({"revoke_tokens":true})"), TokenVerdict::kRevoked);
  EXPECT_EQ(verdict_after(R"({"revoke_tokens":false})"), TokenVerdict::kGood);
  EXPECT_THAT(Apply(R"({"token_lifetime":"2s"})"), IsEmpty());
  EXPECT_EQ(tokens_.Mint(*identities_.FindByApiKey("k")).lifetime, 2s);
}

TEST_F(FaultsTest, CertificatesExpireApart) {
  EXPECT_THAT(Apply(R"({"certificate":"expired"})"), IsEmpty());
  EXPECT_TRUE(trouble_.grep11_certificate_expired());
  EXPECT_FALSE(trouble_.iam_certificate_expired());
  EXPECT_THAT(Apply(R"({"certificate":"ok","iam_certificate":"expired"})"), IsEmpty());
  EXPECT_FALSE(trouble_.grep11_certificate_expired());
  EXPECT_TRUE(trouble_.iam_certificate_expired());
  has_expired_ = false;
  EXPECT_THAT(Apply(R"({"certificate":"expired"})"),
              ElementsAre("\"certificate\": there is no expired one; --tls-expired-cert names it"));
}

TEST_F(FaultsTest, ConnectionsAreBrokenOrSentAway) {
  EXPECT_THAT(Apply(R"([{"goaway":true},{"drop_connections":true},{"goaway":false}])"), IsEmpty());
  EXPECT_EQ(connections_.sent_away, 1);
  EXPECT_EQ(connections_.dropped, 1);
}

TEST_F(FaultsTest, CallsMayPassBeforeOneFails) {
  EXPECT_THAT(Apply(R"([// two good ones
                        {"rpc":"Digest","reply":"pass","count":2},
                        {"rpc":"Digest","status":"ABORTED"}])"),
              IsEmpty());
  EXPECT_EQ(trouble_.TakeFault("Digest")->kind, RpcFault::Kind::kPass);
  EXPECT_EQ(trouble_.TakeFault("Digest")->kind, RpcFault::Kind::kPass);
  EXPECT_EQ(trouble_.TakeFault("Digest")->grpc_code, 10);
  EXPECT_FALSE(trouble_.TakeFault("Digest").has_value());
}

TEST_F(FaultsTest, EveryReplyAndDetailIsUnderstood) {
  for (const char* reply : {"drop", "garbage", "empty", "huge", "goaway", "late:1ms"}) {
    EXPECT_THAT(Apply(R"({"rpc":"*","reply":")" + std::string(reply) + "\"}"), IsEmpty()) << reply;
    EXPECT_NE(trouble_.TakeFault("Digest")->kind, RpcFault::Kind::kStatus) << reply;
  }
  EXPECT_THAT(Apply(R"({"rpc":"*","rv":4711,"retry":true,"status":"ABORTED"})"), IsEmpty());
  const auto fault = trouble_.TakeFault("Digest");
  EXPECT_EQ(fault->rv, 4711U);
  EXPECT_TRUE(fault->retry);
  EXPECT_EQ(fault->grpc_code, 10);
}

TEST_F(FaultsTest, WhatIsWrongIsNamedAndNothingIsDone) {
  const std::pair<const char*, const char*> kWrong[] = {
      {R"({"latency":7})", R"("latency": a text as for --latency is needed)"},
      {R"({"latency":"default"})", R"("latency": a text as for --latency is needed)"},
      {R"({"rpc":"Nothing","latency":"1ms"})", R"("rpc": the name of an RPC, or *)"},
      {R"({"burst":1})", R"("burst": goes with "rate")"},
      {R"({"rate":1,"burst":0})", R"("burst": requests at once, 1 or more)"},
      {R"({"units_down":[4]})", R"("units_down": a list of numbers from 1 to 3; [] for none)"},
      {R"({"units_down":[0]})", R"("units_down": a list of numbers from 1 to 3; [] for none)"},
      {R"({"units_down":2})", R"("units_down": a list of numbers from 1 to 3; [] for none)"},
      {R"({"token_lifetime":"1ms"})", R"("token_lifetime": a duration of 1s to 1h is needed)"},
      {R"({"certificate":true})", R"("certificate": expired or ok)"},
      {R"({"iam":"ok","count":0})", R"("count": 1 or more)"},
      {R"({"count":3})", R"(unknown key "count")"},
      {R"({"rpc":"*","reply":"drop","rv":1})", R"("reply" and "rv": a fault is one or other)"},
      {R"({"expire_tokens":"yes"})", R"("expire_tokens": true or false)"},
      {R"(7)", R"(an object, or a list of objects, is needed)"},
  };
  for (const auto& [json, complaint] : kWrong) {
    EXPECT_THAT(Apply(json), ElementsAre(complaint)) << json;
  }
  for (const char* iam : {"gone", "fail:200", "fail:x", "down:1s", "slow:x", "slow:"}) {
    EXPECT_THAT(Apply(R"([{"goaway":true},{"iam":")" + std::string(iam) + "\"}]"),
                ElementsAre("\"iam\": one of ok, down, refuse, fail, fail:STATUS, garbage, slow, "
                            "slow:DURATION"))
        << iam;
  }
  EXPECT_EQ(connections_.sent_away, 0);
  EXPECT_FALSE(trouble_.TakeFault("Digest").has_value());
}

}  // namespace
}  // namespace gw::emulator
