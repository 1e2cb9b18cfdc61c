// Tests for daemon/localcrypto/der.h.
#include "daemon/localcrypto/der.h"

#include <gtest/gtest.h>

#include "tests/unit/localcrypto/hex.h"

namespace gw::der {
namespace {

std::string Unsigned(std::string_view hex) {
  const Bytes bytes = FromHex(hex);
  Reader reader(bytes);
  const auto magnitude = reader.TakeUnsigned();
  return magnitude ? HexOf(*magnitude) : "refused";
}

TEST(DerTest, EncodesTheShortestLength) {
  EXPECT_EQ(HexOf(Encode(kOctetString, Bytes(3, 7))), "0403070707");
  EXPECT_EQ(HexOf(Encode(kOctetString, {})), "0400");
  EXPECT_EQ(HexOf(ByteView(Encode(kOctetString, Bytes(127))).first(2)), "047f");
  EXPECT_EQ(HexOf(ByteView(Encode(kOctetString, Bytes(128))).first(3)), "048180");
  EXPECT_EQ(HexOf(ByteView(Encode(kOctetString, Bytes(256))).first(4)), "04820100");
  EXPECT_EQ(HexOf(ByteView(Encode(kOctetString, Bytes(65536))).first(5)), "0483010000");
}

TEST(DerTest, ReadsWhatItEncodes) {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 65535u, 65536u}) {
    const Bytes content(size, 0x5a);
    const Bytes encoded = Encode(kSequence, content);
    Reader reader(encoded);
    const auto back = reader.Take(kSequence);
    ASSERT_TRUE(back.has_value()) << size;
    EXPECT_TRUE(Equal(*back, content));
    EXPECT_TRUE(reader.done());
  }
}

TEST(DerTest, RefusesWhatIsNotDer) {
  const char* const cases[] = {
      "",                  // nothing
      "30",                // no length
      "3005aabb",          // truncated content
      "3080aabb0000",      // indefinite length
      "308103aabbcc",      // long form for a short length
      "30820003aabbcc",    // leading zero in the length
      "3085000000000100",  // five octets of length
      "30ff",              // reserved
      "3084ffffffff00",    // longer than anything
      "31020000",          // another tag
      "3082",              // truncated length
  };
  for (const char* hex : cases) {
    const Bytes bytes = FromHex(hex);
    Reader reader(bytes);
    EXPECT_FALSE(reader.Take(kSequence).has_value()) << hex;
    EXPECT_EQ(reader.done(), bytes.empty()) << "nothing is taken on failure: " << hex;
  }
}

TEST(DerTest, UnsignedNumbersAreStrict) {
  EXPECT_EQ(Unsigned("020105"), "05");
  EXPECT_EQ(Unsigned("020200ff"), "ff");
  EXPECT_EQ(Unsigned("020100"), "");
  EXPECT_EQ(Unsigned("0200"), "refused") << "no content";
  EXPECT_EQ(Unsigned("0201ff"), "refused") << "negative";
  EXPECT_EQ(Unsigned("02020005"), "refused") << "needless zero";
  EXPECT_EQ(Unsigned("0202000080"), "refused") << "needless zeros, then left over";
}

TEST(DerTest, UnsignedNumbersComeBack) {
  EXPECT_EQ(HexOf(EncodeUnsigned(FromHex("00000005"))), "020105");
  EXPECT_EQ(HexOf(EncodeUnsigned(FromHex("80"))), "02020080");
  EXPECT_EQ(HexOf(EncodeUnsigned(FromHex("0000"))), "020100");
  EXPECT_EQ(HexOf(EncodeUnsigned({})), "020100");
}

TEST(DerTest, BitStringsHaveWholeOctets) {
  const Bytes good = EncodeBits(FromHex("abcd"));
  EXPECT_EQ(HexOf(good), "030300abcd");
  Reader reader(good);
  EXPECT_EQ(HexOf(reader.TakeBits().value_or(ByteView())), "abcd");
  for (const char* hex : {"030304abc0", "0300"}) {
    const Bytes bytes = FromHex(hex);
    Reader broken(bytes);
    EXPECT_FALSE(broken.TakeBits().has_value()) << hex;
  }
}

}  // namespace
}  // namespace gw::der
