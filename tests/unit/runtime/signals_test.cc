// Room: tests/unit/runtime.
#include "daemon/runtime/signals.h"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>

namespace gw {
namespace {

// One signal, delivered to this process, through to the callbacks.
class SignalsTest : public testing::Test {
 protected:
  SignalsTest()
      : signals_(
            std::in_place, loop_, [this](int signal) { Done(signal, stops_); },
            [this] { Done(SIGHUP, reloads_); }, [this](int signal) { Done(signal, users_); }) {}

  void Done(int signal, int& count) {
    last_ = signal;
    ++count;
    loop_.stop();
  }
  void Deliver(int signal) {
    ASSERT_EQ(std::raise(signal), 0);
    loop_.restart();
    loop_.run();
  }

  boost::asio::io_context loop_{1};
  int stops_ = 0, reloads_ = 0, users_ = 0, last_ = 0;
  std::optional<Signals> signals_;
};

TEST_F(SignalsTest, TermAndIntStop) {
  Deliver(SIGTERM);
  EXPECT_EQ(last_, SIGTERM);
  Deliver(SIGINT);
  EXPECT_EQ(last_, SIGINT);
  EXPECT_EQ(stops_, 2);
  EXPECT_EQ(reloads_, 0);
}

TEST_F(SignalsTest, TheUsersSignalsAreTheirOwn) {
  for (const int signal : {SIGUSR1, SIGUSR2}) {
    Deliver(signal);
    EXPECT_EQ(last_, signal);
  }
  EXPECT_EQ(users_, 2);
  EXPECT_EQ(stops_ + reloads_, 0);
}

TEST_F(SignalsTest, EachHupReloads) {
  Deliver(SIGHUP);
  Deliver(SIGHUP);
  EXPECT_EQ(reloads_, 2);
  EXPECT_EQ(stops_, 0);
}

TEST_F(SignalsTest, AfterCancelTheLoopHasNoWorkLeft) {
  signals_->Cancel();
  loop_.run();  // returns
  EXPECT_TRUE(loop_.stopped());
}

TEST_F(SignalsTest, ACallbackMayEndTheListening) {
  signals_.reset();
  loop_.run();
  EXPECT_EQ(stops_ + reloads_, 0);
}

}  // namespace
}  // namespace gw
