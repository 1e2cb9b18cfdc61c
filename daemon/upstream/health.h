// Room: upstream. May include: core. Whether an endpoint is worth sending to.
#pragma once

#include <chrono>

#include "daemon/core/async.h"

namespace gw {

// Judged by calls alone: after kFailuresToAvoid failures in a row the endpoint is avoided for a
// while that doubles each time; then one call probes it. Pure logic, loop only.
class Health {
 public:
  static constexpr unsigned kFailuresToAvoid = 3;
  static constexpr std::chrono::milliseconds kFirstAvoidance{250};
  static constexpr std::chrono::milliseconds kLongestAvoidance{15'000};

  // A call may be sent: the endpoint is good, or its probe is due.
  bool Usable(SteadyTime now) const { return good_ || (now >= avoid_until_ && !probing_); }
  bool good() const { return good_; }
  bool probing() const { return probing_; }
  // Meaningful while not good: when the probe is due.
  SteadyTime avoid_until() const { return avoid_until_; }

  // A call is sent; if it is the probe, no other goes before its end.
  void Sent(SteadyTime now) {
    if (!good_ && now >= avoid_until_) probing_ = true;
  }
  void Answered() {
    good_ = true;
    probing_ = false;
    failures_ = 0;
    avoidance_ = kFirstAvoidance;
  }
  void Failed(SteadyTime now);
  // The call ended without saying anything about the endpoint.
  void EndedSilently() { probing_ = false; }

 private:
  bool good_ = true;
  bool probing_ = false;
  unsigned failures_ = 0;
  std::chrono::milliseconds avoidance_ = kFirstAvoidance;
  SteadyTime avoid_until_{};
};

}  // namespace gw
