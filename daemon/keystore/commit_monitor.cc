// Room: keystore.
#include "daemon/keystore/commit_monitor.h"

#include "daemon/core/log.h"
#include "daemon/core/metrics.h"

namespace gw {
namespace {

constexpr auto kRepeat = std::chrono::seconds(10);

prometheus::Family<prometheus::Counter>& Commits() {
  return metrics::CounterFamily("grep11_keystore_commits_total",
                                "Keystore changes, by what became of them");
}

}  // namespace

CommitMonitor::CommitMonitor(const Clock& clock)
    : clock_(clock),
      done_(Commits().Add({{"result", "done"}})),
      failed_(Commits().Add({{"result", "failed"}})),
      seconds_(metrics::HistogramFamily("grep11_keystore_transaction_seconds",
                                        "Time of a keystore transaction, disk sync included")
                   .Add({}, metrics::LatencyBuckets())),
      batch_size_(metrics::HistogramFamily("grep11_keystore_batch_changes",
                                           "Keystore changes that shared one transaction")
                      .Add({}, prometheus::Histogram::BucketBoundaries{1, 2, 4, 8, 16, 32, 64, 128,
                                                                       256, 512})) {}

void CommitMonitor::Finish(SteadyTime start,
                           std::span<const std::unique_ptr<PendingCommit>> batch) {
  seconds_.Observe(std::chrono::duration<double>(clock_.Now() - start).count());
  batch_size_.Observe(static_cast<double>(batch.size()));
  bool any_done = false;
  for (const auto& pending : batch) {
    if (pending->result.ok()) {
      any_done = true;
      done_.Increment();
    } else {
      failed_.Increment();
      // A lost race (kState) is the caller's affair; everything else is the keystore's.
      if (pending->result.error().kind == ErrorKind::kUpstream) LogFailure(pending->result.error());
    }
  }
  if (any_done) LogRecovery();
}

void CommitMonitor::LogFailure(const Error& error) {
  const SteadyTime now = clock_.Now();
  if (error.detail == last_failure_ && now - last_logged_ < kRepeat) return;
  last_failure_ = error.detail;
  last_logged_ = now;
  log::Error("{}", error.detail);
}

void CommitMonitor::LogRecovery() {
  if (last_failure_.empty()) return;
  last_failure_.clear();
  log::Warn("keystore: changes are stored again");
}

}  // namespace gw
