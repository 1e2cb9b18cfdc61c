// Room: tests/unit/upstream. IAM, HSM, cache and client together, as main.cc makes them.
#include "daemon/upstream/upstream.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "daemon/core/metrics.h"
#include "daemon/runtime/silo.h"
#include "tests/support/captured_log.h"
#include "tests/support/certs.h"
#include "tests/support/fake_hsm.h"
#include "tests/support/fake_iam.h"
#include "tests/support/on_silo.h"
#include "tests/support/temp_dir.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;

Awaitable<Result<IdentityPtr>> Login(Upstream* upstream, std::string key) {
  SecretBytes secret(ViewOf(key));
  co_return co_await upstream->identities().Authenticate(std::move(secret), In(30s));
}
Awaitable<Result<Bytes>> Random(Upstream* upstream, IdentityPtr identity) {
  HsmCall call;
  call.identity = std::move(identity);
  call.deadline = In(30s);
  co_return co_await upstream->client().GenerateRandom(call, 16);
}

class UpstreamTest : public testing::Test {
 protected:
  UpstreamTest() {
    const auto ca_file = dir_.Write("ca.pem", ca_.certificate());
    EndpointConfig endpoint;
    endpoint.address = "localhost";
    endpoint.port = hsm_.port();
    config_.endpoints.push_back(endpoint);
    config_.tls.ca_file = ca_file;
    config_.iam.endpoint = iam_.Url();
    config_.iam.ca_file = ca_file;
    silo_.Start();
  }
  ~UpstreamTest() override {
    test::OnLoop(silo_, [this] {
      identities_.clear();
      if (upstream_ != nullptr) upstream_->Shutdown();
    });
    silo_.Stop();
  }
  test::FakeHsm::Options ServerOptions() const {
    test::FakeHsm::Options options;
    options.server = ca_.Issue("hsm", {"DNS:localhost"});
    return options;
  }
  Upstream& upstream() {
    if (upstream_ == nullptr) {
      auto made = MakeUpstream(config_, times_, silo_);
      EXPECT_TRUE(made.ok()) << made.error().detail;
      upstream_ = std::move(*made);
    }
    return *upstream_;
  }
  Result<IdentityPtr> Enter(const std::string& key) {
    return test::Await(silo_, Login(&upstream(), key));
  }

  const test::TempDir dir_;
  const test::TestCa ca_{"test CA"};
  test::FakeHsm hsm_{ServerOptions()};
  test::FakeIam iam_{ca_.Issue("iam", {"DNS:localhost"})};
  TokenConfig config_;
  TimesConfig times_;
  Silo silo_;
  std::unique_ptr<Upstream> upstream_;
  std::vector<IdentityPtr> identities_;
};

TEST_F(UpstreamTest, AHundredLoginsCostOneFetchAndOneCheckAndThenKeysWork) {
  std::vector<std::future<Result<IdentityPtr>>> logins;
  for (int i = 0; i < 100; ++i) logins.push_back(test::Start(silo_, Login(&upstream(), "key")));
  for (auto& login : logins) {
    auto identity = login.get();
    ASSERT_TRUE(identity.ok()) << identity.error().detail;
    identities_.push_back(std::move(*identity));
  }
  EXPECT_EQ(iam_.requests(), 1u);
  EXPECT_EQ(hsm_.calls("GetMechanismList"), 1u);
  EXPECT_EQ(identities_[0]->name(), "iam-ServiceId-1");
  EXPECT_TRUE(test::Await(silo_, Random(&upstream(), identities_[0])).ok());
  EXPECT_TRUE(hsm_.last_authorization().starts_with("Bearer "));
}

TEST_F(UpstreamTest, AKeyThatOnlyTheHsmRefusesIsAnIncorrectPin) {
  hsm_.RequireAuthorization("Bearer of somebody else");
  const test::CapturedLog log;
  const auto identity = Enter("key");
  ASSERT_FALSE(identity.ok());
  EXPECT_EQ(identity.error().rv, CKR_PIN_INCORRECT);
  EXPECT_EQ(iam_.requests(), 1u) << "a key that was never good is not renewed";
  EXPECT_NE(log.text().find("hs-crypto.crypto.getmechanismlist"), std::string::npos);
  EXPECT_EQ(log.text().find("signature"), std::string::npos) << "no part of the token is logged";
}

TEST_F(UpstreamTest, ATokenThatTheHsmRefusesLaterIsRenewed) {
  auto identity = Enter("key");
  ASSERT_TRUE(identity.ok());
  identities_.push_back(*identity);
  const std::string first = hsm_.last_authorization();
  iam_.Push({test::IamAnswer::Kind::kReply, 200, test::TokenBody("iam-ServiceId-1", 3600, "2")});
  hsm_.RequireAuthorization(first + "2");  // the first token is revoked
  EXPECT_TRUE(test::Await(silo_, Random(&upstream(), identities_[0])).ok());
  EXPECT_EQ(iam_.requests(), 2u);
}

TEST_F(UpstreamTest, WithoutIamThereIsNobodyToAuthenticate) {
  config_.iam.enabled = false;
  const auto identity = Enter("key");
  ASSERT_FALSE(identity.ok());
  EXPECT_EQ(identity.error().kind, ErrorKind::kInternal);
  EXPECT_TRUE(test::Await(silo_, Random(&upstream(), nullptr)).ok());
}

TEST_F(UpstreamTest, WhatTheConfigurationGetsWrongIsSaid) {
  config_.iam.endpoint = "http://iam.example";
  EXPECT_EQ(MakeUpstream(config_, times_, silo_).error().rv, CKR_ARGUMENTS_BAD);
  config_.iam.endpoint = iam_.Url();
  config_.tls.ca_file = "/nonexistent/ca.pem";
  const auto made = MakeUpstream(config_, times_, silo_);
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().detail.find("/nonexistent/ca.pem"), std::string::npos);
}

TEST_F(UpstreamTest, AfterShutdownEverythingIsRefused) {
  auto identity = Enter("key");
  ASSERT_TRUE(identity.ok());
  identities_.push_back(*identity);
  test::OnLoop(silo_, [this] { upstream_->Shutdown(); });
  EXPECT_EQ(test::Await(silo_, Random(&upstream(), identities_[0])).error().rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(Enter("other key").error().rv, CKR_DEVICE_ERROR);
}

TEST_F(UpstreamTest, ItCanBeMadeBeforeTheSiloRuns) {
  Silo later;
  auto made = MakeUpstream(config_, times_, later);
  ASSERT_TRUE(made.ok());
  (*made)->Connect();
  later.Start();
  EXPECT_TRUE(test::Await(later, Login(made->get(), "key")).ok());
  test::OnLoop(later, [&made] { (*made)->Shutdown(); });
  later.Stop();
}

double CounterOf(const std::string& family, const std::string& label, const std::string& value) {
  double sum = 0;
  for (const auto& each : metrics::TheRegistry().Collect()) {
    if (each.name != family) continue;
    for (const auto& metric : each.metric) {
      for (const auto& pair : metric.label) {
        if (pair.name == label && pair.value == value) sum += metric.counter.value;
      }
    }
  }
  return sum;
}

TEST_F(UpstreamTest, RequestsAndFetchesAreCounted) {
  const double fetches = CounterOf("grep11_iam_fetches_total", "result", "ok");
  const double requests = CounterOf("grep11_upstream_requests_total", "rpc", "GenerateRandom");
  auto identity = Enter("key");
  ASSERT_TRUE(identity.ok());
  identities_.push_back(*identity);
  ASSERT_TRUE(test::Await(silo_, Random(&upstream(), identities_[0])).ok());
  EXPECT_EQ(CounterOf("grep11_iam_fetches_total", "result", "ok") - fetches, 1);
  EXPECT_EQ(CounterOf("grep11_upstream_requests_total", "rpc", "GenerateRandom") - requests, 1);
}

}  // namespace
}  // namespace gw
