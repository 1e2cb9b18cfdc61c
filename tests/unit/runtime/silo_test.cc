// Room: tests/unit/runtime. RPCs on a silo are tested in tests/unit/rpc.
#include "daemon/runtime/silo.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;

TEST(SiloTest, WorkRunsOnTheLoopThread) {
  Silo silo;
  silo.Start();
  EXPECT_FALSE(silo.OnLoop());
  EXPECT_TRUE(test::OnLoop(silo, [&silo] { return silo.OnLoop(); }));
}

TEST(SiloTest, ASiloThatNeverStartedStops) {
  Silo silo;
  silo.Stop();
}

TEST(SiloTest, StoppingTwiceIsStoppingOnce) {
  Silo silo;
  silo.Start();
  silo.Stop();
  silo.Stop();
}

TEST(SiloTest, WorkPostedBeforeTheStopIsDone) {
  Silo silo;
  silo.Start();
  int done = 0;
  for (int i = 0; i < 1000; ++i) boost::asio::post(silo.loop(), [&done] { ++done; });
  silo.Stop();
  EXPECT_EQ(done, 1000);
}

TEST(SiloTest, AStopWaitsForAShortTimer) {
  Silo silo;
  silo.Start();
  boost::asio::steady_timer timer(silo.loop(), 30ms);
  bool fired = false;
  timer.async_wait([&fired](auto error) { fired = !error; });
  silo.Stop(60s);
  EXPECT_TRUE(fired);
}

TEST(SiloTest, AStopGivesALongTimerUp) {
  Silo silo;
  silo.Start();
  boost::asio::steady_timer timer(silo.loop(), 1h);
  bool fired = false;
  timer.async_wait([&fired](auto) { fired = true; });
  const auto before = std::chrono::steady_clock::now();
  silo.Stop(10ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
  EXPECT_FALSE(fired);
}

// Takes note of the stop, and tries to start something new in the middle of it.
class Stubborn final : public Stoppable {
 public:
  explicit Stubborn(Silo& silo) : silo_(silo) {}
  void SiloStops() override {
    ++told_;
    next_ = std::make_unique<Stubborn>(silo_);
    let_in_ = silo_.Register(*next_);
  }
  int told() const { return told_; }
  bool let_in() const { return let_in_; }

 private:
  Silo& silo_;
  std::unique_ptr<Stubborn> next_;
  int told_ = 0;
  bool let_in_ = true;
};

TEST(SiloTest, AStopIsToldOnceAndLetsNothingNewIn) {
  Silo silo;
  silo.Start();
  Stubborn one(silo), other(silo);
  EXPECT_TRUE(test::OnLoop(silo, [&] { return silo.Register(one) && silo.Register(other); }));
  silo.Stop();
  EXPECT_EQ(one.told(), 1);
  EXPECT_EQ(other.told(), 1);
  EXPECT_FALSE(one.let_in());
}

TEST(SiloTest, WhatIsGoneByThenIsNotTold) {
  Silo silo;
  silo.Start();
  auto gone = std::make_unique<Stubborn>(silo);
  test::OnLoop(silo, [&] {
    EXPECT_TRUE(silo.Register(*gone));
    gone.reset();
  });
  silo.Stop();
}

}  // namespace
}  // namespace gw
