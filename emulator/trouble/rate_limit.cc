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

bool RateLimit::Admit(TokenBucket::Time now) {
  const double rate = rate_per_s();
  if (rate <= 0) return true;
  const std::size_t unit = turn_.fetch_add(1, std::memory_order_relaxed) % units_.size();
  return units_[unit].Take(now, rate, burst_.load(std::memory_order_relaxed));
}

void RateLimit::SetRate(double rate_per_s) {
  burst_.store(DefaultBurst(rate_per_s), std::memory_order_relaxed);
  rate_per_s_.store(rate_per_s, std::memory_order_relaxed);
}

}  // namespace gw::emulator
