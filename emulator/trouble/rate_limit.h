// Room: emulator/trouble. "Up to 500 requests per second per crypto unit": one token bucket per
// unit.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

namespace gw::emulator {

// A token bucket kept as the instant at which it would be full again (GCRA): one atomic number, no
// lock.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Takes one token, if there is one. `rate` per second and `burst` tokens; the bucket starts full.
  bool Take(Time now, double rate, double burst);

 private:
  std::atomic<std::int64_t> full_at_ns_{0};
};

enum class Turn : std::uint8_t { kTaken, kAboveRate, kUnitDown };

// Requests go to the units in turn, as the service spreads them. A unit that is down still gets its
// share, and fails it.
// Threads: any.
class RateLimit {
 public:
  RateLimit(std::size_t units, double rate_per_s, double burst)
      : units_(units), rate_per_s_(rate_per_s), burst_(burst) {}

  Turn Take(TokenBucket::Time now);
  // 0: unlimited.
  void SetRate(double rate_per_s, double burst);
  void SetRate(double rate_per_s) { SetRate(rate_per_s, DefaultBurst(rate_per_s)); }
  double rate_per_s() const { return rate_per_s_.load(std::memory_order_relaxed); }
  // These are down from here on, and no others. Numbers from 1 to units().
  void SetDown(const std::vector<std::size_t>& numbers);
  std::size_t units() const { return units_.size(); }

  static double DefaultBurst(double rate_per_s) { return rate_per_s < 10 ? 1 : rate_per_s / 10; }

 private:
  struct Unit {
    TokenBucket bucket;
    std::atomic<bool> down{false};
  };
  std::deque<Unit> units_;  // constant in number; a deque because units cannot move
  std::atomic<bool> any_down_{false};
  std::atomic<double> rate_per_s_;
  std::atomic<double> burst_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace gw::emulator
