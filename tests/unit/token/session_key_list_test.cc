// Room: tests/unit/token.
#include "daemon/token/session_key_list.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

std::vector<ListedKey> Keys() {
  std::vector<ListedKey> keys(2);
  keys[0].key.octets = Bytes(300, 0x11);
  keys[0].other.octets = Bytes(310, 0x22);
  keys[1].key.octets = Bytes(96, 0x33);
  return keys;
}

TEST(SessionKeyListTest, ComesBackAsItWas) {
  const auto read = DecodeSessionKeys(EncodeSessionKeys(Keys()));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*read)[i].key.octets, Keys()[i].key.octets);
    EXPECT_EQ((*read)[i].other.octets, Keys()[i].other.octets);
  }
}

TEST(SessionKeyListTest, NoKeysAreNoOctets) {
  EXPECT_TRUE(EncodeSessionKeys({}).empty());
  const auto read = DecodeSessionKeys({});
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->empty());
}

// But for the cut between two keys, which leaves a shorter list.
TEST(SessionKeyListTest, WhatIsCutOffIsRefused) {
  const Bytes whole = EncodeSessionKeys(Keys());
  const std::size_t first = 1 + 4 + 300 + 4 + 310;
  for (std::size_t size = 2; size < whole.size(); ++size) {
    if (size == first) continue;
    EXPECT_FALSE(DecodeSessionKeys(ByteView(whole).first(size)).has_value()) << size;
  }
}

TEST(SessionKeyListTest, OtherVersionsKeysWithoutBlobAndLengthsBeyondTheEndAreRefused) {
  Bytes list = EncodeSessionKeys(Keys());
  list[0] = 2;
  EXPECT_FALSE(DecodeSessionKeys(list).has_value());
  EXPECT_FALSE(DecodeSessionKeys(Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0}).has_value());
  EXPECT_FALSE(DecodeSessionKeys(Bytes{1, 0xff, 0xff, 0xff, 0xff, 5}).has_value());
}

}  // namespace
}  // namespace gw
