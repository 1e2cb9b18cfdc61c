// Room: upstream. May include: core. The request rate of one endpoint.
#pragma once

#include <algorithm>
#include <chrono>

#include "daemon/core/async.h"

namespace gw {

// `rate_per_s` requests a second on the average, at most `burst` at once. Rate 0: no limit. Pure
// logic: time is passed in and never runs backwards. Loop only.
class TokenBucket {
 public:
  TokenBucket(double rate_per_s, double burst) : rate_per_s_(rate_per_s), burst_(burst) {}

  bool unlimited() const { return rate_per_s_ <= 0; }
  double rate_per_s() const { return rate_per_s_; }

  // Requests that could leave now.
  double Available(SteadyTime now) {
    if (!started_) {
      started_ = true;
      level_ = burst_;
      refilled_ = now;
    }
    const std::chrono::duration<double> elapsed = now - refilled_;
    level_ = std::min(burst_, level_ + elapsed.count() * rate_per_s_);
    refilled_ = now;
    return level_;
  }
  bool Has(SteadyTime now) { return unlimited() || Available(now) >= 1; }
  void Take() {
    if (!unlimited()) level_ -= 1;
  }
  // From now on. What has gathered until then stays, up to the new burst.
  void SetRate(SteadyTime now, double rate_per_s, double burst) {
    Available(now);
    rate_per_s_ = rate_per_s;
    burst_ = burst;
    level_ = std::min(level_, burst_);
  }
  // When the next request may leave; `now` if at once.
  SteadyTime NextAt(SteadyTime now) {
    if (Has(now)) return now;
    const double missing_s = (1 - level_) / rate_per_s_;
    // One more nanosecond: rounding must not wake us just too early.
    return now + std::chrono::nanoseconds(static_cast<std::int64_t>(missing_s * 1e9) + 1);
  }

 private:
  double rate_per_s_;
  double burst_;
  double level_ = 0;
  SteadyTime refilled_{};
  bool started_ = false;
};

}  // namespace gw
