// Room: tests/support. Time that moves when the test says so. Thread: any.
#pragma once

#include <atomic>
#include <chrono>

#include "daemon/core/clock.h"

namespace gw::test {

// Starts at the real time, so that deadlines made from it also make sense to real timers.
class ManualClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return start_ + offset_.load(); }
  std::chrono::system_clock::time_point WallNow() const override {
    return wall_start_ +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(offset_.load());
  }
  void Advance(std::chrono::nanoseconds by) { offset_ = offset_.load() + by; }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const std::chrono::system_clock::time_point wall_start_ = std::chrono::system_clock::now();
  std::atomic<std::chrono::nanoseconds> offset_{std::chrono::nanoseconds(0)};
};

}  // namespace gw::test
