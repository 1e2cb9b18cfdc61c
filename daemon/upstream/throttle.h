// Room: upstream. May include: core. An endpoint's rate, less after it said that this is too much.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "daemon/core/async.h"
#include "daemon/upstream/token_bucket.h"

namespace gw {

// A token bucket whose rate is cut when the endpoint refuses requests for their number, and comes
// back slowly: several hosts that share a crypto unit find their shares by it. Without a configured
// rate the cut begins at the rate of the last second, and the limit goes when it has recovered.
// Pure logic: time is passed in and never runs backwards. Loop only.
class ThrottledBucket {
 public:
  static constexpr double kCut = 0.7;
  static constexpr double kLeastFactor = 0.02;
  static constexpr double kRecoveryPerS = 0.05;  // of the full rate
  // Refusals that come together are one: they answer requests sent before the cut.
  static constexpr std::chrono::milliseconds kOneRefusal{250};

  ThrottledBucket(double rate_per_s, double burst)
      : full_(rate_per_s, burst), slowed_(rate_per_s, burst), burst_(burst) {}

  // What the configuration says, whatever the throttle.
  const TokenBucket& full() const { return full_; }
  TokenBucket& full() { return full_; }
  // Share of the full rate in use; 1: not throttled.
  double Factor(SteadyTime now) {
    Recover(now);
    return factor_;
  }
  bool throttled() const { return factor_ < 1; }

  bool Has(SteadyTime now) { return full_.Has(now) && (!Throttled(now) || slowed_.Has(now)); }
  void Take(SteadyTime now) {
    full_.Take();
    if (Throttled(now)) slowed_.Take();
    if (full_.unlimited()) NoteRate(now);
  }
  // When the next request may leave; `now` if at once.
  SteadyTime NextAt(SteadyTime now) {
    const SteadyTime next = full_.NextAt(now);
    return Throttled(now) ? std::max(next, slowed_.NextAt(now)) : next;
  }
  // The endpoint refused a request for its load.
  void Slow(SteadyTime now) {
    Recover(now);
    if (factor_ < 1 && now - slowed_at_ < kOneRefusal) return;
    if (factor_ == 1) base_per_s_ = full_.unlimited() ? std::max(recent_, 1.0) : full_.rate_per_s();
    slowed_at_ = recovered_at_ = now;
    factor_ = std::max(kLeastFactor, factor_ * kCut);
    Apply(now);
  }

 private:
  bool Throttled(SteadyTime now) {
    Recover(now);
    return throttled();
  }
  void Recover(SteadyTime now) {
    if (factor_ == 1) return;
    const std::chrono::duration<double> elapsed = now - recovered_at_;
    factor_ = std::min(1.0, factor_ + elapsed.count() * kRecoveryPerS);
    recovered_at_ = now;
    Apply(now);
  }
  void Apply(SteadyTime now) {
    slowed_.SetRate(now, std::max(1.0, base_per_s_ * factor_), std::max(1.0, burst_ * factor_));
  }
  // Requests of the last second, the older the less they count.
  void NoteRate(SteadyTime now) {
    const std::chrono::duration<double> elapsed = now - noted_at_;
    recent_ = recent_ * std::exp(-elapsed.count()) + 1;
    noted_at_ = now;
  }

  TokenBucket full_;
  TokenBucket slowed_;  // in use while factor_ < 1
  const double burst_;
  double factor_ = 1;
  double base_per_s_ = 0;  // what factor_ is a share of
  SteadyTime slowed_at_{};
  SteadyTime recovered_at_{};
  double recent_ = 0;
  SteadyTime noted_at_{};
};

}  // namespace gw
