// Room: upstream.
#include "daemon/upstream/correlation.h"

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

// `form` with the digits of `number` in the places that `mark` marks.
std::string Filled(std::string form, char mark, std::uint64_t number) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = form.size(); i-- > 0;) {
    if (form[i] != mark) continue;
    form[i] = kDigits[number & 15];
    number >>= 4;
  }
  return form;
}

}  // namespace

CorrelationIds::CorrelationIds() : form_(Filled(std::string(kForm), 'R', Random())) {}

std::string CorrelationIds::Next() { return Filled(form_, 'C', ++count_); }

}  // namespace gw
