// Tests of AddDemanded and MayBeWrappedBy: the templates that keys carry for other keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/core/attribute_codec.h"
#include "tests/unit/attributes/plans.h"

namespace gw {
namespace {

using ::testing::ElementsAre;

AttributeList Demanding(CK_ATTRIBUTE_TYPE type, std::initializer_list<Given> inner) {
  return ListOf({Raw(type, EncodeAttributes(ListOf(inner)))});
}

TEST(AddDemandedTest, AddsWhatTheKeyDemands) {
  const AttributeList key = Demanding(CKA_UNWRAP_TEMPLATE, {False(CKA_EXTRACTABLE)});
  const Result<AttributeList> all =
      AddDemanded(ListOf({Text(CKA_LABEL, "a")}), key, CKA_UNWRAP_TEMPLATE);
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(Show(*all), ElementsAre("CKA_LABEL=61", "CKA_EXTRACTABLE=00"));
}

TEST(AddDemandedTest, AgreementIsFine) {
  const AttributeList key = Demanding(CKA_UNWRAP_TEMPLATE, {False(CKA_EXTRACTABLE)});
  EXPECT_TRUE(AddDemanded(ListOf({False(CKA_EXTRACTABLE)}), key, CKA_UNWRAP_TEMPLATE).ok());
}

TEST(AddDemandedTest, ContradictionIsInconsistent) {
  const AttributeList key = Demanding(CKA_DERIVE_TEMPLATE, {False(CKA_EXTRACTABLE)});
  EXPECT_EQ(RvOf(AddDemanded(ListOf({True(CKA_EXTRACTABLE)}), key, CKA_DERIVE_TEMPLATE)),
            CKR_TEMPLATE_INCONSISTENT);
}

TEST(AddDemandedTest, AKeyWithoutDemandsAddsNothing) {
  const AttributeList given = ListOf({Text(CKA_LABEL, "a")});
  EXPECT_EQ(*AddDemanded(given, {}, CKA_UNWRAP_TEMPLATE), given);
  EXPECT_EQ(*AddDemanded(given, ListOf({Raw(CKA_UNWRAP_TEMPLATE, {})}), CKA_UNWRAP_TEMPLATE),
            given);
}

TEST(MayBeWrappedByTest, AKeyWithoutATemplateWrapsAnything) {
  const AttributeList key = *GenerateAes(ListOf({Num(CKA_VALUE_LEN, 32)}));
  EXPECT_TRUE(MayBeWrappedBy(key, {}));
  EXPECT_TRUE(MayBeWrappedBy(key, ListOf({Raw(CKA_WRAP_TEMPLATE, {})})));
}

TEST(MayBeWrappedByTest, TheWrappedKeyMustMatchTheTemplate) {
  const AttributeList key = *GenerateAes(ListOf({Num(CKA_VALUE_LEN, 32)}));
  EXPECT_TRUE(MayBeWrappedBy(key, Demanding(CKA_WRAP_TEMPLATE, {Num(CKA_KEY_TYPE, CKK_AES)})));
  EXPECT_FALSE(MayBeWrappedBy(key, Demanding(CKA_WRAP_TEMPLATE, {Num(CKA_KEY_TYPE, CKK_DES3)})));
}

TEST(MayBeWrappedByTest, ATemplateThatCannotBeReadAllowsNothing) {
  const AttributeList key = *GenerateAes(ListOf({Num(CKA_VALUE_LEN, 32)}));
  EXPECT_FALSE(MayBeWrappedBy(key, ListOf({Raw(CKA_WRAP_TEMPLATE, {1, 2, 3})})));
}

}  // namespace
}  // namespace gw
