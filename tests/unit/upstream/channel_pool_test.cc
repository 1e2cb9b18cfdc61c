// Room: tests/unit/upstream. The connections of a client, as the HSM sees them.
#include "daemon/upstream/channel_pool.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/support/captured_log.h"
#include "tests/unit/upstream/client_fixture.h"

namespace gw {
namespace {

class ChannelPoolTest : public Grep11ClientTest {
 protected:
  // The HSM wants a certificate of `trusted` from its clients.
  void ServeMutually(const test::TestCa& trusted) {
    test::FakeHsm::Options options;
    options.server = ca_.Issue("hsm", {"DNS:localhost"});
    options.client_ca = trusted.certificate();
    hsm_ = std::make_unique<test::FakeHsm>(std::move(options));
    config_.endpoints.clear();
    AddEndpoint(*hsm_);
  }
  // One of ca_.
  void PresentCertificate() {
    const auto own = ca_.Issue("daemon", {});
    config_.tls.mutual = true;
    config_.tls.cert_file = dir_.Write("cert.pem", own.certificate);
    config_.tls.key_file = dir_.Write("key.pem", own.key);
  }
};

TEST_F(ChannelPoolTest, AllConnectionsAreUsed) {
  config_.endpoints[0].channels = 4;
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 200; ++i) {
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(), "data")));
  }
  for (auto& signature : signatures) EXPECT_TRUE(signature.get().ok());
  EXPECT_EQ(hsm_->connections(), 4u);
  EXPECT_EQ(hsm_->all_calls(), 200u);
}

TEST_F(ChannelPoolTest, NoMoreThanTheCapIsInFlight) {
  config_.endpoints[0].max_outstanding = 3;
  std::vector<std::future<Result<Bytes>>> signatures;
  for (int i = 0; i < 10; ++i) {
    Fault(Kind::kDrop);
    signatures.push_back(test::Start(silo_, gw::Sign(&client(), Call(In(60s)), "data")));
  }
  EXPECT_EQ(test::OnLoop(silo_, [this] { return client_->admission().queued(); }), 7u);
  Stop();
  for (auto& signature : signatures) EXPECT_FALSE(signature.get().ok());
}

TEST_F(ChannelPoolTest, TheRateIsKept) {
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

TEST_F(ChannelPoolTest, MutualTlsPresentsItsCertificate) {
  ServeMutually(ca_);
  PresentCertificate();
  EXPECT_EQ(RvOfSign(), CKR_OK);
}

TEST_F(ChannelPoolTest, WithoutItsCertificateAMutualServerRefuses) {
  ServeMutually(ca_);
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_EQ(hsm_->all_calls(), 0u);
}

TEST_F(ChannelPoolTest, AServerOfAnotherAuthorityIsNotTrusted) {
  const test::TestCa other("another CA");
  config_.tls.ca_file = dir_.Write("other.pem", other.certificate());
  EXPECT_EQ(RvOfSign(In(1s)), CKR_DEVICE_ERROR);
  EXPECT_EQ(hsm_->all_calls(), 0u);
}

TEST_F(ChannelPoolTest, AServerOfAnotherNameIsNotTrusted) {
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
TEST_F(ChannelPoolTest, ChangedTlsFilesAreUsedWithoutARestart) {
  const test::TestCa second_ca("second CA");
  ServeMutually(second_ca);
  PresentCertificate();
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

TEST_F(ChannelPoolTest, CallsInFlightSurviveAChangeOfTlsFiles) {
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

TEST_F(ChannelPoolTest, BrokenTlsFilesLeaveConnectionsAsTheyAre) {
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

TEST_F(ChannelPoolTest, WithoutTlsOnlyLoopbackIsAllowedAndTheLogSaysSo) {
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

TEST_F(ChannelPoolTest, ATokenWithoutEndpointIsRefused) {
  config_.endpoints.clear();
  EXPECT_EQ(Grep11Client::Make(config_, times_, silo_, RealClock()).error().rv, CKR_ARGUMENTS_BAD);
}

}  // namespace
}  // namespace gw
