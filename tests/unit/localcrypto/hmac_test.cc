// Tests for daemon/localcrypto/hmac.h.
#include "daemon/localcrypto/hmac.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "tests/unit/localcrypto/hex.h"

namespace gw {
namespace {

struct HmacVector {
  Bytes key;
  Bytes data;
  std::string_view tag;
};

Bytes Counting(Byte last) {
  Bytes bytes;
  for (Byte byte = 1; byte <= last; ++byte) bytes.push_back(byte);
  return bytes;
}

// Source: RFC 4231, test cases 1 to 4, 6 and 7.
std::array<HmacVector, 6> Vectors() {
  return {{
      {Bytes(20, 0x0b), CopyOf("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {CopyOf("Jefe"), CopyOf("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Bytes(20, 0xaa), Bytes(50, 0xdd),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {Counting(25), Bytes(50, 0xcd),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {Bytes(131, 0xaa), CopyOf("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {Bytes(131, 0xaa),
       CopyOf(
           "This is a test using a larger than block-size key and a larger than block-size data. "
           "The key needs to be hashed before being used by the HMAC algorithm."),
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  }};
}

TEST(HmacTest, GivesPublishedValues) {
  for (const HmacVector& row : Vectors()) {
    EXPECT_EQ(HexOf(HmacSha256(row.key, row.data)), row.tag);
  }
}

// A shared context would keep the key of the call before.
TEST(HmacTest, EmptyKeyIsNotTheKeyOfTheLastCall) {
  const Bytes with_key = HmacSha256(ViewOf("key"), ViewOf("data"));
  EXPECT_NE(HmacSha256({}, ViewOf("data")), with_key);
  // Source: HMAC-SHA-256 of nothing under the empty key, RFC 2104 over FIPS 180-4.
  EXPECT_EQ(HexOf(HmacSha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(HmacTest, ThreadsDoNotDisturbEachOther) {
  const auto rows = Vectors();
  std::array<int, 4> wrong{};
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&count, &rows] {
      for (std::size_t i = 0; i < 300; ++i) {
        const HmacVector& row = rows[i % rows.size()];
        if (HexOf(HmacSha256(row.key, row.data)) != row.tag) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace gw
