// Room: emulator/trouble. "Up to 500 requests per second per crypto unit": one token bucket per
// unit.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>

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

// Requests go to the units in turn, as the service spreads them.
// Threads: any.
class RateLimit {
 public:
  RateLimit(std::size_t units, double rate_per_s, double burst)
      : units_(units), rate_per_s_(rate_per_s), burst_(burst) {}

  bool Admit(TokenBucket::Time now);
  // 0: unlimited. The burst becomes a tenth of a second's worth.
  void SetRate(double rate_per_s);
  double rate_per_s() const { return rate_per_s_.load(std::memory_order_relaxed); }

  static double DefaultBurst(double rate_per_s) { return rate_per_s < 10 ? 1 : rate_per_s / 10; }

 private:
  std::deque<TokenBucket> units_;  // constant in number; a deque because buckets cannot move
  std::atomic<double> rate_per_s_;
  std::atomic<double> burst_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace gw::emulator
