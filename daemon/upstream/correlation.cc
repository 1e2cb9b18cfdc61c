// Room: upstream.
#include "daemon/upstream/correlation.h"

#include <random>
#include <string_view>

namespace gw {
namespace {

// x: a digit of the random half, c: one of the count; the rest says what it is.
constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-8ccc-cccccccccccc";

std::uint64_t Random() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

CorrelationIds::CorrelationIds() : random_(Random()) {}

std::string CorrelationIds::Next() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint64_t random = random_;
  std::uint64_t count = ++count_;
  std::string id(kForm);
  for (std::size_t i = id.size(); i-- > 0;) {
    if (id[i] != 'x' && id[i] != 'c') continue;
    std::uint64_t& half = id[i] == 'x' ? random : count;
    id[i] = kDigits[half & 15];
    half >>= 4;
  }
  return id;
}

}  // namespace gw
