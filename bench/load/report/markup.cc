// Room: bench/load.
#include "bench/load/report/markup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace gw::bench {
namespace {

std::string Fixed(double value, int decimals) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  std::string number(text.data(), static_cast<std::size_t>(length));
  if (number.find('.') != std::string::npos) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
  }
  return number == "-0" ? "0" : number;
}

std::string_view Replacement(char character) {
  switch (character) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : text) {
    const std::string_view replacement = Replacement(character);
    if (!replacement.empty()) {
      escaped += replacement;
    } else {
      const bool control = static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
      escaped += control ? ' ' : character;
    }
  }
  return escaped;
}

std::string Px(double value) { return Fixed(std::clamp(value, -1e6, 1e6), 2); }

std::string Figure(double value) {
  const double bounded = std::clamp(value, -1e15, 1e15);
  const double size = std::abs(bounded);
  if (size == 0) return "0";
  const int before = static_cast<int>(std::floor(std::log10(size))) + 1;  // digits before the point
  return Fixed(bounded, std::clamp(3 - before, 0, 6));
}

std::string TimeText(double us) {
  if (us < 1000) return Figure(us) + " \u00b5s";
  if (us < 1e6) return Figure(us / 1e3) + " ms";
  return Figure(us / 1e6) + " s";
}

}  // namespace gw::bench
