// Room: tests. Trouble as a client sees it. Mirrors emulator.cc: the parts put together.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "emulator/tls_material.h"
#include "tests/unit/emulator/support/access.h"

namespace gw::emulator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using Code = grpc::StatusCode;

class TroubleRpcTest : public AccessTest {
 protected:
  std::string Outcomes(Client& client, int calls) {
    std::string outcomes;
    for (int i = 0; i < calls; ++i) outcomes += Random(client) == Code::OK ? '.' : 'x';
    return outcomes;
  }
  // Until a call has come over a second connection. One that meets the server in the moment in
  // which it is told to leave may be refused.
  void GoUntilSentAway(Client& client) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    do {
      EXPECT_THAT(Random(client), testing::AnyOf(Code::OK, Code::UNAVAILABLE, Code::CANCELLED));
    } while (Counters()["connections"] == 1 && std::chrono::steady_clock::now() < until);
    EXPECT_EQ(Counters()["connections"], 2);
    EXPECT_EQ(Random(client), Code::OK);
  }
  void WaitForRequests(int count) {
    while (Counters()["requests"] != count) std::this_thread::yield();
  }
};

TEST_F(TroubleRpcTest, ACallOfALeavingServerTakesTheTimeItNeeds) {
  options().latency = "4s";
  Start();
  Client so = ClientAs("so");
  std::thread caller([&] { EXPECT_EQ(Random(so), Code::OK); });
  WaitForRequests(1);
  EXPECT_EQ(Faults(R"([{"goaway":true},{"latency":"0"}])").status, 200);
  GoUntilSentAway(so);
  caller.join();  // long after its server was told to leave
}

TEST_F(TroubleRpcTest, StopDoesNotWaitForCallsOfALeavingServer) {
  options().latency = "60s";
  Start();
  Client so = ClientAs("so");
  std::thread caller([&] { EXPECT_EQ(Random(so), Code::OK); });
  WaitForRequests(1);
  EXPECT_EQ(Faults(R"({"goaway":true})").status, 200);
  const auto begin = std::chrono::steady_clock::now();
  emulator().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
  caller.join();
}

TEST_F(TroubleRpcTest, OneRequestCanSendEverybodyAway) {
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Faults(R"([{"rpc":"GenerateRandom","reply":"pass"},
                       {"rpc":"GenerateRandom","reply":"goaway"}])")
                .status,
            200);
  EXPECT_EQ(Random(so), Code::OK);
  EXPECT_EQ(Counters()["connections"], 1);
  EXPECT_EQ(Random(so), Code::OK);
  GoUntilSentAway(so);
}

TEST_F(TroubleRpcTest, AnExpiredCertificateMeetsNewConnectionsOnly) {
  Start();
  Client before = ClientAs("so");
  EXPECT_EQ(Random(before), Code::OK);
  const std::string token = TokenFor(ready().api_keys.at("so"));
  EXPECT_EQ(Faults(R"({"certificate":"expired"})").status, 200);
  Client during = ClientWith(token);
  EXPECT_EQ(Random(during), Code::UNAVAILABLE);
  EXPECT_EQ(Random(before), Code::OK);
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 400);  // its certificate is another matter
  EXPECT_EQ(Faults(R"({"certificate":"ok","iam_certificate":"expired"})").status, 200);
  Client after = ClientWith(token);
  EXPECT_EQ(Random(after), Code::OK);
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 0);
  EXPECT_EQ(Faults(R"({"iam_certificate":"ok"})").status, 200);
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 400);
}

TEST_F(TroubleRpcTest, CertificatesOfOnesOwnExpireIfThereIsSuchAOne) {
  const CertificateSet set = MakeCertificates();
  ASSERT_TRUE(WriteCertificates(set, folder().File("certs")).ok());
  options().no_auth = true;
  options().tls_cert = folder().File("certs/server.pem");
  options().tls_key = folder().File("certs/server.key");
  options().tls_expired_cert = folder().File("certs/expired.pem");
  options().client_ca = folder().File("certs/ca.pem");
  Start();
  const auto outcome = [&] {
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    Client client(grpc::CreateCustomChannel(
                      ready().grep11,
                      grpc::SslCredentials({set.ca_pem, set.client_key_pem, set.client_pem}), own),
                  "");
    return Random(client);
  };
  EXPECT_EQ(outcome(), Code::OK);
  EXPECT_EQ(Faults(R"({"certificate":"expired"})").status, 200);
  EXPECT_EQ(outcome(), Code::UNAVAILABLE);
}

TEST_F(TroubleRpcTest, WithoutAnExpiredCertificateNoneIsShown) {
  options().no_auth = true;
  options().no_tls = true;
  Start();
  EXPECT_THAT(Faults(R"({"certificate":"expired"})").body, HasSubstr("--tls-expired-cert"));
}

TEST_F(TroubleRpcTest, OneUnitOfSeveralCanBeDown) {
  options().units = 3;
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Faults(R"({"units_down":[3]})").status, 200);
  EXPECT_EQ(Outcomes(so, 9), "..x..x..x");
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","reply":"pass"})").status, 200);  // the unit is down
  EXPECT_EQ(Outcomes(so, 3), "..x");
  EXPECT_EQ(so.status().error_code(), Code::UNAVAILABLE);
  EXPECT_EQ(so.status().error_message(), "the crypto unit is down");
  EXPECT_EQ(Faults(R"({"units_down":[]})").status, 200);
  EXPECT_EQ(Outcomes(so, 3), "...");
}

TEST_F(TroubleRpcTest, TokensCanExpireAtOnce) {
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Random(so), Code::OK);
  EXPECT_EQ(Faults(R"({"expire_tokens":true})").status, 200);
  EXPECT_EQ(Random(so), Code::UNAUTHENTICATED);
  EXPECT_EQ(so.status().error_message(), "access token expired");
  so.set_authorization("Bearer " + TokenFor(ready().api_keys.at("so")));
  EXPECT_EQ(Random(so), Code::OK);
}

TEST_F(TroubleRpcTest, OneRpcCanBeSlowAlone) {
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","latency":"300ms"})").status, 200);
  const auto took = [&](const auto& call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    return std::chrono::steady_clock::now() - begin;
  };
  EXPECT_GE(took([&] { Random(so); }), 300ms);
  EXPECT_LT(took([&] {
              so.Call(&grep11::Crypto::Stub::GetMechanismList, grep11::GetMechanismListRequest());
            }),
            300ms);
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","latency":"default"})").status, 200);
  EXPECT_LT(took([&] { Random(so); }), 300ms);
}

TEST_F(TroubleRpcTest, TheTokenEndpointFailsSoManyTimes) {
  Start();
  const std::string good = kGrant + ready().api_keys.at("so");
  EXPECT_EQ(Faults(R"([{"iam":"fail:500","count":1},{"iam":"garbage","count":1}])").status, 200);
  EXPECT_EQ(AskIam(good).status, 500);
  const HttpAnswer garbage = AskIam(good);
  EXPECT_EQ(garbage.status, 200);
  EXPECT_TRUE(Json::parse(garbage.body, nullptr, false).is_discarded());
  const HttpAnswer token = AskIam(good);
  EXPECT_EQ(token.status, 200);
  EXPECT_TRUE(Json::parse(token.body).contains("access_token"));
}

TEST_F(TroubleRpcTest, RefusalsOfTheTokenEndpointHaveAContext) {
  Start();
  const Json refusal = Json::parse(AskIam(kGrant + "nobody").body);
  EXPECT_EQ(refusal["errorMessage"], "Provided API key could not be found.");
  std::set<std::string> names;
  for (const auto& [name, value] : refusal["context"].items()) names.insert(name);
  EXPECT_THAT(names, ElementsAre("elapsedTime", "endTime", "instanceId", "locale", "requestId",
                                 "requestType", "startTime", "url"));
  EXPECT_THAT(refusal["context"]["startTime"].get<std::string>(),
              testing::ContainsRegex("^[0-9][0-9][.][0-9]+[.][0-9]+ .* UTC$"));
}

TEST_F(TroubleRpcTest, AFileBringsTroubleFromTheStart) {
  options().faults = folder().Write("faults.json", R"([
    // the first call is good, the second is not
    {"rpc": "GenerateRandom", "reply": "pass"},
    {"rpc": "GenerateRandom", "status": "UNAVAILABLE"},
    {"iam": "refuse", "count": 1}
  ])");
  Start();
  EXPECT_EQ(AskIam(kGrant + ready().api_keys.at("so")).status, 400);
  Client so = ClientAs("so");
  EXPECT_EQ(Outcomes(so, 4), ".x..");
}

TEST_F(TroubleRpcTest, AFileThatIsWrongEndsTheStart) {
  options().faults = folder().Write("faults.json", R"([{"goaway": 1}, {"colour": "red"}])");
  EXPECT_THAT(Emulator().Start(options()),
              ElementsAre(HasSubstr("faults.json: \"goaway\": true or false"),
                          HasSubstr("faults.json: unknown key \"colour\"")));
  options().faults = folder().File("absent.json");
  EXPECT_THAT(Emulator().Start(options()), ElementsAre(HasSubstr("absent.json: cannot be read")));
}

TEST_F(TroubleRpcTest, TheSeedThatWasPrintedRepeatsTheChances) {
  options().faults =
      folder().Write("faults.json", R"({"rpc":"*","status":"UNAVAILABLE","chance":0.5})");
  Start();
  const std::uint64_t seed = Json::parse(emulator().ReadyJson())["seed"].get<std::uint64_t>();
  Client so = ClientAs("so");
  const std::string outcomes = Outcomes(so, 64);
  EXPECT_THAT(outcomes, HasSubstr("x"));
  EXPECT_THAT(outcomes, HasSubstr("."));
  emulator().Stop();
  options().seed = seed;
  Start();
  Client again = ClientAs("so");
  EXPECT_EQ(Outcomes(again, 64), outcomes);
}

}  // namespace
}  // namespace gw::emulator
