// Room: bench/measure. Planned starts.
#include "bench/measure/pacer.h"

#include <algorithm>
#include <cmath>

namespace gw::bench {

SteadyTime Pacer::At(std::uint64_t n) const {
  // Whole seconds and the rest apart: a double has not enough digits for nanoseconds over days.
  const double seconds = static_cast<double>(n) / rate_per_s_;
  const double whole = std::floor(seconds);
  return start_ + std::chrono::seconds(static_cast<std::int64_t>(whole)) +
         std::chrono::nanoseconds(std::llround((seconds - whole) * 1e9));
}

std::optional<SteadyTime> Pacer::PlannedStart(std::uint64_t n) const {
  const SteadyTime planned = At(n);
  if (planned >= end_) return std::nullopt;
  return planned;
}

std::uint64_t Pacer::DueBefore(SteadyTime now) const {
  const SteadyTime until = std::min(now, end_);
  if (until <= start_) return 0;
  const double seconds = std::chrono::duration<double>(until - start_).count();
  auto due = static_cast<std::uint64_t>(std::ceil(seconds * rate_per_s_));
  // The product is rounded; the planned starts themselves decide.
  while (due > 0 && At(due - 1) >= until) --due;
  while (At(due) < until) ++due;
  return due;
}

}  // namespace gw::bench
