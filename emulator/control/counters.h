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

// Names of results: "OK", a CKR_ name, or a gRPC status name.
// Threads: any. The usual case, a success, is one atomic increment.
class Counters {
 public:
  // `rpc_names` in the order of the numbers that CountRpc() is given.
  explicit Counters(std::vector<std::string> rpc_names);

  void CountSuccess(std::size_t rpc) { ok_[rpc].fetch_add(1, std::memory_order_relaxed); }
  void CountFailure(std::size_t rpc, std::string_view result);
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
    std::map<std::string, std::map<std::string, std::uint64_t>>
        by_rpc;  // only RPCs that were called
    std::uint64_t requests = 0;
    std::uint64_t connections = 0;
    std::uint64_t token_fetches = 0;  // tokens granted
    std::uint64_t token_refusals = 0;
    std::optional<std::uint64_t> canned_signatures;  // nothing: all were made
  };
  Snapshot Read() const;

 private:
  const std::vector<std::string> rpc_names_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> ok_;
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> token_fetches_{0};
  std::atomic<std::uint64_t> token_refusals_{0};
  bool reports_canned_ = false;  // set before the first request
  std::atomic<std::uint64_t> canned_signatures_{0};
  mutable Mutex mutex_;
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> failures_ GW_GUARDED_BY(mutex_);
};

// Lines of "name value" with a label in between; see docs/emulator.md.
std::string CountersText(const Counters::Snapshot& snapshot);
std::string CountersJson(const Counters::Snapshot& snapshot);

}  // namespace gw::emulator
