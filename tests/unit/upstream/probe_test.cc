// Room: tests/unit/upstream. One question to one address, without a login.
#include "daemon/upstream/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/runtime/silo.h"
#include "tests/support/certs.h"
#include "tests/support/fake_hsm.h"
#include "tests/support/on_silo.h"
#include "tests/support/temp_dir.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;
using testing::HasSubstr;

class ReachEndpointTest : public testing::Test {
 protected:
  ReachEndpointTest() {
    endpoint_.address = "localhost";
    tls_.ca_file = dir_.Write("ca.pem", ca_.certificate());
    silo_.Start();
  }
  ~ReachEndpointTest() override { silo_.Stop(); }

  Status Reach(std::uint16_t port) {
    endpoint_.port = port;
    return test::Await(silo_, ReachEndpoint(silo_, endpoint_, tls_, In(20s)));
  }
  test::FakeHsm::Options ServerOptions() const {
    test::FakeHsm::Options options;
    options.server = ca_.Issue("hsm", {"DNS:localhost"});
    return options;
  }

  const test::TempDir dir_;
  const test::TestCa ca_{"test CA"};
  EndpointConfig endpoint_;
  TlsConfig tls_;
  Silo silo_;
};

TEST_F(ReachEndpointTest, AServiceThatAnswersIsReached) {
  test::FakeHsm hsm(ServerOptions());
  const Status reached = Reach(hsm.port());
  EXPECT_TRUE(reached) << reached.error().detail;
}

TEST_F(ReachEndpointTest, AServiceThatWantsALoginIsReachedToo) {
  test::FakeHsm hsm(ServerOptions());
  hsm.RequireAuthorization("Bearer somebody's");
  const Status reached = Reach(hsm.port());
  EXPECT_TRUE(reached) << reached.error().detail;
  EXPECT_EQ(hsm.all_calls(), 1u);
}

TEST_F(ReachEndpointTest, AServerOfAnotherAuthorityIsNot) {
  const test::TestCa other("another CA");
  test::FakeHsm::Options options;
  options.server = other.Issue("hsm", {"DNS:localhost"});
  test::FakeHsm hsm(options);
  const Status reached = Reach(hsm.port());
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().rv, CKR_DEVICE_ERROR);
  EXPECT_THAT(reached.error().detail, HasSubstr("certificate"));
}

TEST_F(ReachEndpointTest, NobodyThereIsAnErrorAtOnce) {
  std::uint16_t port = 0;
  { port = test::FakeHsm(ServerOptions()).port(); }
  const Status reached = Reach(port);
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().rv, CKR_DEVICE_ERROR);
}

TEST_F(ReachEndpointTest, AnAuthorityThatCannotBeReadIsNamed) {
  tls_.ca_file = "/nonexistent/ca.pem";
  const Status reached = Reach(1);
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().rv, CKR_ARGUMENTS_BAD);
  EXPECT_THAT(reached.error().detail, HasSubstr("/nonexistent/ca.pem"));
}

}  // namespace
}  // namespace gw
