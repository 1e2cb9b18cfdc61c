// Tests of core/attribute_codec.h. The bytes are those of a stored record, which may have been
// changed by anybody who can write the database.
#include "daemon/core/attribute_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using ::testing::ElementsAre;

CK_RV RvOf(const Result<AttributeList>& result) { return result.ok() ? CKR_OK : result.error().rv; }

AttributeList Sample() {
  AttributeList list;
  list.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  list.SetBool(CKA_TOKEN, true);
  list.SetText(CKA_LABEL, "a key");
  list.Set(CKA_ID, {});
  list.SetUlong(CKA_VALUE_LEN, 32);
  Bytes mechanisms = UlongBytes(CKM_AES_CBC);
  Append(mechanisms, UlongBytes(CKM_AES_CBC_PAD));
  list.Set(CKA_ALLOWED_MECHANISMS, std::move(mechanisms));
  return list;
}

TEST(AttributeCodecTest, DecodingGivesBackWhatWasEncoded) {
  const Result<AttributeList> decoded = DecodeAttributes(EncodeAttributes(Sample()));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, Sample());
}

TEST(AttributeCodecTest, AnEmptyListIsItsCount) {
  EXPECT_THAT(EncodeAttributes({}), ElementsAre(0, 0, 0, 0));
  const Result<AttributeList> decoded = DecodeAttributes(Bytes{0, 0, 0, 0});
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->empty());
}

TEST(AttributeCodecTest, NumbersAreBigEndianOnEveryHost) {
  AttributeList list;
  list.SetUlong(CKA_KEY_TYPE, 0x0102);
  EXPECT_THAT(EncodeAttributes(list), ElementsAre(0, 0, 0, 1,              // count
                                                  0, 0, 0, 0, 0, 0, 1, 0,  // CKA_KEY_TYPE
                                                  0, 0, 0, 8,              // length
                                                  0, 0, 0, 0, 0, 0, 1, 2));
}

TEST(AttributeCodecTest, ArraysOfNumbersAreBigEndianToo) {
  AttributeList list;
  Bytes two = UlongBytes(1);
  Append(two, UlongBytes(0x1041));
  list.Set(CKA_ALLOWED_MECHANISMS, std::move(two));
  const Bytes encoded = EncodeAttributes(list);
  ASSERT_EQ(encoded.size(), 32u);
  EXPECT_THAT(Bytes(encoded.begin() + 16, encoded.end()),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0x41));
}

TEST(AttributeCodecTest, ANumberOfAWrongWidthKeepsItsOctets) {
  AttributeList list;
  list.Set(CKA_VALUE_LEN, {32, 0, 0, 0});
  const Result<AttributeList> decoded = DecodeAttributes(EncodeAttributes(list));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, list);
}

TEST(AttributeCodecTest, ANestedListIsJustAValue) {
  AttributeList list;
  list.Set(CKA_WRAP_TEMPLATE, EncodeAttributes(Sample()));
  const Result<AttributeList> decoded = DecodeAttributes(EncodeAttributes(list));
  ASSERT_TRUE(decoded.ok());
  const Result<AttributeList> nested = DecodeAttributes(*decoded->Find(CKA_WRAP_TEMPLATE));
  ASSERT_TRUE(nested.ok());
  EXPECT_EQ(*nested, Sample());
}

TEST(AttributeCodecTest, EveryTruncationIsRefused) {
  const Bytes whole = EncodeAttributes(Sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(RvOf(DecodeAttributes(ByteView(whole).first(size))), CKR_DEVICE_ERROR)
        << "cut to " << size << " octets";
  }
}

TEST(AttributeCodecTest, LeftOverOctetsAreRefused) {
  Bytes bytes = EncodeAttributes(Sample());
  bytes.push_back(0);
  EXPECT_EQ(RvOf(DecodeAttributes(bytes)), CKR_DEVICE_ERROR);
}

TEST(AttributeCodecTest, ACountBeyondTheLimitIsRefusedEvenIfAllEntriesAreThere) {
  constexpr std::uint32_t kTooMany = 4097;
  Bytes bytes;
  AppendU32Be(bytes, kTooMany);
  for (std::uint32_t type = 0; type < kTooMany; ++type) {
    AppendU32Be(bytes, 0x80000000);
    AppendU32Be(bytes, type);
    AppendU32Be(bytes, 0);
  }
  EXPECT_EQ(RvOf(DecodeAttributes(bytes)), CKR_DEVICE_ERROR);
}

TEST(AttributeCodecTest, TheLargestAllowedCountIsAccepted) {
  AttributeList list;
  for (CK_ATTRIBUTE_TYPE type = 0; type < 4096; ++type) list.Set(CKA_VENDOR_DEFINED + type, {7});
  const Result<AttributeList> decoded = DecodeAttributes(EncodeAttributes(list));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, list);
}

TEST(AttributeCodecTest, HostileCountsAndLengthsAreRefused) {
  EXPECT_EQ(RvOf(DecodeAttributes(Bytes{0xff, 0xff, 0xff, 0xff})), CKR_DEVICE_ERROR);
  EXPECT_EQ(RvOf(DecodeAttributes(Bytes{0, 0, 0x10, 0})), CKR_DEVICE_ERROR);
  Bytes long_value{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 'x'};
  EXPECT_EQ(RvOf(DecodeAttributes(long_value)), CKR_DEVICE_ERROR);
}

TEST(AttributeCodecTest, KnowsWhichAttributesAreNumbers) {
  EXPECT_TRUE(IsUlongAttribute(CKA_CLASS));
  EXPECT_TRUE(IsUlongAttribute(CKA_KEY_GEN_MECHANISM));
  EXPECT_FALSE(IsUlongAttribute(CKA_LABEL));
  EXPECT_FALSE(IsUlongAttribute(CKA_TOKEN));
}

}  // namespace
}  // namespace gw
