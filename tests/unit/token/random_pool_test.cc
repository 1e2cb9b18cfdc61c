// The pool of random octets: given out once, wiped, filled by one request at a time, and by those
// who may.
#include "daemon/token/random_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <optional>
#include <random>
#include <set>

#include "daemon/config/config.h"
#include "daemon/runtime/event.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCapacity = 4096;
constexpr RandomPool::Terms kTerms{kCapacity, 30s};
constexpr std::size_t kSerialBytes = 8;

class SomeIdentity final : public Identity {
 public:
  std::string_view name() const override { return "somebody"; }
  ByteView api_key() const override { return {}; }
};

Error Away() { return UpstreamError(CKR_DEVICE_ERROR, "connection refused", true); }
Error Refused() { return UpstreamError(CKR_USER_NOT_LOGGED_IN, "needed: generaterandom", true); }

class RandomPoolTest : public testing::Test {
 protected:
  using Answer = std::optional<Result<Bytes>>;

  static Awaitable<void> Keep(std::shared_ptr<RandomPool> pool, HsmCall call, std::size_t bytes,
                              RandomPool::Terms terms, Answer& answer) {
    answer = co_await pool->Take(std::move(call), bytes, terms);
  }

  // Starts a call; `answer` is set when it is done.
  void Start(Answer& answer, std::size_t bytes = 32, IdentityPtr identity = nullptr,
             RandomPool::Terms terms = kTerms, Deadline deadline = {}) {
    HsmCall call{std::move(identity), 1, deadline};
    boost::asio::co_spawn(loop_, Keep(pool_, std::move(call), bytes, terms, answer),
                          boost::asio::detached);
    Turn();
  }

  // A call that is over without waiting for anything but the HSM.
  Result<Bytes> Take(std::size_t bytes = 32, IdentityPtr identity = nullptr,
                     RandomPool::Terms terms = kTerms) {
    Answer answer;
    Start(answer, bytes, std::move(identity), terms);
    EXPECT_TRUE(answer.has_value()) << "the call waits";
    return answer.has_value() ? std::move(*answer) : InternalError("the call waits");
  }

  // Everything that can run now has run.
  void Turn() {
    loop_.restart();
    loop_.poll();
  }

  // From now on the HSM answers only after Release().
  void Hold() {
    held_ = std::make_shared<Event>(loop_.get_executor());
    hsm_.hold = [held = held_] { return Wait(held); };
  }
  static Awaitable<void> Wait(std::shared_ptr<Event> event) {
    co_await event->WaitUntil(SteadyTime::max());
  }
  void Release() {
    hsm_.hold = nullptr;
    held_->Set();
    Turn();
  }

  // Takes until the pool asks for more.
  void DrainToTheMark(IdentityPtr identity = nullptr, RandomPool::Terms terms = kTerms) {
    const std::size_t before = Requests();
    while (Requests() == before) ASSERT_TRUE(Take(32, identity, terms).ok());
  }

  std::size_t Requests() const { return hsm_.random_asked.size(); }

  boost::asio::io_context loop_;
  ScriptedHsm hsm_;
  test::ManualClock clock_;
  std::shared_ptr<RandomPool> pool_ = std::make_shared<RandomPool>(hsm_, 0, clock_);
  std::shared_ptr<Event> held_;
};

// Every serial number of `octets` is new to `seen`.
void ExpectNew(std::set<Bytes>& seen, ByteView octets) {
  for (std::size_t at = 0; at < octets.size(); at += kSerialBytes) {
    EXPECT_TRUE(seen.insert(CopyOf(octets.subspan(at, kSerialBytes))).second) << "given out twice";
  }
}

bool Contains(ByteView memory, ByteView octets) {
  return !std::ranges::search(memory, octets).empty();
}

TEST_F(RandomPoolTest, EveryOctetIsHandedOutOnce) {
  std::set<Bytes> seen;
  std::mt19937 random(20'240'131);
  std::size_t taken = 0;
  for (int round = 0; round < 200; ++round) {
    std::deque<Answer> answers(1 + random() % 8);  // that many calls wait for one fill
    Hold();
    for (Answer& answer : answers) Start(answer, kSerialBytes * (1 + random() % 32));
    while (std::ranges::any_of(answers, [](const Answer& each) { return !each; })) {
      Release();
      Hold();
    }
    for (Answer& answer : answers) {
      ASSERT_TRUE(answer->ok());
      taken += (*answer)->size();
      ExpectNew(seen, **answer);
    }
    Release();
  }
  EXPECT_EQ(seen.size() * kSerialBytes, taken);
  EXPECT_LE(Requests(), taken / (kCapacity * 3 / 4) + 2);
}

TEST_F(RandomPoolTest, FourThousandCallsCostOneRequestOfAPoolOfTheDefaultSize) {
  const RandomPool::Terms usual{LocalWorkConfig{}.random_pool_bytes, 30s};
  for (int call = 0; call < 4096; ++call) ASSERT_TRUE(Take(32, nullptr, usual).ok());
  EXPECT_EQ(Requests(), 1u);
  for (int call = 0; call < 4096; ++call) ASSERT_TRUE(Take(32, nullptr, usual).ok());
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(RandomPoolTest, WhatWasHandedOutIsGoneFromMemory) {
  for (int call = 0; call < 1000; ++call) {
    const auto octets = Take(40);
    ASSERT_TRUE(octets.ok());
    EXPECT_FALSE(Contains(pool_->memory(), *octets));
  }
  const auto memory = pool_->memory();
  const auto zeros = static_cast<std::size_t>(
      std::ranges::count_if(memory.first(memory.size()), [](Byte b) { return b == 0; }));
  EXPECT_GE(zeros, memory.size() - pool_->level());
}

TEST_F(RandomPoolTest, AFillLeavesNoSecondCopyOfWhatItMoves) {
  ASSERT_TRUE(Take().ok());
  Hold();
  DrainToTheMark();
  ASSERT_GT(pool_->level(), 0u) << "the pool asks for more before it is empty";
  for (int call = 0; call < 8; ++call) ASSERT_TRUE(Take().ok());
  const std::size_t left = pool_->level();
  Release();
  EXPECT_EQ(pool_->level(), left + hsm_.random_asked.back().bytes);
  std::set<Bytes> seen;
  const ByteView memory = pool_->memory();
  for (std::size_t at = 0; at < memory.size(); at += kSerialBytes) {
    const Bytes octets = CopyOf(memory.subspan(at, kSerialBytes));
    if (octets == Bytes(kSerialBytes, 0)) continue;
    EXPECT_TRUE(seen.insert(octets).second);
  }
  EXPECT_EQ(seen.size() * kSerialBytes, pool_->level());
}

TEST_F(RandomPoolTest, OneFillServesAllWhoWait) {
  Hold();
  std::deque<Answer> answers(20);
  for (Answer& answer : answers) Start(answer);
  EXPECT_EQ(Requests(), 1u);
  Release();
  for (const Answer& answer : answers) EXPECT_TRUE(answer && answer->ok());
  EXPECT_EQ(Requests(), 1u);
}

TEST_F(RandomPoolTest, CallsDoNotWaitForTheFillThatTheyStart) {
  ASSERT_TRUE(Take().ok());
  Hold();
  DrainToTheMark();
  while (pool_->level() != 0) EXPECT_TRUE(Take().ok());
  EXPECT_EQ(Requests(), 2u) << "one fill at a time";
  Answer late;
  Start(late);
  EXPECT_FALSE(late.has_value());
  Release();
  EXPECT_TRUE(late && late->ok());
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(RandomPoolTest, AFillThatFailsFailsTheCallThatWaitsAndTheNextAsksAgain) {
  hsm_.next_error = Away();
  EXPECT_EQ(Take().error().rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(pool_->level(), 0u);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(RandomPoolTest, WithTheHsmAwayWhatIsThereIsServedAndThenTheErrorIsGiven) {
  ASSERT_TRUE(Take().ok());
  while (pool_->level() >= 32) {
    hsm_.next_error = Away();
    EXPECT_TRUE(Take().ok());
  }
  EXPECT_EQ(Requests(), 2u) << "calls that are served do not ask an HSM that was away just now";
  hsm_.next_error = Away();
  EXPECT_EQ(Take().error().rv, CKR_DEVICE_ERROR);
}

TEST_F(RandomPoolTest, AfterAFailureThePoolIsFilledAgainInTheBackground) {
  ASSERT_TRUE(Take().ok());
  hsm_.next_error = Away();
  DrainToTheMark();
  ASSERT_EQ(Requests(), 2u);
  clock_.Advance(2s);
  ASSERT_TRUE(Take().ok());
  EXPECT_EQ(Requests(), 3u);
  EXPECT_EQ(pool_->level(), kCapacity);
}

TEST_F(RandomPoolTest, ACallWhoseTimeIsOverLeavesTheFillToOthers) {
  Hold();
  Answer answer;
  Start(answer, 32, nullptr, kTerms, Deadline{SteadyTime{}});
  Turn();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->error().rv, CKR_DEVICE_ERROR);
  EXPECT_GE(hsm_.random_asked[0].call.deadline.at, clock_.Now() + 29s)
      << "a fill has its own time, not that of the call";
  Release();
  EXPECT_EQ(pool_->level(), kCapacity);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(Requests(), 1u);
}

TEST_F(RandomPoolTest, ACancelledCallTakesNothing) {
  Hold();
  Answer answer;
  boost::asio::cancellation_signal cancel;
  boost::asio::co_spawn(
      loop_, Keep(pool_, HsmCall{nullptr, 1, Deadline{}}, 32, kTerms, answer),
      boost::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  Turn();
  cancel.emit(boost::asio::cancellation_type::terminal);
  Turn();
  Release();
  EXPECT_FALSE(answer && answer->ok());
  EXPECT_EQ(pool_->level(), kCapacity);
}

TEST_F(RandomPoolTest, AnIdentityWithoutTheRightGetsTheHsmsAnswerFromAFullPool) {
  const auto entitled = std::make_shared<SomeIdentity>();
  const auto other = std::make_shared<SomeIdentity>();
  ASSERT_TRUE(Take(32, entitled).ok());
  const std::size_t level = pool_->level();
  for (int call = 0; call < 2; ++call) {
    hsm_.next_error = Refused();
    EXPECT_EQ(Take(32, other).error().rv, CKR_USER_NOT_LOGGED_IN);
  }
  EXPECT_EQ(hsm_.random_asked.back().call.identity, other);
  EXPECT_EQ(pool_->level(), level);
  EXPECT_TRUE(Take(32, entitled).ok());
  EXPECT_EQ(Requests(), 3u);
}

TEST_F(RandomPoolTest, AnIdentityWithTheRightIsAskedForOnce) {
  ASSERT_TRUE(Take(32, std::make_shared<SomeIdentity>()).ok());
  const auto second = std::make_shared<SomeIdentity>();
  std::set<Bytes> seen;
  for (int call = 0; call < 10; ++call) {
    const auto octets = Take(32, second);
    ASSERT_TRUE(octets.ok());
    ExpectNew(seen, *octets);
  }
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(RandomPoolTest, WithAFullPoolTheQuestionIsAskedWithASingleOctetThatIsNotKept) {
  Hold();
  Answer gone;
  Start(gone, 32, nullptr, kTerms, Deadline{SteadyTime{}});
  Release();
  ASSERT_EQ(pool_->level(), kCapacity);
  EXPECT_TRUE(Take(32, std::make_shared<SomeIdentity>()).ok());
  EXPECT_EQ(hsm_.random_asked.back().bytes, 1u);
  EXPECT_EQ(pool_->level(), kCapacity - 32);
}

TEST_F(RandomPoolTest, AFillRefusedToOneIsAskedForAgainByTheOtherWhoWaits) {
  const auto refused = std::make_shared<SomeIdentity>();
  const auto entitled = std::make_shared<SomeIdentity>();
  Hold();
  hsm_.next_error = Refused();
  Answer first;
  Answer second;
  Start(first, 32, refused);
  Start(second, 32, entitled);
  EXPECT_EQ(Requests(), 1u);
  Release();
  EXPECT_EQ(first->error().rv, CKR_USER_NOT_LOGGED_IN);
  EXPECT_TRUE(second->ok());
  EXPECT_EQ(hsm_.random_asked.back().call.identity, entitled);
}

TEST_F(RandomPoolTest, ARightThatWasTakenAwayShowsAfterTheNextFill) {
  const auto identity = std::make_shared<SomeIdentity>();
  ASSERT_TRUE(Take(32, identity).ok());
  hsm_.next_error = Refused();
  DrainToTheMark(identity);
  hsm_.next_error = Refused();
  EXPECT_EQ(Take(32, identity).error().rv, CKR_USER_NOT_LOGGED_IN);
}

TEST_F(RandomPoolTest, AnHsmThatGivesTooFewOctetsGivesNone) {
  Hold();
  Answer answer;
  Start(answer);
  hsm_.random_cut = 1;
  Release();
  EXPECT_EQ(answer->error().rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(pool_->level(), 0u);
}

TEST_F(RandomPoolTest, AClearedPoolHoldsNothing) {
  ASSERT_TRUE(Take().ok());
  pool_->Clear();
  EXPECT_EQ(pool_->level(), 0u);
  EXPECT_TRUE(std::ranges::all_of(pool_->memory(), [](Byte b) { return b == 0; }));
}

TEST_F(RandomPoolTest, AnotherSizeKeepsWhatFits) {
  std::set<Bytes> seen;
  for (const std::size_t capacity : {kCapacity, 2 * kCapacity, kCapacity / 2}) {
    const RandomPool::Terms terms{capacity, 30s};
    const std::size_t before = Requests();
    while (Requests() == before) {
      const auto octets = Take(32, nullptr, terms);
      ASSERT_TRUE(octets.ok());
      ExpectNew(seen, *octets);
    }
    EXPECT_EQ(pool_->memory().size(), capacity);
    EXPECT_LE(pool_->level(), capacity);
    EXPECT_GE(pool_->level(), capacity - 32);
  }
}

}  // namespace
}  // namespace gw
