// Room: tests/unit/runtime.
#include "daemon/runtime/spawn.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/captured_log.h"
#include "tests/support/on_silo.h"

namespace gw {
namespace {

Awaitable<void> Nothing() { co_return; }
Awaitable<void> Break() {
  throw std::runtime_error("broken on purpose");
  co_return;
}
Awaitable<void> BeCancelled() {
  throw boost::system::system_error(boost::asio::error::operation_aborted);
  co_return;
}

std::string LogOf(Awaitable<void> task) {
  const test::CapturedLog log;
  Silo silo;
  silo.Start();
  Spawn(silo.loop().get_executor(), std::move(task), "a test's task");
  silo.Stop();
  return log.text();
}

TEST(SpawnTest, ATaskThatEndsIsNotWorthALine) { EXPECT_EQ(LogOf(Nothing()), ""); }

TEST(SpawnTest, AnExceptionIsLoggedWithTheTasksName) {
  const std::string text = LogOf(Break());
  EXPECT_NE(text.find("a test's task"), std::string::npos);
  EXPECT_NE(text.find("broken on purpose"), std::string::npos);
}

TEST(SpawnTest, ACancelledTaskIsNotWorthALine) { EXPECT_EQ(LogOf(BeCancelled()), ""); }

}  // namespace
}  // namespace gw
