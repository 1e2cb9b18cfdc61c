// Tests of core/bytes.h; SecretBytes has a file of its own.
#include "daemon/core/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using ::testing::ElementsAre;

TEST(BytesTest, HexIsLowerCaseWithoutSeparators) {
  EXPECT_EQ(HexOf(Bytes{0x00, 0x0f, 0xa5, 0xff}), "000fa5ff");
  EXPECT_EQ(HexOf({}), "");
}

TEST(BytesTest, ConstantTimeComparisonAgreesWithEquality) {
  const Bytes a{1, 2, 3};
  EXPECT_TRUE(EqualConstantTime(a, Bytes{1, 2, 3}));
  EXPECT_FALSE(EqualConstantTime(a, Bytes{1, 2, 4}));
  EXPECT_FALSE(EqualConstantTime(a, Bytes{0, 2, 3}));
  EXPECT_FALSE(EqualConstantTime(a, Bytes{1, 2}));
  EXPECT_TRUE(EqualConstantTime({}, {}));
}

TEST(BytesTest, CountedOctetsAreTakenAsTheyWerePut) {
  Bytes out;
  AppendCounted(out, Bytes{7, 8});
  AppendCounted(out, {});
  EXPECT_THAT(out, ElementsAre(0, 0, 0, 2, 7, 8, 0, 0, 0, 0));
  ByteView in = out;
  const auto first = TakeCounted(in);
  ASSERT_TRUE(first);
  EXPECT_THAT(*first, ElementsAre(7, 8));
  EXPECT_TRUE(TakeCounted(in));
  EXPECT_TRUE(in.empty());
}

TEST(BytesTest, CountedOctetsThatAreCutOffAreNone) {
  for (const Bytes& cut :
       {Bytes{}, Bytes{0, 0, 0}, Bytes{0, 0, 0, 1}, Bytes{255, 255, 255, 255, 1}}) {
    ByteView in = cut;
    EXPECT_FALSE(TakeCounted(in));
  }
}

TEST(BytesTest, WipeLeavesZeros) {
  Bytes bytes{1, 2, 3};
  Wipe(bytes);
  EXPECT_THAT(bytes, ElementsAre(0, 0, 0));
  Wipe({});
}

TEST(BytesTest, TextAndOctetsAreTwoViewsOfOneThing) {
  const Bytes bytes = CopyOf("abc");
  EXPECT_THAT(bytes, ElementsAre('a', 'b', 'c'));
  EXPECT_EQ(TextOf(bytes), "abc");
  EXPECT_TRUE(Equal(ViewOf("abc"), bytes));
}

TEST(BytesTest, AppendU32BeWritesTheHighOctetFirst) {
  Bytes out{9};
  AppendU32Be(out, 0x01020304);
  EXPECT_THAT(out, ElementsAre(9, 1, 2, 3, 4));
}

}  // namespace
}  // namespace gw
