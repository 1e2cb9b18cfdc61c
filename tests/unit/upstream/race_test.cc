// Room: tests/unit/upstream. Two tries side by side, without gRPC.
#include "daemon/upstream/race.h"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;

// What a try ends with when `ends` is set. A cancelled one says so in `cancelled`.
struct Script {
  explicit Script(Silo& silo) : ends(silo.loop().get_executor()) {}
  Event ends;
  bool fails = false;
  bool cancelled = false;
};

Awaitable<Attempt> Play(Script* script) {
  const bool ended = co_await script->ends.WaitUntil(SteadyTime::max());
  script->cancelled = !ended;
  Attempt attempt;
  if (script->fails || !ended) {
    attempt.failure = Failure{UpstreamError(CKR_DEVICE_ERROR, "played"), FailureClass::kFinal};
  }
  co_return attempt;
}

struct Outcome {
  bool early = false;
  bool ok = false;
  bool second_won = false;
};

// One try, and a second one when the first has not ended in time.
Awaitable<Outcome> Hedge(Silo* silo, Script* first, Script* second,
                         std::chrono::milliseconds time) {
  const auto race = std::make_shared<Race>(silo->loop().get_executor());
  Outcome outcome;
  race->Start(Play(first));
  outcome.early = co_await race->DecidedBy(std::chrono::steady_clock::now() + time);
  if (!outcome.early) {
    race->Start(Play(second));
    co_await race->DecidedBy(SteadyTime::max());
  }
  const Attempt attempt = co_await race->Finish();
  outcome.ok = attempt.ok();
  outcome.second_won = race->second_won();
  co_return outcome;
}

class RaceTest : public testing::Test {
 protected:
  RaceTest() { silo_.Start(); }
  ~RaceTest() override { silo_.Stop(); }
  std::future<Outcome> Start(std::chrono::milliseconds time) {
    return test::Start(silo_, Hedge(&silo_, &first_, &second_, time));
  }
  void End(Script& script, bool fails = false) {
    test::OnLoop(silo_, [&script, fails] {
      script.fails = fails;
      script.ends.Set();
    });
  }

  Silo silo_;
  Script first_{silo_};
  Script second_{silo_};
};

TEST_F(RaceTest, AnEarlyAnswerNeedsNoSecond) {
  End(first_);
  const Outcome outcome = Start(60s).get();
  EXPECT_TRUE(outcome.early);
  EXPECT_TRUE(outcome.ok);
  EXPECT_FALSE(outcome.second_won);
}

TEST_F(RaceTest, AnEarlyFailureIsTheOutcome) {
  End(first_, /*fails=*/true);
  const Outcome outcome = Start(60s).get();
  EXPECT_TRUE(outcome.early);
  EXPECT_FALSE(outcome.ok);
}

TEST_F(RaceTest, TheSecondsAnswerCancelsTheFirst) {
  End(second_);
  const Outcome outcome = Start(0ms).get();
  EXPECT_TRUE(outcome.ok);
  EXPECT_TRUE(outcome.second_won);
  EXPECT_TRUE(first_.cancelled);
}

TEST_F(RaceTest, TheFirstsAnswerCancelsTheSecond) {
  auto outcome = Start(0ms);
  End(first_);
  EXPECT_TRUE(outcome.get().ok);
  EXPECT_FALSE(first_.cancelled);
}

TEST_F(RaceTest, AFailureWaitsForTheOther) {
  End(second_, /*fails=*/true);
  auto outcome = Start(0ms);
  EXPECT_EQ(outcome.wait_for(50ms), std::future_status::timeout);
  End(first_);
  const Outcome over = outcome.get();
  EXPECT_TRUE(over.ok);
  EXPECT_FALSE(over.second_won);
}

TEST_F(RaceTest, TwoFailuresAreOne) {
  End(second_, /*fails=*/true);
  auto outcome = Start(0ms);
  End(first_, /*fails=*/true);
  EXPECT_FALSE(outcome.get().ok);
}

TEST(HedgeBudgetTest, AllowsAFewAtOnceAndThenItsShare) {
  HedgeBudget budget;
  int granted = 0;
  for (int i = 0; i < 10'000; ++i) {
    budget.Earn();
    if (budget.Spend()) ++granted;
  }
  EXPECT_NEAR(granted, 10'000 * HedgeBudget::kShare + HedgeBudget::kMost, 2);
}

}  // namespace
}  // namespace gw
