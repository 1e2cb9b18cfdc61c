// Room: emulator/trouble. How long the HSM takes: a distribution, from text, sampled per request.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace gw::emulator {

using Nanoseconds = std::chrono::nanoseconds;

// "250us", "5ms", "2s", "1.5ms", "0". Nothing if it is not a duration or negative.
std::optional<Nanoseconds> ParseDuration(std::string_view text);

// Immutable value.
class Latency {
 public:
  // None at all.
  Latency() = default;

  // "5ms"                     always
  // "normal:2ms,0.5ms"        mean and standard deviation, never below zero
  // "longtail:1ms,20ms,0.01"  the first, but with this probability the second
  // Nothing if the text is none of these.
  static std::optional<Latency> Parse(std::string_view text);

  Nanoseconds Sample(std::mt19937_64& random) const;
  bool zero() const { return kind_ == Kind::kFixed && first_ == Nanoseconds::zero(); }

 private:
  enum class Kind : std::uint8_t { kFixed, kNormal, kLongTail };
  static std::optional<Latency> ParseList(Kind kind, std::string_view list);

  Kind kind_ = Kind::kFixed;
  Nanoseconds first_{0};
  Nanoseconds second_{0};
  double probability_ = 0;
};

}  // namespace gw::emulator
