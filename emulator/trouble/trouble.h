// Room: emulator/trouble. Everything that can be made to go wrong, in one place that control/
// writes and service/ and iam/ read.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "daemon/core/thread_annotations.h"
#include "emulator/trouble/latency.h"
#include "emulator/trouble/rate_limit.h"

namespace gw::emulator {

// How often something is still to happen.
inline constexpr std::uint64_t kUntilCleared = ~std::uint64_t{0};

// A failure to hand out `remaining` times.
struct RpcFault {
  // kStatus: instead of the card's work. The others let the card work and spoil its answer: late,
  // the connection broken instead, octets that are no message, a message without fields, more than
  // anybody asked for. Two leave it as it is: kGoaway sends all clients to new connections when the
  // request arrives, kPass does nothing at all.
  enum class Kind : std::uint8_t {
    kStatus,
    kLate,
    kDropped,
    kGarbage,
    kEmpty,
    kHuge,
    kGoaway,
    kPass
  };

  std::string rpc;  // "*": any
  int grpc_code = 0;
  std::uint64_t rv = 0;  // not 0: a Grep11Error with this code as detail
  bool retry = false;
  std::uint64_t remaining = 1;
  Kind kind = Kind::kStatus;
  double chance = 1;     // of each request that it could hit
  Nanoseconds delay{0};  // kLate
};

// kRefusing: no key is known. kGarbage: status 200 and something that is no token.
enum class IamMode : std::uint8_t { kOk, kDown, kSlow, kRefusing, kFailing, kGarbage };
struct IamFault {
  IamMode mode = IamMode::kOk;
  Nanoseconds delay{0};   // kSlow
  unsigned status = 503;  // kFailing
  std::uint64_t remaining = kUntilCleared;
};

// What can be done to the connections of the gRPC server while it runs. On the emulator's loop.
class ConnectionTrouble {
 public:
  virtual ~ConnectionTrouble() = default;
  // Breaks all of them in the midst of what they carry.
  virtual void DropAll() = 0;
  // Asks every client to go to a new connection (HTTP/2 GOAWAY); requests under way end as usual.
  virtual void SendGoaway() = 0;
};

// Threads: any. A request that meets no fault takes no lock: latencies are a snapshot that each
// thread keeps until there is a newer one.
class Trouble {
 public:
  Trouble(Latency latency, std::size_t units, double rate_per_s, double burst);

  Nanoseconds SampleLatency(std::string_view rpc);
  // Of every RPC that has none of its own.
  void SetLatency(Latency latency);
  // Of one RPC; nothing: as the others.
  void SetLatency(const std::string& rpc, std::optional<Latency> latency);

  RateLimit& rate() { return rate_; }

  // The first fault for this RPC that chance does not spare, counted down.
  std::optional<RpcFault> TakeFault(std::string_view rpc);
  void AddFault(RpcFault fault);
  // Of the chances of faults from here on.
  void Seed(std::uint64_t seed);
  // Faults of RPCs, latency, rate and IAM as they were at start are the caller's business; this
  // drops RPC faults only.
  void ClearFaults();

  // What the next request to the token endpoint meets, counted down.
  IamFault TakeIam();
  // With a count it waits behind others that have one; without, it drops those and lasts.
  void SetIam(IamFault fault);

  // Certificates of the connections to come.
  std::atomic<bool>& grep11_certificate_expired() { return grep11_certificate_expired_; }
  std::atomic<bool>& iam_certificate_expired() { return iam_certificate_expired_; }

 private:
  struct Latencies {
    Latency others;
    std::map<std::string, Latency, std::less<>> own;
  };
  // What a thread has seen last.
  struct Seen {
    std::uint64_t version = 0;
    std::shared_ptr<const Latencies> latencies;
  };
  void Publish(Latencies latencies) GW_REQUIRES(mutex_);

  RateLimit rate_;
  std::atomic<bool> any_fault_{false};
  std::atomic<bool> any_latency_{false};
  std::atomic<std::uint64_t> latency_version_{0};  // of all Trouble there is: no two have the same
  std::atomic<bool> grep11_certificate_expired_{false};
  std::atomic<bool> iam_certificate_expired_{false};
  Mutex mutex_;
  std::shared_ptr<const Latencies> latencies_ GW_GUARDED_BY(mutex_);
  IamFault iam_ GW_GUARDED_BY(mutex_);
  std::deque<IamFault> counted_iam_ GW_GUARDED_BY(mutex_);
  std::deque<RpcFault> faults_ GW_GUARDED_BY(mutex_);
  std::mt19937_64 chances_ GW_GUARDED_BY(mutex_){1};
};

}  // namespace gw::emulator
