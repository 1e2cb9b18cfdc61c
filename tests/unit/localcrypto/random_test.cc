// Tests for daemon/localcrypto/random.h.
#include "daemon/localcrypto/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace gw {
namespace {

TEST(RandomTest, NeverRepeats) {
  std::set<std::array<Byte, 16>> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<Byte, 16> value{};
    RandomBytes(value);
    EXPECT_TRUE(seen.insert(value).second);
  }
}

TEST(RandomTest, FillsEveryByteAndNothingElse) {
  std::array<Byte, 66> buffer{};
  std::array<bool, 64> touched{};
  for (int i = 0; i < 64; ++i) {
    RandomBytes(std::span(buffer).subspan(1, 64));
    for (std::size_t at = 0; at < touched.size(); ++at) touched[at] |= buffer[at + 1] != 0;
  }
  EXPECT_TRUE(std::ranges::all_of(touched, [](bool value) { return value; }));
  EXPECT_EQ(buffer.front(), 0);
  EXPECT_EQ(buffer.back(), 0);
}

TEST(RandomTest, EmptySpanIsFine) { RandomBytes({}); }

}  // namespace
}  // namespace gw
