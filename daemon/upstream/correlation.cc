// Room: upstream.
#include "daemon/upstream/correlation.h"

#include <algorithm>
#include <random>
#include <string_view>

namespace gw {
namespace {

// R: a digit of the random half, C: one of the count; the rest says what it is. No digit is either.
constexpr std::string_view kForm = "RRRRRRRR-RRRR-4RRR-8CCC-CCCCCCCCCCCC";

std::uint64_t Random() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// Writes the digits of `number` into the places that `mark` marks, the last one first and no more
// than it has.
void Fill(std::string& form, char mark, std::uint64_t number) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = kForm.size(); number != 0 && i-- > 0;) {
    if (kForm[i] != mark) continue;
    form[i] = kDigits[number & 15];
    number >>= 4;
  }
}

}  // namespace

CorrelationIds::CorrelationIds() : last_(kForm) {
  std::ranges::replace_if(
      last_, [](char c) { return c == 'R' || c == 'C'; }, '0');
  Fill(last_, 'R', Random());
}

std::string CorrelationIds::Next() {
  Fill(last_, 'C', ++count_);
  return last_;
}

}  // namespace gw
