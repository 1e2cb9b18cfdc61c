// Tests of core/attribute_list.h.
#include "daemon/core/attribute_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using ::testing::ElementsAre;

std::vector<CK_ATTRIBUTE_TYPE> TypesOf(const AttributeList& list) {
  std::vector<CK_ATTRIBUTE_TYPE> types;
  for (const auto& entry : list) types.push_back(entry.type);
  return types;
}

TEST(AttributeListTest, KeepsTypesSortedWhateverTheOrderTheyComeIn) {
  AttributeList list;
  list.SetBool(CKA_SIGN, true);
  list.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  list.SetText(CKA_LABEL, "a");
  EXPECT_THAT(TypesOf(list), ElementsAre(CKA_CLASS, CKA_LABEL, CKA_SIGN));
}

TEST(AttributeListTest, SettingATypeAgainReplacesItsValue) {
  AttributeList list;
  list.SetText(CKA_LABEL, "first");
  list.SetText(CKA_LABEL, "second");
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(TextOf(*list.Find(CKA_LABEL)), "second");
}

TEST(AttributeListTest, FindGivesNullForATypeThatIsNotThere) {
  AttributeList list;
  list.SetUlong(CKA_CLASS, CKO_DATA);
  EXPECT_EQ(list.Find(CKA_LABEL), nullptr);
  EXPECT_FALSE(list.Has(CKA_LABEL));
  EXPECT_TRUE(list.Has(CKA_CLASS));
}

TEST(AttributeListTest, NumbersAreNativeAndEightOctetsWide) {
  AttributeList list;
  list.SetUlong(CKA_MODULUS_BITS, 2048);
  CK_ULONG number = 0;
  ASSERT_EQ(list.Find(CKA_MODULUS_BITS)->size(), sizeof number);
  std::copy_n(list.Find(CKA_MODULUS_BITS)->begin(), sizeof number,
              reinterpret_cast<Byte*>(&number));
  EXPECT_EQ(number, 2048u);
}

TEST(AttributeListTest, ABooleanIsOneOctet) {
  AttributeList list;
  list.SetBool(CKA_TOKEN, true);
  list.SetBool(CKA_PRIVATE, false);
  EXPECT_THAT(*list.Find(CKA_TOKEN), ElementsAre(1));
  EXPECT_THAT(*list.Find(CKA_PRIVATE), ElementsAre(0));
}

TEST(AttributeListTest, AValueOfAnotherWidthIsNeitherBooleanNorNumber) {
  AttributeList list;
  list.Set(CKA_TOKEN, {1, 0, 0, 0});
  list.Set(CKA_VALUE_LEN, {32, 0, 0, 0});
  list.Set(CKA_PRIVATE, {});
  EXPECT_EQ(list.GetBool(CKA_TOKEN), std::nullopt);
  EXPECT_EQ(list.GetBool(CKA_PRIVATE), std::nullopt);
  EXPECT_EQ(list.GetUlong(CKA_VALUE_LEN), std::nullopt);
  EXPECT_TRUE(list.BoolOr(CKA_TOKEN, true));
  EXPECT_FALSE(list.BoolOr(CKA_TOKEN, false));
}

TEST(AttributeListTest, RemoveTakesOneTypeAndIgnoresAbsentOnes) {
  AttributeList list;
  list.SetBool(CKA_TOKEN, true);
  list.SetBool(CKA_PRIVATE, true);
  list.Remove(CKA_TOKEN);
  list.Remove(CKA_LABEL);
  EXPECT_THAT(TypesOf(list), ElementsAre(CKA_PRIVATE));
}

TEST(AttributeListTest, MergeReplacesAndAdds) {
  AttributeList list;
  list.SetText(CKA_LABEL, "old");
  list.SetBool(CKA_TOKEN, true);
  AttributeList more;
  more.SetText(CKA_LABEL, "new");
  more.SetText(CKA_ID, "id");
  list.Merge(more);
  EXPECT_THAT(TypesOf(list), ElementsAre(CKA_TOKEN, CKA_LABEL, CKA_ID));
  EXPECT_EQ(TextOf(*list.Find(CKA_LABEL)), "new");
}

TEST(AttributeListTest, EqualityIsByContent) {
  AttributeList a;
  a.SetBool(CKA_TOKEN, true);
  AttributeList b = a;
  EXPECT_EQ(a, b);
  b.SetBool(CKA_TOKEN, false);
  EXPECT_NE(a, b);
}

TEST(AttributeListTest, UlongFromTakesExactlyOneUlong) {
  const Bytes number = UlongBytes(0x0102030405060708);
  EXPECT_EQ(UlongFrom(number), 0x0102030405060708u);
  EXPECT_EQ(UlongFrom(ByteView(number).first(7)), std::nullopt);
  EXPECT_EQ(UlongFrom({}), std::nullopt);
}

}  // namespace
}  // namespace gw
