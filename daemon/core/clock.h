// Room: core. Time comes from here, so that tests can stop it.
#pragma once

#include <chrono>

namespace gw {

// Thread: any. The real one is RealClock(); tests/support/manual_clock.h has one that is moved by
// hand.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::steady_clock::time_point Now() const = 0;
  virtual std::chrono::system_clock::time_point WallNow() const = 0;
};

// Lives for ever.
const Clock& RealClock();

}  // namespace gw
