// Room: emulator/trouble.
#include "emulator/trouble/latency.h"

#include <array>
#include <charconv>
#include <cmath>

namespace gw::emulator {
namespace {

struct Unit {
  std::string_view suffix;
  double nanoseconds;
};
// "s" last: the others end in it.
constexpr Unit kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
constexpr double kLongestNs = 3600e9;

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::isfinite(value) && value >= 0 ? std::optional(value) : std::nullopt;
}

std::string_view TakeUntilComma(std::string_view& text) {
  const std::size_t comma = text.find(',');
  const std::string_view taken = text.substr(0, comma);
  text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  return taken;
}

}  // namespace

std::optional<Nanoseconds> ParseDuration(std::string_view text) {
  if (text == "0") return Nanoseconds(0);
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto number = ParseNumber(text.substr(0, text.size() - unit.suffix.size()));
    if (number && *number * unit.nanoseconds <= kLongestNs) {
      return Nanoseconds(std::llround(*number * unit.nanoseconds));
    }
  }
  return std::nullopt;
}

std::optional<Latency> Latency::Parse(std::string_view text) {
  if (text.starts_with("normal:")) return ParseList(Kind::kNormal, text.substr(7));
  if (text.starts_with("longtail:")) return ParseList(Kind::kLongTail, text.substr(9));
  const auto fixed = ParseDuration(text);
  if (!fixed) return std::nullopt;
  Latency latency;
  latency.first_ = *fixed;
  return latency;
}

std::optional<Latency> Latency::ParseList(Kind kind, std::string_view list) {
  const auto first = ParseDuration(TakeUntilComma(list));
  const auto second = ParseDuration(TakeUntilComma(list));
  if (!first || !second) return std::nullopt;
  Latency latency;
  latency.kind_ = kind;
  latency.first_ = *first;
  latency.second_ = *second;
  if (kind == Kind::kNormal) return list.empty() ? std::optional(latency) : std::nullopt;
  const auto probability = ParseNumber(list);
  if (!probability || *probability > 1) return std::nullopt;
  latency.probability_ = *probability;
  return latency;
}

Nanoseconds Latency::Sample(std::mt19937_64& random) const {
  switch (kind_) {
    case Kind::kFixed:
      return first_;
    case Kind::kNormal: {
      std::normal_distribution<double> normal(static_cast<double>(first_.count()),
                                              static_cast<double>(second_.count()));
      return Nanoseconds(std::llround(std::max(0.0, normal(random))));
    }
    case Kind::kLongTail:
      return std::bernoulli_distribution(probability_)(random) ? second_ : first_;
  }
  return first_;
}

}  // namespace gw::emulator
