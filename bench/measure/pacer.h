// Room: bench/measure. When the n-th operation of an open loop is due. Includes std only; reads no
// clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace gw::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

// A fixed arrival rate: operation n is due at start + n / rate, whatever happened to the ones
// before it. Latency is counted from there, so a stall of the target shows in every operation that
// it delayed. Immutable; any thread.
class Pacer {
 public:
  // rate_per_s > 0; `end` may be SteadyTime::max().
  Pacer(SteadyTime start, SteadyTime end, double rate_per_s)
      : start_(start), end_(end), rate_per_s_(rate_per_s) {}

  // Nothing when operation n is not due before the end.
  std::optional<SteadyTime> PlannedStart(std::uint64_t n) const;
  // How many operations are due before `now` or the end, whichever is earlier.
  std::uint64_t DueBefore(SteadyTime now) const;

 private:
  SteadyTime At(std::uint64_t n) const;

  SteadyTime start_;
  SteadyTime end_;
  double rate_per_s_;
};

}  // namespace gw::bench
