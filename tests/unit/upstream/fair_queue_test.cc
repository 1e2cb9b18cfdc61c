// Room: tests/unit/upstream.
#include "daemon/upstream/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <map>
#include <vector>

namespace gw {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Applications = std::vector<std::uint64_t>;

class FairQueueTest : public testing::Test {
 protected:
  FairQueueItem& Push(std::uint64_t application) {
    queue_.Push(items_.emplace_back(application));
    return items_.back();
  }
  std::vector<std::uint64_t> PopAll() {
    std::vector<std::uint64_t> order;
    while (FairQueueItem* front = queue_.Front()) {
      order.push_back(front->application());
      queue_.Pop();
    }
    return order;
  }
  std::list<FairQueueItem> items_;
  FairQueue queue_;
};

TEST_F(FairQueueTest, ApplicationsTakeTurnsHoweverManyRequestsOneHas) {
  for (const std::uint64_t application : Applications{1, 1, 1, 1, 2, 3, 3}) Push(application);
  EXPECT_THAT(PopAll(), ElementsAre(1, 2, 3, 1, 3, 1, 1));
}

TEST_F(FairQueueTest, ARequestKeepsItsPlaceWithinItsApplication) {
  FairQueueItem& first = Push(1);
  FairQueueItem& second = Push(1);
  EXPECT_EQ(queue_.Front(), &first);
  queue_.Pop();
  EXPECT_EQ(queue_.Front(), &second);
}

TEST_F(FairQueueTest, AWeightBuysMoreTurnsPerRound) {
  queue_.SetWeight(1, 3);
  for (const std::uint64_t application : Applications{1, 1, 1, 1, 1, 2, 2}) Push(application);
  EXPECT_THAT(PopAll(), ElementsAre(1, 1, 1, 2, 1, 1, 2));
}

TEST_F(FairQueueTest, WeightOneIsTheDefaultAgain) {
  queue_.SetWeight(1, 3);
  queue_.SetWeight(1, 1);
  for (const std::uint64_t application : Applications{1, 1, 2}) Push(application);
  EXPECT_THAT(PopAll(), ElementsAre(1, 2, 1));
}

TEST_F(FairQueueTest, ARemovedRequestIsGone) {
  Push(1);
  FairQueueItem& second = Push(2);
  Push(3);
  queue_.Remove(second);
  EXPECT_FALSE(second.queued());
  EXPECT_EQ(queue_.size(), 2u);
  EXPECT_EQ(queue_.SizeOf(2), 0u);
  queue_.Remove(second);  // again: nothing
  EXPECT_THAT(PopAll(), ElementsAre(1, 3));
}

TEST_F(FairQueueTest, WhoWasIdleForARoundIsNext) {
  for (const std::uint64_t application : Applications{1, 1, 1, 2, 2, 2}) Push(application);
  queue_.Pop();
  queue_.Pop();
  queue_.Pop();  // 1, 2, 1: a round and more
  Push(3);
  EXPECT_THAT(PopAll(), ElementsAre(3, 2, 1, 2));
}

TEST_F(FairQueueTest, WhoComesBackWithinTheRoundWaitsForItsTurn) {
  for (const std::uint64_t application : Applications{1, 2, 2, 2, 3, 3, 3}) Push(application);
  queue_.Pop();
  Push(1);
  EXPECT_THAT(PopAll(), ElementsAre(2, 3, 1, 2, 3, 2, 3));
}

// One request at a time, the next as soon as it left: no more than one in each round.
TEST_F(FairQueueTest, ComingBackAtOnceGainsNothing) {
  for (int i = 0; i < 20; ++i) {
    Push(2);
    Push(3);
  }
  std::map<std::uint64_t, int> sent;
  for (int i = 0; i < 30; ++i) {
    if (queue_.SizeOf(1) == 0) Push(1);
    ++sent[queue_.Front()->application()];
    queue_.Pop();
  }
  EXPECT_THAT(sent, ElementsAre(Pair(1, 10), Pair(2, 10), Pair(3, 10)));
}

TEST_F(FairQueueTest, AnEmptyQueueRemembersNobody) {
  for (const std::uint64_t application : Applications{1, 2, 3}) Push(application);
  PopAll();
  for (const std::uint64_t application : Applications{2, 1}) Push(application);
  EXPECT_THAT(PopAll(), ElementsAre(2, 1));
}

TEST_F(FairQueueTest, AheadOfIsNeverLessThanWhatReallyLeavesBefore) {
  queue_.SetWeight(2, 2);
  for (const std::uint64_t application : Applications{1, 1, 2, 2, 2, 2, 2, 3}) Push(application);
  for (const std::uint64_t application : Applications{1, 2, 3, 4}) {
    const std::size_t estimate = queue_.AheadOf(application);
    FairQueueItem mine(application);
    queue_.Push(mine);
    std::size_t before = 0;
    std::vector<FairQueueItem*> popped;
    while (queue_.Front() != &mine) {
      popped.push_back(queue_.Front());
      queue_.Pop();
      ++before;
    }
    EXPECT_LE(before, estimate) << "application " << application;
    while (!queue_.empty()) queue_.Pop();
    for (const std::uint64_t again : Applications{1, 1, 2, 2, 2, 2, 2, 3}) Push(again);
  }
}

}  // namespace
}  // namespace gw
