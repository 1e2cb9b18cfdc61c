// Room: tests. Mirrors emulator/crypto/lattice/der.h.
#include "emulator/crypto/lattice/der.h"

#include <gtest/gtest.h>

#include "tests/unit/localcrypto/hex.h"

namespace gw::emulator::lattice {
namespace {

// Each is refused for the one thing that is wrong with it.
TEST(LatticeDerTest, OnlyTheShortestLengthsAreRead) {
  const auto is_read = [](const std::string& header, std::size_t size) {
    Bytes element = FromHex(header);
    element.resize(element.size() + size);
    DerReader reader(element);
    return reader.Take(kDerOctetString).size() == size && reader.Finished();
  };
  EXPECT_TRUE(is_read("0400", 0));
  EXPECT_TRUE(is_read("047f", 127));
  EXPECT_TRUE(is_read("048180", 128));
  EXPECT_TRUE(is_read("0481ff", 255));
  EXPECT_TRUE(is_read("04820100", 256));
  EXPECT_TRUE(is_read("0482ffff", 65535));
  EXPECT_FALSE(is_read("04817f", 127));
  EXPECT_FALSE(is_read("048200ff", 255));
  EXPECT_FALSE(is_read("0483000100", 256));
  EXPECT_FALSE(is_read("0483010000", 65536));
  EXPECT_FALSE(is_read("0480", 0));
  EXPECT_FALSE(is_read("04ff", 0));
  EXPECT_FALSE(is_read("0481", 0));
  EXPECT_FALSE(is_read("04", 0));
  EXPECT_FALSE(is_read("0500", 0));
}

TEST(LatticeDerTest, ElementsOfAnyLengthComeBack) {
  for (const unsigned size : {0U, 1U, 127U, 128U, 255U, 256U, 65535U}) {
    const Bytes content(size, 0x77);
    const WipedBytes element = DerElement(kDerSequence, {content});
    DerReader reader(element);
    EXPECT_TRUE(Equal(reader.Take(kDerSequence), content));
    EXPECT_TRUE(reader.Finished());
  }
}

TEST(LatticeDerTest, BitStringsWithUnusedBitsAreRefused) {
  const Bytes whole = FromHex("030200ff");
  EXPECT_EQ(DerReader(whole).TakeBits(1).size(), 1U);
  EXPECT_FALSE(DerReader(whole).TakeBits(2).size() == 2U);
  const Bytes unused_bits = FromHex("030201fe");
  DerReader reader(unused_bits);
  reader.TakeBits();
  EXPECT_FALSE(reader.ok());
  const Bytes no_content = FromHex("0300");
  DerReader empty(no_content);
  empty.TakeBits();
  EXPECT_FALSE(empty.ok());
}

}  // namespace
}  // namespace gw::emulator::lattice
