// Looks at an HSM: one at a time, and not often.
#include "daemon/token/hsm_watch.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/manual_clock.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {
namespace {

class HsmWatchTest : public testing::Test {
 protected:
  // Asks `times` times, and lets the requests come to their end.
  void Look(int times = 1) {
    for (int i = 0; i < times; ++i) watch_->Look(loop_.get_executor(), HsmCall{});
    loop_.restart();
    loop_.run();
  }
  int requests() { return hsm_.requests["GetMechanismList"]; }

  boost::asio::io_context loop_;
  ScriptedHsm hsm_;
  test::ManualClock clock_;
  const std::shared_ptr<HsmWatch> watch_ = std::make_shared<HsmWatch>(hsm_, clock_);
};

TEST_F(HsmWatchTest, ManyWhoAskAtOnceMakeOneRequest) {
  Look(100);
  EXPECT_EQ(requests(), 1);
}

TEST_F(HsmWatchTest, TheNextRequestIsAnIntervalAfterTheLast) {
  Look();
  clock_.Advance(HsmWatch::kInterval - std::chrono::milliseconds(1));
  Look();
  EXPECT_EQ(requests(), 1);
  clock_.Advance(std::chrono::milliseconds(1));
  Look();
  EXPECT_EQ(requests(), 2);
}

TEST_F(HsmWatchTest, ARequestThatFailsIsNotTheLast) {
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  Look();
  clock_.Advance(HsmWatch::kInterval);
  Look();
  EXPECT_EQ(requests(), 2);
}

}  // namespace
}  // namespace gw
