// Room: tests/unit/upstream. The client against a scripted HSM over real TLS.
#include "daemon/upstream/grep11_client.h"

#include <grep11.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "daemon/runtime/silo.h"
#include "daemon/upstream/bearer.h"
#include "tests/support/captured_log.h"
#include "tests/support/certs.h"
#include "tests/support/fake_hsm.h"
#include "tests/support/on_silo.h"
#include "tests/support/temp_dir.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;
using Kind = test::HsmFault::Kind;

// gRPC codes, without its headers.
constexpr int kUnknown = 2, kPermissionDenied = 7, kExhausted = 8, kUnavailable = 14;

Awaitable<Result<Bytes>> Sign(HsmClient* client, HsmCall call, std::string data) {
  const Mechanism mechanism{CKM_ECDSA, {}};
  const KeyBlob key{CopyOf("key blob")};
  co_return co_await client->Single(call, KeyOperation::kSign, mechanism, key, ViewOf(data));
}

SteadyTime Now() { return std::chrono::steady_clock::now(); }

// A token that can be renewed a number of times.
class TestIdentity final : public BearerIdentity {
 public:
  explicit TestIdentity(int renewals) : renewals_left_(renewals) { Mint(); }

  std::string_view name() const override { return "iam-test"; }
  ByteView api_key() const override { return {}; }
  BearerPtr Current() const override { return bearer_; }
  Awaitable<Result<BearerPtr>> Get(Deadline) override { co_return bearer_; }
  Awaitable<Result<BearerPtr>> Renew(BearerPtr, std::chrono::milliseconds, Deadline) override {
    ++renewals_asked_for;
    if (iam_is_away) co_return UpstreamError(CKR_DEVICE_ERROR, "IAM is away");
    if (renewals_left_ == 0) co_return BearerPtr();
    --renewals_left_;
    Mint();
    co_return bearer_;
  }
  int renewals_asked_for = 0;
  bool iam_is_away = false;

 private:
  void Mint() {
    auto bearer = std::make_shared<Bearer>();
    bearer->authorization = SecretBytes(ViewOf("Bearer token" + std::to_string(++minted_)));
    bearer_ = std::move(bearer);
  }
  int renewals_left_;
  int minted_ = 0;
  BearerPtr bearer_;
};

class Grep11ClientTest : public testing::Test {
 protected:
  Grep11ClientTest() {
    test::FakeHsm::Options options;
    options.server = ca_.Issue("hsm", {"DNS:localhost", "IP:127.0.0.1"});
    hsm_ = std::make_unique<test::FakeHsm>(std::move(options));
    config_.tls.ca_file = dir_.Write("ca.pem", ca_.certificate());
    AddEndpoint(*hsm_);
    times_.rpc = 5s;
    silo_.Start();
  }
  ~Grep11ClientTest() override { Stop(); }

  // The daemon's stop order, as far as it concerns this room.
  void Stop() {
    if (stopped_) return;
    stopped_ = true;
    if (client_ != nullptr) test::OnLoop(silo_, [this] { client_->Close(); });
    silo_.Stop(60s);
  }

  void AddEndpoint(const test::FakeHsm& hsm) {
    EndpointConfig endpoint;
    endpoint.address = "localhost";
    endpoint.port = hsm.port();
    endpoint.rate_per_s = 0;
    config_.endpoints.push_back(endpoint);
  }
  Grep11Client& client() {
    if (client_ == nullptr) {
      auto made = Grep11Client::Make(config_, times_, silo_, RealClock());
      EXPECT_TRUE(made.ok()) << made.error().detail;
      client_ = std::move(*made);
    }
    return *client_;
  }
  HsmCall Call(Deadline deadline = In(30s)) const {
    HsmCall call;
    call.identity = identity_;
    call.deadline = deadline;
    return call;
  }
  Result<Bytes> Sign(Deadline deadline = In(30s), const std::string& data = "data") {
    return test::Await(silo_, gw::Sign(&client(), Call(deadline), data));
  }
  CK_RV RvOfSign(Deadline deadline = In(30s)) {
    const auto result = Sign(deadline);
    return result.ok() ? CKR_OK : result.error().rv;
  }
  void Fault(Kind kind, int code = 0, const std::string& details = "") {
    test::HsmFault fault;
    fault.kind = kind;
    fault.code = code;
    fault.message = "scripted";
    fault.details = details;
    hsm_->Push(std::move(fault));
  }

  const test::TempDir dir_;
  const test::TestCa ca_{"test CA"};
  std::unique_ptr<test::FakeHsm> hsm_;
  TokenConfig config_;
  TimesConfig times_;
  std::shared_ptr<TestIdentity> identity_;
  Silo silo_;
  std::unique_ptr<Grep11Client> client_;
  bool stopped_ = false;
};

// --- messages ---

TEST_F(Grep11ClientTest, ASignatureIsOneRequestWithEverythingInIt) {
  const auto signature = Sign();
  ASSERT_TRUE(signature.ok()) << signature.error().detail;
  EXPECT_EQ(TextOf(*signature), "signed:data");
  EXPECT_EQ(hsm_->all_calls(), 1u);
  grep11::SignSingleRequest request;
  ASSERT_TRUE(request.ParseFromString(hsm_->last_request("SignSingle")));
  EXPECT_EQ(request.mech().mechanism(), CKM_ECDSA);
  EXPECT_EQ(request.data(), "data");
  ASSERT_EQ(request.privkey().keyblobs_size(), 1);
  EXPECT_EQ(request.privkey().keyblobs(0), "key blob");
  EXPECT_EQ(hsm_->last_authorization(), "");
}

Awaitable<Status> UseEveryRpc(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_CBC, Bytes(16, 1)};
  const KeyBlob key{CopyOf("key")};
  const KeyBlob other{CopyOf("other key")};
  const ByteView data = ViewOf("data");
  OperationState state;
  state.octets = CopyOf("state");
  AttributeList attributes;
  attributes.SetUlong(CKA_VALUE_LEN, 32);
  // Only what was sent matters here.
  static_cast<void>(co_await client->Single(call, KeyOperation::kEncrypt, mechanism, key, data));
  static_cast<void>(co_await client->Single(call, KeyOperation::kDecrypt, mechanism, key, data));
  static_cast<void>(co_await client->VerifySingle(call, mechanism, key, data, ViewOf("signature")));
  static_cast<void>(co_await client->DigestSingle(call, mechanism, data));
  for (const auto operation : {KeyOperation::kEncrypt, KeyOperation::kDecrypt, KeyOperation::kSign,
                               KeyOperation::kVerify}) {
    static_cast<void>(co_await client->Init(call, operation, mechanism, key));
    static_cast<void>(co_await client->Update(call, operation, state, data));
  }
  static_cast<void>(co_await client->Final(call, KeyOperation::kEncrypt, state));
  static_cast<void>(co_await client->Final(call, KeyOperation::kDecrypt, state));
  static_cast<void>(co_await client->Final(call, KeyOperation::kSign, state));
  static_cast<void>(co_await client->VerifyFinal(call, state, ViewOf("signature")));
  static_cast<void>(co_await client->WrapKey(call, mechanism, key, other));
  static_cast<void>(
      co_await client->UnwrapKey(call, mechanism, key, ViewOf("wrapped"), attributes));
  static_cast<void>(co_await client->DeriveKey(call, mechanism, key, attributes));
  static_cast<void>(co_await client->SetAttributeValue(call, key, attributes));
  co_return Ok();
}

template <typename Request>
Request LastOf(const test::FakeHsm& hsm, const char* method) {
  EXPECT_EQ(hsm.calls(method), 1u) << method;
  Request request;
  EXPECT_TRUE(request.ParseFromString(hsm.last_request(method))) << method;
  return request;
}

TEST_F(Grep11ClientTest, EveryRpcPutsEachArgumentIntoItsField) {
  ASSERT_TRUE(test::Await(silo_, UseEveryRpc(&client(), Call())).ok());
  const auto encrypt = LastOf<grep11::EncryptSingleRequest>(*hsm_, "EncryptSingle");
  EXPECT_EQ(encrypt.plain(), "data");
  EXPECT_EQ(encrypt.key().keyblobs(0), "key");
  EXPECT_EQ(encrypt.mech().parameterb().size(), 16u);
  const auto decrypt = LastOf<grep11::DecryptSingleRequest>(*hsm_, "DecryptSingle");
  EXPECT_EQ(decrypt.ciphered(), "data");
  const auto verify = LastOf<grep11::VerifySingleRequest>(*hsm_, "VerifySingle");
  EXPECT_EQ(verify.signature(), "signature");
  EXPECT_EQ(verify.pubkey().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::DigestSingleRequest>(*hsm_, "DigestSingle").data(), "data");
  EXPECT_EQ(LastOf<grep11::EncryptInitRequest>(*hsm_, "EncryptInit").key().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::DecryptInitRequest>(*hsm_, "DecryptInit").key().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::SignInitRequest>(*hsm_, "SignInit").privkey().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::VerifyInitRequest>(*hsm_, "VerifyInit").pubkey().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::EncryptUpdateRequest>(*hsm_, "EncryptUpdate").plain(), "data");
  EXPECT_EQ(LastOf<grep11::DecryptUpdateRequest>(*hsm_, "DecryptUpdate").ciphered(), "data");
  EXPECT_EQ(LastOf<grep11::SignUpdateRequest>(*hsm_, "SignUpdate").data(), "data");
  EXPECT_EQ(LastOf<grep11::VerifyUpdateRequest>(*hsm_, "VerifyUpdate").state(), "state");
  EXPECT_EQ(LastOf<grep11::EncryptFinalRequest>(*hsm_, "EncryptFinal").state(), "state");
  EXPECT_EQ(LastOf<grep11::DecryptFinalRequest>(*hsm_, "DecryptFinal").state(), "state");
  EXPECT_EQ(LastOf<grep11::SignFinalRequest>(*hsm_, "SignFinal").state(), "state");
  EXPECT_EQ(LastOf<grep11::VerifyFinalRequest>(*hsm_, "VerifyFinal").signature(), "signature");
  const auto wrap = LastOf<grep11::WrapKeyRequest>(*hsm_, "WrapKey");
  EXPECT_EQ(wrap.kek().keyblobs(0), "key");
  EXPECT_EQ(wrap.key().keyblobs(0), "other key");
  const auto unwrap = LastOf<grep11::UnwrapKeyRequest>(*hsm_, "UnwrapKey");
  EXPECT_EQ(unwrap.kek().keyblobs(0), "key");
  EXPECT_EQ(unwrap.wrapped(), "wrapped");
  EXPECT_EQ(unwrap.template_().at(CKA_VALUE_LEN).attributei(), 32);
  const auto derive = LastOf<grep11::DeriveKeyRequest>(*hsm_, "DeriveKey");
  EXPECT_EQ(derive.basekey().keyblobs(0), "key");
  EXPECT_EQ(derive.template_().size(), 1u);
  const auto set = LastOf<grep11::SetAttributeValueRequest>(*hsm_, "SetAttributeValue");
  EXPECT_EQ(set.object(), "key");
  EXPECT_EQ(set.attributes().size(), 1u);
}

struct Made {
  Result<MadeKey> key = InternalError("not asked");
  Result<MadeKeyPair> pair = InternalError("not asked");
  Result<MadeKey> bad_template = InternalError("not asked");
  Result<std::vector<CK_MECHANISM_TYPE>> mechanisms = InternalError("not asked");
  Result<Bytes> random = InternalError("not asked");
};

Awaitable<Made> MakeThings(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_KEY_GEN, {}};
  AttributeList first, second, bad;
  first.SetBool(CKA_VERIFY, true);
  second.SetBool(CKA_SIGN, true);
  bad.Set(CKA_SIGN, Bytes(3));
  Made made;
  made.key = co_await client->GenerateKey(call, mechanism, first);
  made.pair = co_await client->GenerateKeyPair(call, mechanism, first, second);
  made.bad_template = co_await client->GenerateKey(call, mechanism, bad);
  made.mechanisms = co_await client->GetMechanismList(call);
  made.random = co_await client->GenerateRandom(call, 100);
  co_return made;
}

TEST_F(Grep11ClientTest, KeysListsAndRandomComeBackAsDomainTypes) {
  const Made made = test::Await(silo_, MakeThings(&client(), Call()));
  ASSERT_TRUE(made.key.ok());
  EXPECT_EQ(TextOf(made.key->key.view()), "secret blob");
  EXPECT_EQ(TextOf(made.key->check_sum), "sum");
  ASSERT_TRUE(made.pair.ok());
  EXPECT_EQ(TextOf(made.pair->private_key.view()), "private blob");
  EXPECT_EQ(TextOf(made.pair->public_key.view()), "public blob");
  EXPECT_EQ(made.bad_template.error().rv, CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(*made.mechanisms, (std::vector<CK_MECHANISM_TYPE>{1, 0x1041}));
  EXPECT_EQ(made.random->size(), 100u);
  EXPECT_EQ(hsm_->calls("GenerateKey"), 1u) << "the bad template never left";
  const auto request = LastOf<grep11::GenerateKeyPairRequest>(*hsm_, "GenerateKeyPair");
  EXPECT_TRUE(request.pubkeytemplate().contains(CKA_VERIFY));
  EXPECT_TRUE(request.privkeytemplate().contains(CKA_SIGN));
}

TEST_F(Grep11ClientTest, RepliesThatAreNoneAreADeviceErrorAfterAFewTries) {
  for (const Kind kind : {Kind::kGarbage, Kind::kEmpty}) {
    const auto before = hsm_->all_calls();
    for (int i = 0; i < 9; ++i) Fault(kind);
    EXPECT_EQ(RvOfSign(), CKR_DEVICE_ERROR);
    EXPECT_EQ(hsm_->all_calls() - before, 9u);
    EXPECT_EQ(RvOfSign(), CKR_OK);
  }
}

TEST_F(Grep11ClientTest, AReplyThatIsNoneIsAskedForAgain) {
  for (const Kind kind : {Kind::kGarbage, Kind::kEmpty, Kind::kHuge}) {
    Fault(kind);
    EXPECT_EQ(RvOfSign(), CKR_OK);
  }
}

Awaitable<Status> Verify(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_ECDSA, {}};
  const KeyBlob key{CopyOf("key blob")};
  co_return co_await client->VerifySingle(call, mechanism, key, ViewOf("data"),
                                          ViewOf("signature"));
}

// The reply to a verification has no fields: nothing but its decoding tells it from garbage.
TEST_F(Grep11ClientTest, GarbageIsNoValidSignature) {
  EXPECT_TRUE(test::Await(silo_, Verify(&client(), Call())).ok());
  for (int i = 0; i < 9; ++i) Fault(Kind::kGarbage);
  EXPECT_EQ(test::Await(silo_, Verify(&client(), Call())).error().rv, CKR_DEVICE_ERROR);
}

// --- trouble ---

TEST_F(Grep11ClientTest, TheHsmsCodeReachesTheCallerAndIsNotRepeated) {
  Fault(Kind::kStatus, kUnknown, test::Grep11Details(CKR_KEY_FUNCTION_NOT_PERMITTED, "no", false));
  EXPECT_EQ(RvOfSign(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  EXPECT_EQ(hsm_->all_calls(), 1u);
}

TEST_F(Grep11ClientTest, ASignatureIsRepeatedWhenTheHsmWasNotReached) {
  Fault(Kind::kStatus, kUnavailable);
  Fault(Kind::kStatus, kUnavailable);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 3u);
}

TEST_F(Grep11ClientTest, TheHsmsRetryHintIsFollowed) {
  Fault(Kind::kStatus, kUnknown, test::Grep11Details(CKR_IBM_TRANSPORT_ERROR, "again", true));
  EXPECT_EQ(RvOfSign(), CKR_OK);
}

TEST_F(Grep11ClientTest, OverloadBacksOffAndSucceeds) {
  Fault(Kind::kStatus, kExhausted);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
}

TEST_F(Grep11ClientTest, OverloadSlowsTheEndpointThatRefuses) {
  EXPECT_EQ(RvOfSign(), CKR_OK);
  const auto factor = [this] { return client().admission().Factor(0); };
  EXPECT_EQ(test::OnLoop(silo_, factor), 1);
  Fault(Kind::kStatus, kExhausted,
        test::Grep11Details(CKR_FUNCTION_CANCELED, "rate limit", /*retry=*/true));
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_LT(test::OnLoop(silo_, factor), 0.9);
}

TEST_F(Grep11ClientTest, LastingOverloadIsDeviceMemory) {
  for (int i = 0; i < 10; ++i) Fault(Kind::kStatus, kExhausted);
  EXPECT_EQ(RvOfSign(In(500ms)), CKR_DEVICE_MEMORY);
}

Awaitable<Result<UpdateResult>> Update(HsmClient* client, HsmCall call) {
  OperationState state;
  state.octets = CopyOf("state");
  co_return co_await client->Update(call, KeyOperation::kSign, state, ViewOf("data"));
}

// The state is in the request, so the same step gives the same result.
TEST_F(Grep11ClientTest, AStepOfAMultiPartOperationIsSentAgain) {
  Fault(Kind::kStatus, kUnavailable);
  const auto result = test::Await(silo_, Update(&client(), Call()));
  EXPECT_TRUE(result.ok()) << result.error().detail;
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

Awaitable<Result<MadeKey>> MakeKey(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_KEY_GEN, {}};
  const AttributeList attributes;
  co_return co_await client->GenerateKey(call, mechanism, attributes);
}

// The HSM stores nothing, so one key more that nobody has is none.
TEST_F(Grep11ClientTest, AKeyWhoseBlobNobodySawIsMadeAgain) {
  Fault(Kind::kStatus, kUnavailable);
  EXPECT_TRUE(test::Await(silo_, MakeKey(&client(), Call())).ok());
  EXPECT_EQ(hsm_->calls("GenerateKey"), 2u);
}

TEST_F(Grep11ClientTest, AKeyThatSurelyWasNotMadeIsMadeElsewhere) {
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

TEST_F(Grep11ClientTest, AKeyWaitsForAnHsmThatIsAway) {
  hsm_->Stop();
  auto made = test::Start(silo_, MakeKey(&client(), Call()));
  EXPECT_EQ(made.wait_for(1s), std::future_status::timeout);
  hsm_->Start();
  EXPECT_TRUE(made.get().ok());
  EXPECT_EQ(hsm_->calls("GenerateKey"), 1u);
}

TEST_F(Grep11ClientTest, OneTryIsBoundedAndTheNextMaySucceed) {
  times_.rpc = 100ms;
  Fault(Kind::kDrop);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(Grep11ClientTest, TheCallsDeadlineHolds) {
  for (int i = 0; i < 20; ++i) Fault(Kind::kDrop);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RvOfSign(In(200ms)), CKR_DEVICE_ERROR);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
}

TEST_F(Grep11ClientTest, AnHsmThatIsAwayIsADeviceErrorWithinABoundedTime) {
  hsm_->Stop();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
}

TEST_F(Grep11ClientTest, AnHsmThatComesBackIsFoundWithoutARestart) {
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
TEST_F(Grep11ClientTest, AnOutageCostsWaitingCallsNothingButTime) {
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
  EXPECT_LT(std::chrono::steady_clock::now() - back, 2s);
}

TEST_F(Grep11ClientTest, CallsInFlightWhenTheHsmGoesAreRepeatedWhenItIsBack) {
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

TEST_F(Grep11ClientTest, TheOtherEndpointTakesOver) {
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm 2", {"DNS:localhost"});
  const test::FakeHsm second(std::move(options));
  AddEndpoint(second);
  hsm_->Stop();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(second.calls("SignSingle"), 30u);
}

// --- tokens ---

TEST_F(Grep11ClientTest, TheTokenTravelsWithEachCall) {
  identity_ = std::make_shared<TestIdentity>(0);
  hsm_->RequireAuthorization("Bearer token1");
  EXPECT_EQ(RvOfSign(), CKR_OK);
}

TEST_F(Grep11ClientTest, ARefusedTokenIsRenewedAndTheCallRepeated) {
  identity_ = std::make_shared<TestIdentity>(1);
  hsm_->RequireAuthorization("Bearer token2");
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(Grep11ClientTest, OneRenewalIsAllThatACallGets) {
  identity_ = std::make_shared<TestIdentity>(10);
  hsm_->RequireAuthorization("Bearer never");
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  EXPECT_EQ(identity_->renewals_asked_for, 1);
  EXPECT_EQ(hsm_->all_calls(), 2u);
}

TEST_F(Grep11ClientTest, ATokenThatCannotBeRenewedForIamIsADeviceError) {
  identity_ = std::make_shared<TestIdentity>(0);
  identity_->iam_is_away = true;
  hsm_->RequireAuthorization("Bearer never");
  EXPECT_EQ(RvOfSign(), CKR_DEVICE_ERROR);
  hsm_->RequireAuthorization("");
  Fault(Kind::kStatus, kPermissionDenied);
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN) << "a missing right is none of IAM's affairs";
}

TEST_F(Grep11ClientTest, AMissingRightIsLoggedWithItsActionAndWhoLacksIt) {
  identity_ = std::make_shared<TestIdentity>(0);
  Fault(Kind::kStatus, kPermissionDenied);
  const test::CapturedLog log;
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  EXPECT_NE(log.text().find("hs-crypto.crypto.sign"), std::string::npos);
  EXPECT_NE(log.text().find("iam-test"), std::string::npos);
  EXPECT_EQ(log.text().find("token1"), std::string::npos);
}

TEST_F(Grep11ClientTest, WithoutIdentityThereIsNothingToRenew) {
  hsm_->RequireAuthorization("Bearer some");
  EXPECT_EQ(RvOfSign(), CKR_USER_NOT_LOGGED_IN);
  EXPECT_EQ(hsm_->all_calls(), 1u);
}

// --- connections ---

TEST_F(Grep11ClientTest, AllConnectionsAreUsed) {
  config_.endpoints[0].channels = 4;
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 200; ++i) {
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(), "data")));
  }
  for (auto& signature : signatures) EXPECT_TRUE(signature.get().ok());
  EXPECT_EQ(hsm_->connections(), 4u);
  EXPECT_EQ(hsm_->all_calls(), 200u);
}

TEST_F(Grep11ClientTest, NoMoreThanTheCapIsInFlight) {
  config_.endpoints[0].max_outstanding = 3;
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 10; ++i) {
    Fault(Kind::kDrop);
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(In(300ms)), "data")));
  }
  EXPECT_EQ(test::OnLoop(silo_, [this] { return client_->admission().queued(); }), 7u);
  for (auto& signature : signatures) EXPECT_FALSE(signature.get().ok());
}

TEST_F(Grep11ClientTest, TheRateIsKept) {
  config_.endpoints[0].rate_per_s = 100;
  std::vector<std::future<Result<Bytes>>> signatures;
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 54; ++i) {
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(), "data")));
  }
  for (auto& signature : signatures) EXPECT_TRUE(signature.get().ok());
  // 4 at once, then 50 at 100/s.
  EXPECT_GE(std::chrono::steady_clock::now() - before, 490ms);
}

TEST_F(Grep11ClientTest, MutualTlsPresentsItsCertificate) {
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm", {"DNS:localhost"});
  options.client_ca = ca_.certificate();
  hsm_ = std::make_unique<test::FakeHsm>(std::move(options));
  config_.endpoints.clear();
  AddEndpoint(*hsm_);
  const auto own = ca_.Issue("daemon", {});
  config_.tls.mutual = true;
  config_.tls.cert_file = dir_.Write("cert.pem", own.certificate);
  config_.tls.key_file = dir_.Write("key.pem", own.key);
  EXPECT_EQ(RvOfSign(), CKR_OK);
}

TEST_F(Grep11ClientTest, WithoutItsCertificateAMutualServerRefuses) {
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm", {"DNS:localhost"});
  options.client_ca = ca_.certificate();
  hsm_ = std::make_unique<test::FakeHsm>(std::move(options));
  config_.endpoints.clear();
  AddEndpoint(*hsm_);
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_EQ(hsm_->all_calls(), 0u);
}

TEST_F(Grep11ClientTest, AServerOfAnotherAuthorityIsNotTrusted) {
  const test::TestCa other("another CA");
  config_.tls.ca_file = dir_.Write("other.pem", other.certificate());
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_EQ(hsm_->all_calls(), 0u);
}

TEST_F(Grep11ClientTest, AServerOfAnotherNameIsNotTrusted) {
  config_.endpoints[0].address = "127.0.0.1";
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm", {"DNS:hsm.example"});
  const test::FakeHsm wrong(std::move(options));
  config_.endpoints[0].port = wrong.port();
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_EQ(wrong.all_calls(), 0u);
}

// Certificate and key of the daemon change on disk; the server trusts only the authority of the new
// ones.
TEST_F(Grep11ClientTest, ChangedTlsFilesAreUsedWithoutARestart) {
  const test::TestCa second_ca("second CA");
  test::FakeHsm::Options options;
  options.server = ca_.Issue("hsm", {"DNS:localhost"});
  options.client_ca = second_ca.certificate();
  hsm_ = std::make_unique<test::FakeHsm>(std::move(options));
  config_.endpoints.clear();
  AddEndpoint(*hsm_);
  const auto old = ca_.Issue("daemon", {});
  config_.tls.mutual = true;
  config_.tls.cert_file = dir_.Write("cert.pem", old.certificate);
  config_.tls.key_file = dir_.Write("key.pem", old.key);
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  const auto fresh = second_ca.Issue("daemon", {});
  dir_.Write("cert.pem", fresh.certificate);
  dir_.Write("key.pem", fresh.key);
  CK_RV rv = CKR_DEVICE_ERROR;
  for (const auto deadline = In(20s); rv != CKR_OK && Now() < deadline.at;) {
    test::OnLoop(silo_, [this] { client().LookAtTlsFiles(); });
    rv = RvOfSign(In(300ms));
  }
  EXPECT_EQ(rv, CKR_OK);
}

TEST_F(Grep11ClientTest, CallsInFlightSurviveAChangeOfTlsFiles) {
  config_.endpoints[0].channels = 1;
  EXPECT_EQ(RvOfSign(), CKR_OK);
  test::HsmFault slow;
  slow.kind = Kind::kDelay;
  slow.delay = 1s;
  hsm_->Push(slow);
  auto in_flight = test::Start(silo_, gw::Sign(&client(), Call(), "data"));
  while (hsm_->all_calls() < 2) std::this_thread::yield();
  const auto connections = hsm_->connections();
  const test::TestCa other("another CA");
  dir_.Write("ca.pem", other.certificate() + ca_.certificate());
  for (const auto deadline = In(20s); hsm_->connections() == connections && Now() < deadline.at;) {
    test::OnLoop(silo_, [this] { client().LookAtTlsFiles(); });
    EXPECT_EQ(RvOfSign(), CKR_OK);
  }
  EXPECT_GT(hsm_->connections(), connections) << "no new connection";
  EXPECT_TRUE(in_flight.get().ok());
  EXPECT_EQ(hsm_->calls("SignSingle"), hsm_->all_calls());
}

TEST_F(Grep11ClientTest, BrokenTlsFilesLeaveConnectionsAsTheyAre) {
  config_.endpoints[0].channels = 1;
  EXPECT_EQ(RvOfSign(), CKR_OK);
  const auto connections = hsm_->connections();
  dir_.Write("ca.pem", "no certificate");
  const test::CapturedLog log;
  for (int i = 0; i < 3; ++i) test::OnLoop(silo_, [this] { client().LookAtTlsFiles(); });
  EXPECT_NE(log.text().find("ca.pem"), std::string::npos);
  EXPECT_NE(log.text().find("put the file right"), std::string::npos);
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_EQ(hsm_->connections(), connections);
}

TEST_F(Grep11ClientTest, WithoutTlsOnlyLoopbackIsAllowedAndTheLogSaysSo) {
  config_.tls.enabled = false;
  config_.endpoints[0].address = "hsm.example";
  const auto refused = Grep11Client::Make(config_, times_, silo_, RealClock());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().rv, CKR_ARGUMENTS_BAD);
  const test::FakeHsm plain{test::FakeHsm::Options()};
  config_.endpoints[0].address = "127.0.0.1";
  config_.endpoints[0].port = plain.port();
  const test::CapturedLog log;
  EXPECT_EQ(RvOfSign(), CKR_OK);
  EXPECT_NE(log.text().find("not protected by TLS"), std::string::npos);
}

TEST_F(Grep11ClientTest, ATokenWithoutEndpointIsRefused) {
  config_.endpoints.clear();
  EXPECT_EQ(Grep11Client::Make(config_, times_, silo_, RealClock()).error().rv, CKR_ARGUMENTS_BAD);
}

// --- hedging ---

class HedgingTest : public Grep11ClientTest {
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

TEST_F(Grep11ClientTest, CloseEndsABackOffAtOnce) {
  for (int i = 0; i < 20; ++i) Fault(Kind::kStatus, kUnavailable);
  auto signature = test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data"));
  while (hsm_->all_calls() < 2) std::this_thread::yield();
  test::OnLoop(silo_, [this] { client_->Close(); });
  EXPECT_EQ(signature.get().error().rv, CKR_DEVICE_ERROR);
}

TEST_F(Grep11ClientTest, AStopWithCallsInFlightEndsThemAll) {
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
