// Room: upstream. May include: core. Which request may go to which endpoint at which time: the pure
// logic of admission, driven by the times it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "daemon/core/async.h"
#include "daemon/core/result.h"
#include "daemon/upstream/fair_queue.h"
#include "daemon/upstream/health.h"
#include "daemon/upstream/throttle.h"

namespace gw {

struct EndpointLimits {
  double rate_per_s = 0;  // of the whole endpoint, all crypto units; 0: no limit
  double burst = 1;
  std::uint32_t max_outstanding = 256;
};

// What a finished request says about the endpoint it went to.
// kRefused: it answers, but wants fewer requests.
enum class Verdict : std::uint8_t { kNone, kAnswered, kFailed, kRefused };

inline constexpr std::size_t kNoEndpoint = static_cast<std::size_t>(-1);

// A request that waits for its turn. Lives in the frame of the waiting coroutine.
class WaitingRequest : public FairQueueItem {
 public:
  enum class State : std::uint8_t { kWaiting, kGranted, kTooLate };

  WaitingRequest(std::uint64_t application, Deadline deadline, std::size_t avoid)
      : FairQueueItem(application), deadline_(deadline), avoid_(avoid) {}
  virtual ~WaitingRequest() = default;

  State state() const { return state_; }
  std::size_t endpoint() const { return endpoint_; }  // once granted

 private:
  friend class Budget;
  // The state left kWaiting. Must not call back into the budget.
  virtual void Decided() = 0;

  const Deadline deadline_;
  const std::size_t avoid_;
  State state_ = State::kWaiting;
  std::size_t endpoint_ = kNoEndpoint;
  std::multimap<SteadyTime, WaitingRequest*>::iterator expiry_;
};

// All endpoints of one token with the queue in front of them. Loop only.
// Choice: of two random endpoints that have rate and room left, the one with fewer requests in
// flight. Ill endpoints get single probes. With all of them ill, requests wait in the queue until a
// probe is answered, so that an outage shorter than their deadlines costs time and nothing else.
class Budget {
 public:
  static constexpr std::size_t kMostQueuedPerApplication = 1024;

  Budget(std::vector<EndpointLimits> limits, std::uint32_t seed);

  void SetWeight(std::uint64_t application, unsigned weight) {
    queue_.SetWeight(application, weight);
  }

  // The way without waiting; nullopt: others wait already, or nothing is free. `avoid`: endpoint
  // that just failed, taken only if there is no other; kNoEndpoint for none.
  std::optional<std::size_t> TryTake(SteadyTime now, std::size_t avoid);
  // Queues `request`, to be decided by a later Advance() or Release().
  //   errors  CKR_DEVICE_MEMORY  the application's queue is full, or its turn cannot come before
  //                              the deadline
  Status Enqueue(WaitingRequest& request, SteadyTime now);
  // Takes an undecided request out.
  void Withdraw(WaitingRequest& request);
  // A request that was granted `endpoint` ended.
  void Release(std::size_t endpoint, Verdict verdict, SteadyTime now);
  // Decides whatever can be decided at `now`.
  void Advance(SteadyTime now);
  // Decides everything that waits: too late.
  void RefuseAll();
  // When Advance() has something to do next; max(): nothing waits.
  SteadyTime NextAdvance(SteadyTime now);

  std::size_t queued() const { return queue_.size(); }
  std::uint32_t OutstandingOf(std::size_t endpoint) const {
    return endpoints_[endpoint].outstanding;
  }
  bool Good(std::size_t endpoint) const { return endpoints_[endpoint].health.good(); }
  // Share of the endpoint's rate in use: 1 unless it refused requests for their number.
  double Factor(std::size_t endpoint, SteadyTime now) {
    return endpoints_[endpoint].bucket.Factor(now);
  }
  bool AnyGood() const;

 private:
  struct Endpoint {
    explicit Endpoint(const EndpointLimits& limits)
        : bucket(limits.rate_per_s, limits.burst), max_outstanding(limits.max_outstanding) {}
    ThrottledBucket bucket;
    Health health;
    std::uint32_t outstanding = 0;
    std::uint32_t max_outstanding;
  };

  static bool Free(Endpoint& endpoint, SteadyTime now, bool alone);
  std::size_t LessBusy();
  std::optional<std::size_t> Choose(SteadyTime now, std::size_t avoid);
  void Take(std::size_t endpoint, SteadyTime now);
  bool ComesTooLate(const WaitingRequest& request, SteadyTime now);
  void Expire(SteadyTime now);
  void Decide(WaitingRequest& request, WaitingRequest::State state);

  std::vector<Endpoint> endpoints_;
  FairQueue queue_;
  std::multimap<SteadyTime, WaitingRequest*> expiries_;
  std::minstd_rand random_;
  std::vector<std::size_t> free_;  // scratch of Choose()
};

}  // namespace gw
