// Room: keystore. May include: core. Counts what the writer thread does and says in the log when
// the keystore stops and starts to work. Touches memory only.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/keystore/commit_queue.h"

namespace gw {

// Thread: the writer's.
class CommitMonitor {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  explicit CommitMonitor(const Clock& clock);

  SteadyTime Start() const { return clock_.Now(); }
  // Takes note of the results of `batch`.
  void Finish(SteadyTime start, std::span<const std::unique_ptr<PendingCommit>> batch);

 private:
  void LogFailure(const Error& error);
  void LogRecovery();

  // Constant after construction.
  const Clock& clock_;
  prometheus::Counter& done_;
  prometheus::Counter& failed_;
  prometheus::Histogram& seconds_;
  prometheus::Histogram& batch_size_;

  // Errors come once per batch while a disk is full; one line each kRepeat is enough.
  std::string last_failure_;
  SteadyTime last_logged_{};
};

}  // namespace gw
