// Room: keystore. May include: core. The thread that writes for an engine: mutations that wait
// together are handed to it together.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "daemon/core/thread_annotations.h"
#include "daemon/keystore/keystore.h"

namespace gw {

using RecordNumbers = std::vector<std::uint64_t>;

// A mutation on its way through the writer thread. Whoever runs it sets `result`, then calls
// Complete() exactly once.
class PendingCommit {
 public:
  explicit PendingCommit(Mutation change) : mutation(std::move(change)) {}
  virtual ~PendingCommit() = default;
  PendingCommit(const PendingCommit&) = delete;
  PendingCommit& operator=(const PendingCommit&) = delete;

  // Posts the result to the executor of whoever waits; touches nothing of it here.
  virtual void Complete() = 0;

  const Mutation mutation;
  Result<RecordNumbers> result = RecordNumbers{};
};

// Owns the writer thread. Thread: Commit any, Stop once.
class CommitQueue {
 public:
  // Sets the result of each entry. Runs on the writer thread, never two at a time.
  using Run = std::function<void(std::span<const std::unique_ptr<PendingCommit>>)>;

  // At most `max_batch` entries go into one call of `run`.
  CommitQueue(Run run, std::size_t max_batch);
  ~CommitQueue();
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  Awaitable<Result<RecordNumbers>> Commit(Mutation mutation);

  // Runs what was accepted, then ends the thread. A Commit after it gets CKR_DEVICE_ERROR.
  void Stop();

 private:
  using Batch = std::vector<std::unique_ptr<PendingCommit>>;

  void Submit(std::unique_ptr<PendingCommit> pending);
  // Waits for work; empty when there will be none any more.
  Batch TakeBatch();
  void ThreadMain();

  // Constant after construction.
  const Run run_;
  const std::size_t max_batch_;

  Mutex mutex_;  // held to move pointers, never while a batch runs
  std::condition_variable_any arrived_;
  std::deque<std::unique_ptr<PendingCommit>> waiting_ GW_GUARDED_BY(mutex_);
  bool stopping_ GW_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace gw
