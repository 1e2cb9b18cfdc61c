// Room: emulator/trouble. Everything that can be made to go wrong, in one place that control/
// writes and service/ and iam/ read.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "daemon/core/thread_annotations.h"
#include "emulator/trouble/latency.h"
#include "emulator/trouble/rate_limit.h"

namespace gw::emulator {

// A failure to hand out `remaining` times.
struct RpcFault {
  static constexpr std::uint64_t kUntilCleared = ~std::uint64_t{0};
  // kStatus: instead of the card's work. The others let the card work and spoil its answer: late,
  // the connection broken instead, octets that are no message, a message without fields, more than
  // anybody asked for.
  enum class Kind : std::uint8_t { kStatus, kLate, kDropped, kGarbage, kEmpty, kHuge };

  std::string rpc;  // "*": any
  int grpc_code = 0;
  std::uint64_t rv = 0;  // not 0: a Grep11Error with this code as detail
  bool retry = false;
  std::uint64_t remaining = 1;
  Kind kind = Kind::kStatus;
  double chance = 1;     // of each request that it could hit
  Nanoseconds delay{0};  // kLate
};

// kRefusing: no key is known. kFailing: status 503.
enum class IamMode : std::uint8_t { kOk, kDown, kSlow, kRefusing, kFailing };

// What can be done to the connections of the gRPC server while it runs. On the emulator's loop.
class ConnectionTrouble {
 public:
  virtual ~ConnectionTrouble() = default;
  // Breaks all of them in the midst of what they carry.
  virtual void DropAll() = 0;
  // Asks every client to go to a new connection (HTTP/2 GOAWAY); requests under way end as usual.
  virtual void SendGoaway() = 0;
};

// Threads: any. A request that meets no trouble takes no lock but one to read the latency snapshot.
class Trouble {
 public:
  Trouble(Latency latency, std::size_t units, double rate_per_s, double burst)
      : rate_(units, rate_per_s, burst), latency_(std::make_shared<const Latency>(latency)) {}

  Nanoseconds SampleLatency();
  void SetLatency(Latency latency);

  RateLimit& rate() { return rate_; }

  // The first fault for this RPC that chance does not spare, counted down.
  std::optional<RpcFault> TakeFault(std::string_view rpc);
  void AddFault(RpcFault fault);
  // Of the chances of faults from here on.
  void Seed(std::uint64_t seed);
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
  std::mt19937_64 chances_ GW_GUARDED_BY(mutex_){1};
};

}  // namespace gw::emulator
