// Room: tests. Who gets in, what is counted, what can go wrong on demand. Mirrors emulator.cc: the
// parts put together.
#include <gmock/gmock.h>
#include <grpcpp/impl/client_unary_call.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "emulator/tls_material.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/emulator/support/access.h"
#include "tests/unit/emulator/support/material.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(AccessTest, TheTokenEndpointAnswersAsIamDoes) {
  Start();
  const HttpAnswer granted = AskIam(kGrant + ready().api_keys.at("so"));
  ASSERT_EQ(granted.status, 200);
  const Json token = Json::parse(granted.body);
  EXPECT_EQ(token["token_type"], "Bearer");
  EXPECT_EQ(token["expires_in"], 3600);
  EXPECT_GT(token["expiration"].get<std::int64_t>(), 1'700'000'000);
  EXPECT_EQ(token["refresh_token"], "not_supported");
  const HttpAnswer unknown = AskIam(kGrant + "nobody");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(Json::parse(unknown.body)["errorCode"], "BXNIM0415E");
  EXPECT_EQ(AskIam("apikey=x").status, 400);
  EXPECT_EQ(AskIam("grant_type=password&apikey=x").status, 400);
  EXPECT_EQ(HttpCall(ready().iam, "GET", "/identity/token", "", ready().ca_pem).status, 405);
  EXPECT_EQ(HttpCall(ready().iam, "POST", "/", "", ready().ca_pem).status, 404);
  const HttpAnswer by_query =
      HttpCall(ready().iam, "POST", "/identity/token?" + kGrant + ready().api_keys.at("so"), "",
               ready().ca_pem);
  EXPECT_EQ(by_query.status, 200);
}

TEST_F(AccessTest, CallersNeedAToken) {
  Start();
  Client nobody = ClientWith("");
  EXPECT_EQ(Random(nobody), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(nobody.status().error_details(), "");
  Client forger = ClientWith("Bearer a.b.c");
  EXPECT_EQ(Random(forger), grpc::StatusCode::UNAUTHENTICATED);
  Client so = ClientAs("so");
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
  Client bare = ClientWith(TokenFor(ready().api_keys.at("so")));
  EXPECT_EQ(Random(bare), grpc::StatusCode::OK);
}

TEST_F(AccessTest, RolesDecideByRpc) {
  options().api_keys = folder().Write("keys.json", R"([
    {"apikey":"r","iam_id":"reader-id","name":"reader","roles":["reader"]},
    {"apikey":"s","iam_id":"signer-id","name":"signer","actions":["hs-crypto.crypto.sign"]}])");
  Start();
  Client reader = ClientWith(TokenFor("r"));
  EXPECT_EQ(Random(reader), grpc::StatusCode::OK);
  reader.Call(&Crypto::Stub::GenerateKey, grep11::GenerateKeyRequest());
  EXPECT_EQ(reader.status().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reader.status().error_message(), "reader-id lacks hs-crypto.crypto.generatekey");
  EXPECT_EQ(reader.status().error_details(), "");
  Client signer = ClientWith(TokenFor("s"));
  EXPECT_EQ(Random(signer), grpc::StatusCode::PERMISSION_DENIED);
  signer.Call(&Crypto::Stub::SignSingle, grep11::SignSingleRequest());
  EXPECT_EQ(signer.Rv(), CKR_MECHANISM_INVALID);  // allowed in, and told what is wrong
}

TEST_F(AccessTest, RevokedTokensStopWorking) {
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
  EXPECT_EQ(Faults(R"({"revoke_tokens":true})").status, 200);
  EXPECT_EQ(Random(so), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(so.status().error_message(), "access token revoked");
  so.set_authorization("Bearer " + TokenFor(ready().api_keys.at("so")));
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
}

TEST_F(AccessTest, WithoutAuthenticationNoTokenIsAsked) {
  options().no_auth = true;
  options().no_tls = true;
  Start();
  EXPECT_TRUE(ready().api_keys.empty());
  Client nobody = ClientWith("");
  EXPECT_EQ(Random(nobody), grpc::StatusCode::OK);
}

TEST_F(AccessTest, MutualTlsAsksForACertificateOfTheCa) {
  const CertificateSet set = MakeCertificates();
  ASSERT_TRUE(WriteCertificates(set, folder().File("certs")).ok());
  options().tls_cert = folder().File("certs/server.pem");
  options().tls_key = folder().File("certs/server.key");
  options().client_ca = folder().File("certs/ca.pem");
  options().no_auth = true;
  Start();
  const auto channel = [this](const grpc::SslCredentialsOptions& credentials) {
    return grpc::CreateChannel(ready().grep11, grpc::SslCredentials(credentials));
  };
  Client with(channel({set.ca_pem, set.client_key_pem, set.client_pem}), "");
  EXPECT_EQ(Random(with), grpc::StatusCode::OK);
  Client without(channel({set.ca_pem, "", ""}), "");
  EXPECT_EQ(Random(without), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AccessTest, CountersAreExact) {
  Start();
  Client so = ClientAs("so");
  const PairBlobs pair = MakeEcPair(so, "P-256");
  EXPECT_EQ(HttpCall(ready().control, "POST", "/counters/reset").status, 200);
  grep11::SignSingleRequest request;
  *request.mutable_mech() = Mech(CKM_ECDSA);
  *request.mutable_privkey() = BlobMessage(pair.private_blob);
  request.set_data(std::string(32, 'h'));
  for (int i = 0; i < 100; ++i) so.Call(&Crypto::Stub::SignSingle, request);
  EXPECT_EQ(Counters(), Json::parse(R"({
    "requests": 100, "connections": 0, "token_fetches": 0, "token_refusals": 0,
    "rpc": {"SignSingle": 100}, "result": {"SignSingle": {"OK": 100}},
    "mechanism": {"CKM_ECDSA": {"OK": 100}}, "identity": {"iam-ServiceId-so": {"OK": 100}}})"));
  request.clear_privkey();
  so.Call(&Crypto::Stub::SignSingle, request);
  Client other = ClientWith("");
  Random(other);
  AskIam(kGrant + "nobody");
  EXPECT_EQ(HttpCall(ready().control, "GET", "/counters").body,
            "requests 102\n"
            "connections 1\n"
            "token_fetches 0\n"
            "token_refusals 1\n"
            "rpc GenerateRandom 1\n"
            "rpc SignSingle 101\n"
            "result GenerateRandom UNAUTHENTICATED 1\n"
            "result SignSingle CKR_KEY_HANDLE_INVALID 1\n"
            "result SignSingle OK 100\n"
            "mechanism CKM_ECDSA CKR_KEY_HANDLE_INVALID 1\n"
            "mechanism CKM_ECDSA OK 100\n"
            "identity iam-ServiceId-so CKR_KEY_HANDLE_INVALID 1\n"
            "identity iam-ServiceId-so OK 100\n");
}

TEST_F(AccessTest, MechanismsNobodyKnowsAreCountedAsOne) {
  Start();
  Client so = ClientAs("so");
  grep11::DigestSingleRequest request;
  for (const CK_MECHANISM_TYPE type : {0x7fff0001UL, 0x7fff0002UL}) {
    *request.mutable_mech() = Mech(type);
    so.Call(&Crypto::Stub::DigestSingle, request);
  }
  EXPECT_EQ(Counters()["mechanism"], Json::parse(R"({"unknown":{"CKR_MECHANISM_INVALID":2}})"));
}

TEST_F(AccessTest, RightsThatLackAreCountedForWhoLacksThem) {
  options().api_keys =
      folder().Write("keys.json", R"([{"apikey":"a","iam_id":"one","roles":["reader"]},
                                      {"apikey":"b","iam_id":"two","roles":["key-operator"]}])");
  Start();
  Client one = ClientWith(TokenFor("a"));
  Client two = ClientWith(TokenFor("b"));
  EXPECT_EQ(Random(one), grpc::StatusCode::OK);
  EXPECT_EQ(Random(two), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Counters()["identity"],
            Json::parse(R"({"one":{"OK":1},"two":{"PERMISSION_DENIED":1}})"));
  EXPECT_EQ(Counters()["mechanism"], Json::object());
}

TEST_F(AccessTest, CannedSignaturesAreDeclaredAndCounted) {
  options().canned_signatures = true;
  Start();
  EXPECT_EQ(Json::parse(emulator().ReadyJson())["canned_signatures"], true);
  Client so = ClientAs("so");
  const PairBlobs pair = MakeEcPair(so, "P-256");
  const auto sign = [&](char octet, std::size_t size) {
    grep11::SignSingleRequest request;
    *request.mutable_mech() = Mech(CKM_ECDSA);
    *request.mutable_privkey() = BlobMessage(pair.private_blob);
    request.set_data(std::string(size, octet));
    return so.Call(&Crypto::Stub::SignSingle, request).signature();
  };
  const std::string first = sign('a', 32);
  EXPECT_EQ(first.size(), 64u);
  EXPECT_EQ(Counters()["canned_signatures"], 0);
  EXPECT_EQ(sign('b', 32), first);
  EXPECT_EQ(Counters()["canned_signatures"], 1);
  EXPECT_NE(sign('a', 20), first);
  EXPECT_EQ(Counters()["canned_signatures"], 1);
  EXPECT_EQ(Counters()["rpc"]["SignSingle"], 3);
  EXPECT_THAT(HttpCall(ready().control, "GET", "/counters").body,
              HasSubstr("canned_signatures 1\n"));
}

TEST_F(AccessTest, CannedSignaturesAreOfOneKeyAndErrorsStayErrors) {
  options().canned_signatures = true;
  Start();
  Client so = ClientAs("so");
  const PairBlobs one = MakeRsaPair(so, 1024);
  const PairBlobs other = MakeRsaPair(so, 1024);
  const auto sign = [&](const PairBlobs& pair, std::uint64_t salt_bytes) {
    grep11::SignSingleRequest request;
    *request.mutable_mech() =
        MechPss(CKM_RSA_PKCS_PSS, CKM_SHA256, grep11::RSAPSSParm::CkgMgf1Sha256, salt_bytes);
    *request.mutable_privkey() = BlobMessage(pair.private_blob);
    request.set_data(std::string(32, 'h'));
    return so.Call(&Crypto::Stub::SignSingle, request).signature();
  };
  const std::string first = sign(one, 32);
  EXPECT_EQ(sign(one, 32), first);  // PSS is salted: made anew it would differ
  EXPECT_NE(sign(other, 32), first);
  sign(one, 1000);
  EXPECT_EQ(so.Rv(), CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(AccessTest, WithoutTheOptionSignaturesAreMadeAndNoneAreCanned) {
  Start();
  EXPECT_FALSE(Json::parse(emulator().ReadyJson()).contains("canned_signatures"));
  EXPECT_FALSE(Counters().contains("canned_signatures"));
}

TEST_F(AccessTest, RequestsAboveTheRateAreRefusedForAMoment) {
  options().rate_per_s = 1;
  options().burst = 3;
  Start();
  Client so = ClientAs("so");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Random(so), grpc::StatusCode::OK);
  EXPECT_EQ(Random(so), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(DetailOf(so.status()).retry());
  EXPECT_EQ(DetailOf(so.status()).code(), CKR_FUNCTION_CANCELED);
  EXPECT_EQ(Faults(R"({"rate":0})").status, 200);
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
}

TEST_F(AccessTest, ModelledLatencyBlocksNobody) {
  options().latency = "200ms";
  Start();
  const std::string token = TokenFor(ready().api_keys.at("so"));
  const auto stub = Crypto::NewStub(NewChannel());
  struct Pending {
    grpc::ClientContext context;
    grep11::GenerateRandomResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grep11::GenerateRandomResponse>> reader;
  };
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Pending>> all;
  grep11::GenerateRandomRequest request;
  request.set_len(1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    all.push_back(std::make_unique<Pending>());
    all.back()->context.AddMetadata("authorization", token);
    all.back()->reader = stub->AsyncGenerateRandom(&all.back()->context, request, &queue);
    all.back()->reader->Finish(&all.back()->response, &all.back()->status, all.back().get());
  }
  void* tag = nullptr;
  bool ok = false;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_TRUE(static_cast<Pending*>(tag)->status.ok());
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, std::chrono::milliseconds(200));
  EXPECT_LT(took, std::chrono::seconds(5));  // one after the other would take ten
}

TEST_F(AccessTest, InjectedFaultsComeInOrderAndThenEnd) {
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Faults(R"([{"rpc":"GenerateRandom","status":"UNAVAILABLE","count":2},
                       {"rpc":"*","rv":"CKR_DEVICE_ERROR","retry":true}])")
                .status,
            200);
  EXPECT_EQ(Random(so), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Random(so), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Random(so), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(so.Rv(), CKR_DEVICE_ERROR);
  EXPECT_TRUE(DetailOf(so.status()).retry());
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
  EXPECT_EQ(Counters()["result"]["GenerateRandom"],
            Json::parse(R"({"UNAVAILABLE":2,"CKR_DEVICE_ERROR":1,"OK":1})"));
}

TEST_F(AccessTest, AnswersCanBeSpoiledAfterTheCardHasWorked) {
  Start();
  Client so = ClientAs("so");
  grep11::GenerateRandomRequest request;
  request.set_len(8);
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","reply":"garbage"})").status, 200);
  EXPECT_NE(Random(so), grpc::StatusCode::OK);
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","reply":"empty"})").status, 200);
  EXPECT_EQ(so.Call(&Crypto::Stub::GenerateRandom, request).rnd(), "");
  EXPECT_EQ(so.status().error_code(), grpc::StatusCode::OK);
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","reply":"huge"})").status, 200);
  EXPECT_NE(Random(so), grpc::StatusCode::OK);  // beyond the limit of the client
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","reply":"late:200ms"})").status, 200);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
  EXPECT_EQ(Counters()["result"]["GenerateRandom"], Json::parse(R"({"OK":4})"));
}

TEST_F(AccessTest, AConnectionCanBreakInsteadOfAnAnswer) {
  Start();
  Client so = ClientAs("so");
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
  EXPECT_EQ(Faults(R"({"rpc":"GenerateRandom","reply":"drop"})").status, 200);
  EXPECT_EQ(Random(so), grpc::StatusCode::UNAVAILABLE);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Random(so) != grpc::StatusCode::OK && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(Counters()["connections"], 2);
  EXPECT_EQ(Counters()["result"]["GenerateRandom"], Json::parse(R"({"OK":3})"));
}

TEST_F(AccessTest, AllConnectionsCanBreakAtOnce) {
  options().latency = "10s";
  Start();
  Client so = ClientAs("so");
  std::thread caller([&] { EXPECT_EQ(Random(so), grpc::StatusCode::UNAVAILABLE); });
  while (Counters()["requests"] == 0) std::this_thread::yield();
  EXPECT_EQ(Faults(R"({"drop_connections":true})").status, 200);
  caller.join();
}

// Calls under way end well, and the next ones go to a new connection.
TEST_F(AccessTest, ClientsCanBeSentToNewConnections) {
  options().latency = "1s";  // so that each is under way when it is told
  Start();
  const std::string token = TokenFor(ready().api_keys.at("so"));
  Client client = ClientWith(token);
  for (int round = 1; round <= 3; ++round) {
    std::thread caller([&] { EXPECT_EQ(Random(client), grpc::StatusCode::OK); });
    while (Counters()["requests"] != round * 2 - 1) std::this_thread::yield();
    EXPECT_EQ(Faults(R"({"goaway":true})").status, 200);
    caller.join();
    EXPECT_EQ(Random(client), grpc::StatusCode::OK);
    EXPECT_EQ(Counters()["connections"], round + 1);
  }
}

TEST_F(AccessTest, ChancesAreDrawnFromTheirSeedUntilTheyAreCleared) {
  Start();
  Client so = ClientAs("so");
  std::vector<std::string> runs;
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(Faults(R"([{"seed":7},{"rpc":"*","status":"UNAVAILABLE","chance":0.3}])").status,
              200);
    std::string outcome;
    for (int i = 0; i < 100; ++i) outcome += Random(so) == grpc::StatusCode::OK ? '.' : 'x';
    runs.push_back(outcome);
    EXPECT_EQ(Faults(R"({"clear":true})").status, 200);
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(runs[0], 'x')), 30, 15);
  EXPECT_EQ(Random(so), grpc::StatusCode::OK);
}

TEST_F(AccessTest, IamCanRefuseAndFail) {
  Start();
  const std::string good = kGrant + ready().api_keys.at("so");
  Faults(R"({"iam":"refuse"})");
  EXPECT_EQ(AskIam(good).status, 400);
  Faults(R"({"iam":"fail"})");
  EXPECT_EQ(AskIam(good).status, 503);
  Faults(R"({"iam":"ok"})");
  EXPECT_EQ(AskIam(good).status, 200);
}

TEST_F(AccessTest, FaultsThatAreWrongChangeNothing) {
  Start();
  const HttpAnswer answer = Faults(
      R"([{"iam":"down"},{"rpc":"Nothing","status":"FINE","count":0},{"rate":-1,"colour":1}])");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            "\"rpc\": the name of an RPC, or *\n"
            "\"status\": the name of a gRPC error code is needed\n"
            "\"count\": 1 or more\n"
            "unknown key \"colour\"\n"
            "\"rate\": requests per second, 0 for no limit\n");
  EXPECT_EQ(Faults(R"([{"rpc":"*","reply":"loud"},{"rpc":"*","chance":2},{"goaway":1},{"seed":-1},
                       {"iam":"gone"}])")
                .body,
            "\"reply\": one of drop, garbage, empty, huge, goaway, pass, late:DURATION\n"
            "\"chance\": more than 0, at most 1\n"
            "\"goaway\": true or false\n"
            "\"seed\": a number is needed\n"
            "\"iam\": one of ok, down, refuse, fail, fail:STATUS, garbage, slow, slow:DURATION\n");
  EXPECT_EQ(Faults("not JSON").status, 400);
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 400);  // IAM is not down
}

TEST_F(AccessTest, IamCanBeDownAndSlow) {
  Start();
  Faults(R"({"iam":"down"})");
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 0);
  Faults(R"({"iam":"slow:300ms"})");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 400);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(300));
  Faults(R"({"iam":"ok"})");
  EXPECT_EQ(AskIam(kGrant + "nobody").status, 400);
}

TEST_F(AccessTest, AnOperationMovesToAnotherInstanceInTheMiddle) {
  options().master_key = folder().File("master.key");
  options().api_keys =
      folder().Write("keys.json", R"([{"apikey":"k","iam_id":"i","roles":["manager"]}])");
  Start();
  Emulator second_instance;
  ASSERT_EQ(second_instance.Start(options()), std::vector<std::string>());
  const std::string token = TokenFor("k");  // of the first; good for both
  Client first = ClientWith(token);
  Client second(grpc::CreateChannel(second_instance.ready().grep11,
                                    grpc::SslCredentials({second_instance.ready().ca_pem, "", ""})),
                token);
  const std::string key = MakeGeneric(first, 32);
  grep11::SignInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256_HMAC);
  *init.mutable_privkey() = BlobMessage(key);
  grep11::SignUpdateRequest update;
  update.set_state(first.Call(&Crypto::Stub::SignInit, init).state());
  update.set_data("begun here, ");
  update.set_state(first.Call(&Crypto::Stub::SignUpdate, update).state());
  update.set_data("ended there");
  grep11::SignFinalRequest final;
  final.set_state(second.Call(&Crypto::Stub::SignUpdate, update).state());
  const std::string moved = second.Call(&Crypto::Stub::SignFinal, final).signature();
  ASSERT_EQ(second.Rv(), CKR_OK) << second.status().error_message();
  grep11::SignSingleRequest single;
  *single.mutable_mech() = init.mech();
  *single.mutable_privkey() = init.privkey();
  single.set_data("begun here, ended there");
  EXPECT_EQ(first.Call(&Crypto::Stub::SignSingle, single).signature(), moved);
}

TEST_F(AccessTest, RequestsThatDoNotParseAreNamed) {
  Start();
  // Field 1 (Len) announced as a varint that never ends.
  const std::string garbage = "\x08\xff\xff\xff";
  grpc::Slice slice(garbage);
  grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  context.AddMetadata("authorization", TokenFor(ready().api_keys.at("so")));
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      NewChannel().get(),
      grpc::internal::RpcMethod("/grep11.Crypto/GenerateRandom",
                                grpc::internal::RpcMethod::NORMAL_RPC),
      &context, request, &response);
  EXPECT_EQ(RvOf(status), CKR_IBM_GREP11_CANNOT_UNMARSHAL);
}

TEST_F(AccessTest, ManyClientsAtOnceAreServedAndCounted) {
  Start();
  const std::string token = TokenFor(ready().api_keys.at("so"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, &token] {
      Client client = ClientWith(token);
      for (int j = 0; j < 50; ++j) EXPECT_EQ(Random(client), grpc::StatusCode::OK);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Counters()["rpc"], Json::parse(R"({"GenerateRandom":400})"));
  EXPECT_EQ(Counters()["connections"], 8);
}

TEST_F(AccessTest, StopEndsWhatWaitsAndComesBackSoon) {
  options().latency = "300ms";
  Start();
  Client so = ClientAs("so");
  std::thread caller([&] { EXPECT_EQ(Random(so), grpc::StatusCode::OK); });
  while (Counters()["requests"] == 0) std::this_thread::yield();
  emulator().Stop();
  caller.join();
  EXPECT_EQ(HttpCall(ready().control, "GET", "/health").status, 0);
}

TEST(EmulatorOptionsTest, EveryComplaintIsMadeAtOnce) {
  const test::TempDir folder;
  Options options;
  options.listen = "nowhere";
  options.iam_listen = "127.0.0.1:99999";
  options.control = "10.0.0.1:80";
  options.tls_cert = folder.Write("cert.pem", "no certificate");
  options.tls_key = folder.File("absent.key");
  options.latency = "soon";
  options.rate_per_s = -1;
  options.units = 0;
  options.token_lifetime = "0";
  options.api_keys = folder.Write("keys.json", "[7]");
  options.master_key = folder.Write("master.key", "short");
  options.schnorr_s256 = "any";
  Emulator emulator;
  EXPECT_THAT(
      emulator.Start(options),
      ElementsAre(HasSubstr("--listen"), HasSubstr("--iam-listen"), HasSubstr("--control"),
                  HasSubstr("absent.key: cannot be read"), HasSubstr("cert.pem: no certificate"),
                  HasSubstr("absent.key: no private key"), HasSubstr("--latency"),
                  HasSubstr("--rate"), HasSubstr("--units"), HasSubstr("--token-lifetime"),
                  HasSubstr("entry 1"), HasSubstr("master.key"), HasSubstr("--schnorr-s256")));
}

TEST(EmulatorOptionsTest, OpenDoorsAreForLoopbackOnly) {
  Options options;
  options.listen = "0.0.0.0:0";
  options.no_auth = true;
  EXPECT_THAT(Emulator().Start(options), ElementsAre(HasSubstr("--no-auth")));
  options.no_auth = false;
  options.no_tls = true;
  EXPECT_THAT(Emulator().Start(options), ElementsAre(HasSubstr("--no-tls")));
}

TEST(EmulatorOptionsTest, APortInUseIsNamed) {
  Emulator first;
  ASSERT_EQ(first.Start(Options()), std::vector<std::string>());
  Options options;
  options.control = first.ready().control.substr(7);
  EXPECT_THAT(Emulator().Start(options), ElementsAre(HasSubstr("--control: cannot listen on")));
}

TEST(AddressTest, ReadsHostAndPort) {
  Address address;
  EXPECT_TRUE(ParseAddress("127.0.0.1:9876", address));
  EXPECT_EQ(address.text(), "127.0.0.1:9876");
  EXPECT_TRUE(ParseAddress("[::1]:0", address));
  EXPECT_EQ(address.text(), "[::1]:0");
  EXPECT_TRUE(ParseAddress("localhost:1", address));
  EXPECT_TRUE(address.loopback());
  for (const char* bad : {"", "x", ":1", "h:", "h:x", "h:70000", "[]:1"}) {
    EXPECT_FALSE(ParseAddress(bad, address)) << bad;
  }
}

TEST(CertificatesTest, AreWrittenForTheirOwnerAndVerify) {
  const test::TempDir folder;
  ASSERT_TRUE(WriteCertificates(MakeCertificates(), folder.File("certs")).ok());
  const auto mode = std::filesystem::status(folder.File("certs/server.key")).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::vector<std::string> complaints;
  LoadTls(folder.File("certs/server.pem"), folder.File("certs/server.key"),
          folder.File("certs/ca.pem"), complaints);
  EXPECT_THAT(complaints, ElementsAre());
  LoadTls(folder.File("certs/server.pem"), folder.File("certs/client.key"), "", complaints);
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("is not the key of")));
}

}  // namespace
}  // namespace gw::emulator
