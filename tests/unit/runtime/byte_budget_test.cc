// Room: tests. Shares of a bounded number of octets.
#include "daemon/runtime/byte_budget.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <vector>

namespace gw {
namespace {

using testing::ElementsAre;

class ByteBudgetTest : public testing::Test {
 protected:
  // Asks for a share under a name; `got_` says who has had one, in order.
  void Ask(int name, std::size_t bytes) {
    boost::asio::co_spawn(loop_, Hold(name, bytes), boost::asio::detached);
    Settle();
  }
  Awaitable<void> Hold(int name, std::size_t bytes) {
    ByteBudget::Share share = co_await budget_.Take(bytes);
    got_.push_back(name);
    held_.emplace(name, std::move(share));
  }
  void GiveBack(int name) {
    held_.erase(name);
    Settle();
  }
  void Settle() {
    loop_.restart();
    loop_.poll();
  }

  boost::asio::io_context loop_;
  ByteBudget budget_{100};
  std::map<int, ByteBudget::Share> held_;
  std::vector<int> got_;
};

TEST_F(ByteBudgetTest, SharesAreGivenAtOnceAsLongAsThereIsRoom) {
  Ask(1, 60);
  Ask(2, 40);
  EXPECT_THAT(got_, ElementsAre(1, 2));
  EXPECT_EQ(budget_.in_use(), 100u);
}

TEST_F(ByteBudgetTest, WhoDoesNotFitWaitsAndNobodyOvertakes) {
  Ask(1, 80);
  Ask(2, 50);
  Ask(3, 10);
  EXPECT_THAT(got_, ElementsAre(1));
  GiveBack(1);
  EXPECT_THAT(got_, ElementsAre(1, 2, 3));
}

TEST_F(ByteBudgetTest, MoreThanTheLimitIsGivenToOneAlone) {
  Ask(1, 10);
  Ask(2, 1000);
  EXPECT_THAT(got_, ElementsAre(1));
  GiveBack(1);
  EXPECT_THAT(got_, ElementsAre(1, 2));
  Ask(3, 1);
  EXPECT_THAT(got_, ElementsAre(1, 2));
  GiveBack(2);
  EXPECT_THAT(got_, ElementsAre(1, 2, 3));
}

TEST_F(ByteBudgetTest, EverythingComesBack) {
  Ask(1, 70);
  Ask(2, 70);
  GiveBack(1);
  GiveBack(2);
  EXPECT_EQ(budget_.in_use(), 0u);
}

}  // namespace
}  // namespace gw
