// Room: tests/unit/upstream. The client against a scripted HSM over real TLS, for the tests of this
// folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/runtime/silo.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/grep11_client.h"
#include "tests/support/certs.h"
#include "tests/support/fake_hsm.h"
#include "tests/support/on_silo.h"
#include "tests/support/temp_dir.h"

namespace gw {

using namespace std::chrono_literals;
using test::In;
using Kind = test::HsmFault::Kind;

// gRPC codes, without its headers.
inline constexpr int kUnknown = 2, kPermissionDenied = 7, kExhausted = 8, kUnavailable = 14;

inline Awaitable<Result<Bytes>> Sign(HsmClient* client, HsmCall call, std::string data) {
  const Mechanism mechanism{CKM_ECDSA, {}};
  const KeyBlob key{CopyOf("key blob")};
  co_return co_await client->Single(call, KeyOperation::kSign, mechanism, key, ViewOf(data));
}

inline SteadyTime Now() { return std::chrono::steady_clock::now(); }

inline Awaitable<Result<MadeKey>> MakeKey(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_KEY_GEN, {}};
  const AttributeList attributes;
  co_return co_await client->GenerateKey(call, mechanism, attributes);
}

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

}  // namespace gw
