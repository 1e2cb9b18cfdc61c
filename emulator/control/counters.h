// Room: emulator/control. What was asked of the emulator, exactly: a request is counted before its
// reply leaves, so whoever has the reply finds it counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/thread_annotations.h"

namespace gw::emulator {

// Results by name, of whatever they are counted for: "OK", a CKR_ name, or a gRPC status name.
using ResultCounts = std::map<std::string, std::map<std::string, std::uint64_t>>;

// Counts of results by one thing: RPC, mechanism or identity.
// Threads: any. The usual case, a success, is one atomic increment.
class Tally {
 public:
  // `names` in the order of the numbers that things are counted under.
  explicit Tally(std::vector<std::string> names);

  void CountSuccess(std::size_t number) { ok_[number].fetch_add(1, std::memory_order_relaxed); }
  void CountFailure(std::size_t number, std::string_view result);
  void Reset();
  // Only what was counted.
  ResultCounts Read() const;

 private:
  const std::vector<std::string> names_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> ok_;
  mutable Mutex mutex_;
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> failures_ GW_GUARDED_BY(mutex_);
};

// What a request is counted under, by number.
struct CountedCall {
  std::size_t rpc = 0;
  std::optional<std::size_t> mechanism;  // nothing: the request names none, or was not read
  std::optional<std::size_t> identity;   // nothing: nobody, or nobody asked
};

// Threads: any.
class Counters {
 public:
  Counters(std::vector<std::string> rpcs, std::vector<std::string> mechanisms,
           std::vector<std::string> identities);

  void CountSuccess(const CountedCall& call);
  void CountFailure(const CountedCall& call, std::string_view result);
  void CountConnection() { connections_.fetch_add(1, std::memory_order_relaxed); }
  void CountTokenRequest(bool granted);
  // From here on canned signatures are reported: what they are counted with.
  std::atomic<std::uint64_t>& ReportCanned() {
    reports_canned_ = true;
    return canned_signatures_;
  }
  // All to zero.
  void Reset();

  struct Snapshot {
    ResultCounts by_rpc;
    ResultCounts by_mechanism;
    ResultCounts by_identity;
    std::uint64_t requests = 0;
    std::uint64_t connections = 0;
    std::uint64_t token_fetches = 0;  // tokens granted
    std::uint64_t token_refusals = 0;
    std::optional<std::uint64_t> canned_signatures;  // nothing: all were made
  };
  Snapshot Read() const;

 private:
  Tally rpcs_;
  Tally mechanisms_;
  Tally identities_;
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> token_fetches_{0};
  std::atomic<std::uint64_t> token_refusals_{0};
  bool reports_canned_ = false;  // set before the first request
  std::atomic<std::uint64_t> canned_signatures_{0};
};

// Lines of "name value" with a label in between; see docs/emulator.md.
std::string CountersText(const Counters::Snapshot& snapshot);
std::string CountersJson(const Counters::Snapshot& snapshot);

}  // namespace gw::emulator
