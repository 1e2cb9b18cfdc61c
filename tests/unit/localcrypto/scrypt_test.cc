// Tests for daemon/localcrypto/scrypt.h.
#include "daemon/localcrypto/scrypt.h"

#include <gtest/gtest.h>

#include "tests/unit/localcrypto/hex.h"

namespace gw {
namespace {

// Source: RFC 7914 12; of 64 octets the first 32, which are the same for a shorter output.
TEST(ScryptTest, VectorsOfTheRfc) {
  EXPECT_EQ(CopyOf(Scrypt({}, {}, {4, 1, 1}).view()),
            FromHex("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"));
  EXPECT_EQ(CopyOf(Scrypt(ViewOf("password"), ViewOf("NaCl"), {10, 8, 16}).view()),
            FromHex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"));
  EXPECT_EQ(CopyOf(Scrypt(ViewOf("pleaseletmein"), ViewOf("SodiumChloride"), {14, 8, 1}).view()),
            FromHex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"));
}

TEST(ScryptTest, ACostIsReadAsItWasWritten) {
  const auto cost = ScryptCost::Decode(ScryptCost{}.Encoded());
  ASSERT_TRUE(cost.has_value());
  EXPECT_EQ(cost->log2_n, 15);
  EXPECT_EQ(cost->r, 8);
  EXPECT_EQ(cost->p, 1);
}

TEST(ScryptTest, CostsThatCannotBeAffordedAreRefused) {
  EXPECT_FALSE(ScryptCost::Decode(Bytes{21, 8, 1}).has_value());
  EXPECT_FALSE(ScryptCost::Decode(Bytes{15, 0, 1}).has_value());
  EXPECT_FALSE(ScryptCost::Decode(Bytes{15, 8}).has_value());
  EXPECT_FALSE(ScryptCost::Decode(Bytes{15, 8, 1, 0}).has_value());
}

}  // namespace
}  // namespace gw
