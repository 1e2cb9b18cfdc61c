// Tests for daemon/keystore/commit_queue.h.
#include "daemon/keystore/commit_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

// An engine that gives consecutive numbers, and whose first batch waits until it is let go.
class SlowEngine {
 public:
  void Run(std::span<const std::unique_ptr<PendingCommit>> batch) {
    if (batches.empty()) {
      entered.release();
      go.acquire();
    }
    batches.push_back(batch.size());
    for (const auto& pending : batch) pending->result = RecordNumbers{++last};
  }

  std::binary_semaphore entered{0};
  std::binary_semaphore go{0};
  std::vector<std::size_t> batches;
  std::uint64_t last = 0;
};

Awaitable<void> AwaitQueue(CommitQueue* queue, std::vector<std::uint64_t>* order) {
  Mutation mutation;
  Result<RecordNumbers> result = co_await queue->Commit(std::move(mutation));
  order->push_back(result.ok() ? result->front() : 0);
}

void Spawn(boost::asio::io_context& loop, CommitQueue& queue, std::vector<std::uint64_t>& order) {
  boost::asio::co_spawn(loop, AwaitQueue(&queue, &order), boost::asio::detached);
}

TEST(CommitQueueTest, WhatWaitsTogetherRunsTogetherUpToTheLimit) {
  SlowEngine engine;
  CommitQueue queue([&](auto batch) { engine.Run(batch); }, 4);
  boost::asio::io_context loop{1};
  std::vector<std::uint64_t> order;
  Spawn(loop, queue, order);
  loop.poll();
  engine.entered.acquire();
  for (int i = 0; i < 10; ++i) Spawn(loop, queue, order);
  loop.poll();
  engine.go.release();
  loop.run();
  EXPECT_EQ(engine.batches, (std::vector<std::size_t>{1, 4, 4, 2}));
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(CommitQueueTest, AnswersArriveOnTheWaitersThread) {
  CommitQueue queue(
      [](auto batch) {
        for (const auto& pending : batch) pending->result = RecordNumbers{1};
      },
      8);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      boost::asio::io_context loop{1};
      std::vector<std::uint64_t> order;
      for (int j = 0; j < 200; ++j) Spawn(loop, queue, order);
      // run() returns by itself: the work guard ends with the answer.
      loop.run();
      if (order.size() != 200) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(CommitQueueTest, StopRunsWhatWasAccepted) {
  SlowEngine engine;
  CommitQueue queue([&](auto batch) { engine.Run(batch); }, 4);
  boost::asio::io_context loop{1};
  std::vector<std::uint64_t> order;
  Spawn(loop, queue, order);
  loop.poll();
  engine.entered.acquire();
  for (int i = 0; i < 5; ++i) Spawn(loop, queue, order);
  loop.poll();
  std::thread stopper([&] { queue.Stop(); });
  engine.go.release();
  stopper.join();
  EXPECT_TRUE(order.empty()) << "nothing runs outside the loop";
  loop.run();
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(CommitQueueTest, CommitAfterStopIsRefused) {
  CommitQueue queue([](auto) { FAIL() << "nothing may run"; }, 4);
  queue.Stop();
  queue.Stop();
  boost::asio::io_context loop{1};
  std::optional<Result<RecordNumbers>> answer;
  std::vector<std::uint64_t> order;
  Spawn(loop, queue, order);
  loop.run();
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0}));
}

// A loop that is gone before the answer must not take the writer thread with it.
TEST(CommitQueueTest, AnswerForAStoppedLoopIsDropped) {
  SlowEngine engine;
  std::vector<std::uint64_t> order;
  boost::asio::io_context loop{1};
  CommitQueue queue([&](auto batch) { engine.Run(batch); }, 4);
  Spawn(loop, queue, order);
  loop.poll();
  engine.entered.acquire();
  loop.stop();
  engine.go.release();
  queue.Stop();
  EXPECT_TRUE(order.empty());
}

}  // namespace
}  // namespace gw
