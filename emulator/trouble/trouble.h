// Room: emulator/trouble. Everything that can be made to go wrong, in one place that control/
// writes and service/ and iam/ read.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "daemon/core/thread_annotations.h"
#include "emulator/trouble/latency.h"
#include "emulator/trouble/rate_limit.h"

namespace gw::emulator {

// A failure to hand out `remaining` times.
struct RpcFault {
  std::string rpc;  // "*": any
  int grpc_code = 0;
  std::uint64_t rv = 0;  // not 0: a Grep11Error with this code as detail
  bool retry = false;
  std::uint64_t remaining = 1;
};

enum class IamMode : std::uint8_t { kOk, kDown, kSlow };

// Threads: any. A request that meets no trouble takes no lock but one to read the latency snapshot.
class Trouble {
 public:
  Trouble(Latency latency, std::size_t units, double rate_per_s, double burst)
      : rate_(units, rate_per_s, burst), latency_(std::make_shared<const Latency>(latency)) {}

  Nanoseconds SampleLatency();
  void SetLatency(Latency latency);

  RateLimit& rate() { return rate_; }

  // The first fault for this RPC, counted down.
  std::optional<RpcFault> TakeFault(std::string_view rpc);
  void AddFault(RpcFault fault);
  // Faults of RPCs, latency, rate and IAM as they were at start are the caller's business; this
  // drops RPC faults only.
  void ClearFaults();

  IamMode iam() const { return iam_.load(std::memory_order_relaxed); }
  Nanoseconds iam_delay() const {
    return Nanoseconds(iam_delay_ns_.load(std::memory_order_relaxed));
  }
  void SetIam(IamMode mode, Nanoseconds delay);

 private:
  RateLimit rate_;
  std::atomic<bool> any_fault_{false};
  std::atomic<bool> any_latency_{true};
  std::atomic<IamMode> iam_{IamMode::kOk};
  std::atomic<std::int64_t> iam_delay_ns_{0};
  Mutex mutex_;
  std::shared_ptr<const Latency> latency_ GW_GUARDED_BY(mutex_);
  std::deque<RpcFault> faults_ GW_GUARDED_BY(mutex_);
};

}  // namespace gw::emulator
