// Room: tests/unit/runtime.
#include "daemon/runtime/event.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;

Awaitable<bool> WaitFor(std::shared_ptr<Event> event, SteadyTime until) {
  co_return co_await event->WaitUntil(until);
}

class EventTest : public testing::Test {
 protected:
  EventTest() { silo_.Start(); }
  Silo silo_;
  std::shared_ptr<Event> event_ = std::make_shared<Event>(silo_.loop().get_executor());
};

TEST_F(EventTest, AllWaitersWakeWhenItIsSet) {
  std::vector<std::future<bool>> waiters;
  for (int i = 0; i < 10; ++i) {
    waiters.push_back(test::Start(silo_, WaitFor(event_, In(60s).at)));
  }
  test::OnLoop(silo_, [this] { event_->Set(); });
  for (auto& waiter : waiters) EXPECT_TRUE(waiter.get());
}

TEST_F(EventTest, WaitingForASetOneTakesNoTime) {
  test::OnLoop(silo_, [this] { event_->Set(); });
  EXPECT_TRUE(test::Await(silo_, WaitFor(event_, SteadyTime::min())));
}

TEST_F(EventTest, TheWaitEndsAtItsTime) {
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(test::Await(silo_, WaitFor(event_, In(30ms).at)));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
}

Awaitable<bool> WaitForABorrowedOne(std::unique_ptr<Event>* event, SteadyTime until) {
  auto wait = (*event)->WaitUntil(until);
  co_return co_await std::move(wait);
}

TEST_F(EventTest, AWaiterOutlivesTheEvent) {
  auto event = std::make_unique<Event>(silo_.loop().get_executor());
  auto waiter = test::Start(silo_, WaitForABorrowedOne(&event, In(50ms).at));
  test::OnLoop(silo_, [&event] { event.reset(); });
  EXPECT_FALSE(waiter.get());
}

TEST_F(EventTest, WaitersThatDieWithTheLoopTouchNothing) {
  auto waiter = test::Start(silo_, WaitFor(event_, SteadyTime::max()));
  test::OnLoop(silo_, [] {});
  silo_.Stop(1ms);  // the waiter's frame dies with silo_, after event_: ASan watches
  EXPECT_NE(waiter.wait_for(0s), std::future_status::ready);
}

}  // namespace
}  // namespace gw
