// Room: upstream. May include: core. Whether an endpoint is worth sending to.
#pragma once

#include <algorithm>
#include <chrono>

#include "daemon/core/async.h"

namespace gw {

// Judged by calls alone: after kFailuresToAvoid failures in a row the endpoint is avoided, and
// single calls probe it at intervals that double. A probe that hangs delays nobody: the next one is
// due after the interval all the same. Pure logic, loop only.
class Health {
 public:
  static constexpr unsigned kFailuresToAvoid = 3;
  static constexpr std::chrono::milliseconds kFirstInterval{100};
  static constexpr std::chrono::milliseconds kLongestInterval{15'000};
  // Between probes while no endpoint is good and calls wait: with the connections' own back-off
  // (endpoint.cc) it bounds how long an HSM that is back stays unnoticed.
  static constexpr std::chrono::milliseconds kLongestIntervalAlone{500};

  bool good() const { return good_; }
  // Meaningful while not good. `alone`: no other endpoint is good either.
  SteadyTime ProbeDue(bool alone) const {
    return last_ + (alone ? std::min(interval_, kLongestIntervalAlone) : interval_);
  }
  // A call may be sent: the endpoint is good, or a probe is due.
  bool Usable(SteadyTime now, bool alone) const { return good_ || now >= ProbeDue(alone); }

  // A call is sent. While the endpoint is ill that is a probe.
  void Sent(SteadyTime now) {
    if (!good_) Wait(now, std::min(interval_ * 2, kLongestInterval));
  }
  void Answered() {
    good_ = true;
    failures_ = 0;
  }
  // Failures of an endpoint that is ill already change nothing: its next probe is arranged.
  void Failed(SteadyTime now) {
    if (!good_ || ++failures_ < kFailuresToAvoid) return;
    good_ = false;
    Wait(now, kFirstInterval);
  }

 private:
  void Wait(SteadyTime from, std::chrono::milliseconds interval) {
    last_ = from;
    interval_ = interval;
  }

  bool good_ = true;
  unsigned failures_ = 0;
  SteadyTime last_{};  // of the ejection or of the last probe
  std::chrono::milliseconds interval_ = kFirstInterval;
};

}  // namespace gw
