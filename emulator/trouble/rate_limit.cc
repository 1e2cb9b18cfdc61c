// Room: emulator/trouble.
#include "emulator/trouble/rate_limit.h"

#include <algorithm>

namespace gw::emulator {

bool TokenBucket::Take(Time now, double rate, double burst) {
  const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
  const auto per_token = static_cast<std::int64_t>(1e9 / rate);
  const auto depth = static_cast<std::int64_t>(1e9 / rate * burst);
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t next = std::max(full_at, now_ns) + per_token;
    if (next - now_ns > depth) return false;
    if (full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return true;
  }
}

Turn RateLimit::Take(TokenBucket::Time now) {
  const double rate = rate_per_s();
  if (rate <= 0 && !any_down_.load(std::memory_order_relaxed)) return Turn::kTaken;
  Unit& unit = units_[turn_.fetch_add(1, std::memory_order_relaxed) % units_.size()];
  if (unit.down.load(std::memory_order_relaxed)) return Turn::kUnitDown;
  if (rate <= 0) return Turn::kTaken;
  return unit.bucket.Take(now, rate, burst_.load(std::memory_order_relaxed)) ? Turn::kTaken
                                                                             : Turn::kAboveRate;
}

void RateLimit::SetRate(double rate_per_s, double burst) {
  burst_.store(burst, std::memory_order_relaxed);
  rate_per_s_.store(rate_per_s, std::memory_order_relaxed);
}

void RateLimit::SetDown(const std::vector<std::size_t>& numbers) {
  for (std::size_t number = 1; number <= units_.size(); ++number) {
    const bool down = std::ranges::find(numbers, number) != numbers.end();
    units_[number - 1].down.store(down, std::memory_order_relaxed);
  }
  any_down_.store(!numbers.empty(), std::memory_order_relaxed);
}

}  // namespace gw::emulator
