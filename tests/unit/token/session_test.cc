// Room: tests. Turns inside one session.
#include "daemon/token/session.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

namespace gw {
namespace {

Awaitable<void> WriteDown(CallOrder& order, std::string& log, char mark) {
  auto turn = co_await order.Enter();
  log.push_back(mark);
}

TEST(CallOrderTest, CallsEnterOneByOneInTheOrderOfArrival) {
  boost::asio::io_context loop;
  CallOrder order;
  std::string log;
  {
    auto first = order.EnterNow();
    for (char mark : {'a', 'b', 'c'}) {
      boost::asio::co_spawn(loop, WriteDown(order, log, mark), boost::asio::detached);
    }
    loop.poll();
    EXPECT_EQ(log, "");
    EXPECT_FALSE(order.free());
  }
  loop.restart();
  loop.run();
  EXPECT_EQ(log, "abc");
  EXPECT_TRUE(order.free());
}

TEST(CallOrderTest, ATurnThatWasMovedLeavesOnce) {
  CallOrder order;
  {
    auto turn = order.EnterNow();
    auto moved = std::move(turn);
    EXPECT_FALSE(order.free());
  }
  EXPECT_TRUE(order.free());
}

struct PrivateOperation final : ActiveOperation {
  bool UsesPrivateObject() const override { return true; }
};

TEST(ActiveOperationsTest, LogoutEndsOnlyOperationsWithPrivateObjects) {
  ActiveOperations operations;
  operations.Start(OperationKind::kSign, std::make_shared<PrivateOperation>());
  operations.Start(OperationKind::kDigest, std::make_shared<ActiveOperation>());
  operations.EndThoseWithPrivateObjects();
  EXPECT_FALSE(operations.Has(OperationKind::kSign));
  EXPECT_TRUE(operations.Has(OperationKind::kDigest));
}

TEST(ActiveOperationsTest, AnOperationTakenOutOfItsSessionLivesWhileACallHoldsIt) {
  ActiveOperations operations;
  operations.Start(OperationKind::kSign, std::make_shared<PrivateOperation>());
  const auto held = operations.Get<PrivateOperation>(OperationKind::kSign);
  operations.End(OperationKind::kSign);
  EXPECT_EQ(operations.Get<PrivateOperation>(OperationKind::kSign), nullptr);
  EXPECT_TRUE(held->UsesPrivateObject());
}

}  // namespace
}  // namespace gw
