// Tests of attributes/attribute_access.h: reading and searching.
#include "daemon/attributes/attribute_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/pkcs11/ck_parameters.h"
#include "tests/unit/attributes/plans.h"

namespace gw {
namespace {

AttributeList AesKey() { return *GenerateAes(ListOf({Num(CKA_VALUE_LEN, 32)})); }
AttributeList RsaPrivateKey() {
  return With(*GenerateRsaPrivate({}), {Raw(CKA_MODULUS, {0x80, 1}), Raw(CKA_ID, {7})});
}
AttributeList EcPrivateKey() {
  return With(*GenerateEcPrivate({}), {Raw(CKA_EC_PARAMS, P256()), Text(CKA_LABEL, "web")});
}
AttributeList Certificate() {
  return ListOf({Num(CKA_CLASS, CKO_CERTIFICATE), Num(CKA_CERTIFICATE_TYPE, CKC_X_509),
                 Raw(CKA_VALUE, {0x30, 1}), True(CKA_TOKEN)});
}

CK_RV ReadRv(const AttributeList& object, CK_ATTRIBUTE_TYPE type) {
  return RvOf(ReadAttribute(object, type));
}

TEST(ReadAttributeTest, GivesTheValue) {
  const AttributeList key = EcPrivateKey();
  const Result<ByteView> label = ReadAttribute(key, CKA_LABEL);
  ASSERT_TRUE(label.ok());
  EXPECT_EQ(TextOf(*label), "web");
}

TEST(ReadAttributeTest, R231_SecretPartsAreSensitive) {
  for (CK_ATTRIBUTE_TYPE type : {CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1,
                                 CKA_EXPONENT_2, CKA_COEFFICIENT}) {
    EXPECT_EQ(ReadRv(RsaPrivateKey(), type), CKR_ATTRIBUTE_SENSITIVE) << NameOfAttribute(type);
  }
  EXPECT_EQ(ReadRv(EcPrivateKey(), CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
  EXPECT_EQ(ReadRv(AesKey(), CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
}

TEST(ReadAttributeTest, R222_SecretPartsAreSensitiveWhateverTheKeySays) {
  const AttributeList key =
      With(AesKey(), {False(CKA_SENSITIVE), True(CKA_EXTRACTABLE), Raw(CKA_VALUE, {1, 2})});
  EXPECT_EQ(ReadRv(key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
}

TEST(ReadAttributeTest, R230_UnknownAndInapplicableAttributesAreTypeInvalid) {
  EXPECT_EQ(ReadRv(AesKey(), CKA_OTP_COUNTER), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(ReadRv(AesKey(), CKA_VENDOR_DEFINED + 5), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(ReadRv(AesKey(), CKA_MODULUS), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(ReadRv(EcPrivateKey(), CKA_PRIVATE_EXPONENT), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(ReadRv(Certificate(), CKA_SIGN), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(ReadRv({}, CKA_LABEL), CKR_ATTRIBUTE_TYPE_INVALID);
}

TEST(ReadAttributeTest, R232_AttributesNeverSetAreEmpty) {
  const AttributeList bare = ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_RSA)});
  for (CK_ATTRIBUTE_TYPE type : {CKA_ID, CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE, CKA_LABEL,
                                 CKA_ALLOWED_MECHANISMS, CKA_MODULUS, CKA_GREP11_WKID}) {
    const Result<ByteView> value = ReadAttribute(bare, type);
    ASSERT_TRUE(value.ok()) << NameOfAttribute(type);
    EXPECT_TRUE(value->empty());
  }
}

TEST(ReadAttributeTest, R233_BooleansAndNumbersNeverSetHaveTheirWidth) {
  const AttributeList key = ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_RSA)});
  EXPECT_EQ(CopyOf(*ReadAttribute(key, CKA_SIGN_RECOVER)), Bytes{0});
  EXPECT_EQ(CopyOf(*ReadAttribute(key, CKA_COPYABLE)), Bytes{1});
  EXPECT_EQ(ReadAttribute(Certificate(), CKA_CERTIFICATE_CATEGORY)->size(), sizeof(CK_ULONG));
}

TEST(ReadAttributeTest, R224_PublicPartsAreReadableOnPrivateKeys) {
  EXPECT_EQ(ReadRv(RsaPrivateKey(), CKA_MODULUS), CKR_OK);
  EXPECT_EQ(ReadRv(RsaPrivateKey(), CKA_PUBLIC_EXPONENT), CKR_OK);
  EXPECT_EQ(ReadRv(RsaPrivateKey(), CKA_PUBLIC_KEY_INFO), CKR_OK);
  EXPECT_EQ(ReadRv(EcPrivateKey(), CKA_EC_PARAMS), CKR_OK);
}

TEST(ReadAttributeTest, R239_LocalIsOnAllKeys) {
  const AttributeList key = *GenerateRsaPublic(ListOf({Num(CKA_MODULUS_BITS, 2048)}));
  EXPECT_EQ(CopyOf(*ReadAttribute(key, CKA_LOCAL)), Bytes{1});
}

TEST(ReadAttributeTest, R258_TheValueOfACertificateIsOpen) {
  const AttributeList certificate = Certificate();
  EXPECT_EQ(CopyOf(*ReadAttribute(certificate, CKA_VALUE)), (Bytes{0x30, 1}));
}

TEST(MatchesTest, R240_AnEmptyTemplateMatchesEverything) {
  EXPECT_TRUE(Matches(AesKey(), {}));
  EXPECT_TRUE(Matches(Certificate(), {}));
}

TEST(MatchesTest, R240_AllAttributesMustBeEqual) {
  const AttributeList key = EcPrivateKey();
  EXPECT_TRUE(Matches(key, ListOf({Text(CKA_LABEL, "web"), Num(CKA_CLASS, CKO_PRIVATE_KEY)})));
  EXPECT_FALSE(Matches(key, ListOf({Text(CKA_LABEL, "web"), Num(CKA_CLASS, CKO_PUBLIC_KEY)})));
  EXPECT_FALSE(Matches(key, ListOf({Text(CKA_LABEL, "we")})));
}

TEST(MatchesTest, R243_LabelClassTypeAndIdWork) {
  EXPECT_TRUE(Matches(RsaPrivateKey(), ListOf({Raw(CKA_ID, {7}), Num(CKA_KEY_TYPE, CKK_RSA)})));
  EXPECT_FALSE(Matches(RsaPrivateKey(), ListOf({Raw(CKA_ID, {8})})));
  EXPECT_TRUE(Matches(Certificate(), ListOf({Raw(CKA_VALUE, {0x30, 1})})));
}

TEST(MatchesTest, R243_AModulusMatchesWithoutItsLeadingZeros) {
  EXPECT_TRUE(Matches(RsaPrivateKey(), ListOf({Raw(CKA_MODULUS, {0x80, 1})})));
  EXPECT_TRUE(Matches(RsaPrivateKey(), ListOf({Raw(CKA_MODULUS, {0, 0, 0x80, 1})})));
  EXPECT_FALSE(Matches(RsaPrivateKey(), ListOf({Raw(CKA_MODULUS, {0x80, 1, 0})})));
}

TEST(MatchesTest, ACurveMatchesByNameToo) {
  EXPECT_TRUE(Matches(EcPrivateKey(), ListOf({Text(CKA_EC_PARAMS, "P-256")})));
  EXPECT_FALSE(Matches(EcPrivateKey(), ListOf({Text(CKA_EC_PARAMS, "P-384")})));
  EXPECT_FALSE(Matches(EcPrivateKey(), ListOf({Text(CKA_EC_PARAMS, "nonsense")})));
}

TEST(MatchesTest, R244_SecretValuesNeverMatch) {
  const AttributeList key = With(AesKey(), {Raw(CKA_VALUE, {1, 2})});
  EXPECT_FALSE(Matches(key, ListOf({Raw(CKA_VALUE, {1, 2})})));
  EXPECT_FALSE(Matches(AesKey(), ListOf({Raw(CKA_VALUE, {})})));
}

TEST(MatchesTest, UnknownAndInapplicableAttributesNeverMatch) {
  EXPECT_FALSE(Matches(AesKey(), ListOf({Raw(CKA_OTP_COUNTER, {})})));
  EXPECT_FALSE(Matches(AesKey(), ListOf({Raw(CKA_MODULUS, {})})));
  EXPECT_FALSE(Matches({}, ListOf({Raw(CKA_LABEL, {})})));
}

TEST(MatchesTest, ABooleanOfAnotherWidthDoesNotMatch) {
  EXPECT_TRUE(Matches(AesKey(), ListOf({True(CKA_SIGN)})));
  EXPECT_FALSE(Matches(AesKey(), ListOf({Raw(CKA_SIGN, {1, 0, 0, 0})})));
}

TEST(MatchesTest, WhatWasNeverSetMatchesItsDefault) {
  const AttributeList bare = ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_RSA)});
  EXPECT_TRUE(Matches(bare, ListOf({Raw(CKA_ID, {}), False(CKA_ALWAYS_AUTHENTICATE)})));
}

TEST(AllowsMechanismTest, AnEmptyListAllowsAll) {
  EXPECT_TRUE(AllowsMechanism(AesKey(), CKM_AES_CBC));
  EXPECT_TRUE(AllowsMechanism({}, CKM_AES_CBC));
}

TEST(AllowsMechanismTest, AListAllowsWhatItNames) {
  Bytes two = UlongBytes(CKM_AES_ECB);
  Append(two, UlongBytes(CKM_AES_CBC));
  const AttributeList key = ListOf({Raw(CKA_ALLOWED_MECHANISMS, two)});
  EXPECT_TRUE(AllowsMechanism(key, CKM_AES_ECB));
  EXPECT_TRUE(AllowsMechanism(key, CKM_AES_CBC));
  EXPECT_FALSE(AllowsMechanism(key, CKM_AES_CBC_PAD));
}

// R188: both names of the type find it, names of other curves do not.
TEST(MatchesTest, R188_AnEdwardsKeyIsFoundByBothNamesOfItsType) {
  for (const CK_KEY_TYPE held : {CK_KEY_TYPE{CKK_EC}, CK_KEY_TYPE{CKK_EC_EDWARDS}}) {
    const AttributeList key = ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY), Num(CKA_KEY_TYPE, held),
                                      Raw(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 112})});
    EXPECT_TRUE(Matches(key, ListOf({Num(CKA_KEY_TYPE, CKK_EC)})));
    EXPECT_TRUE(Matches(key, ListOf({Num(CKA_KEY_TYPE, CKK_EC_EDWARDS)})));
    EXPECT_FALSE(Matches(key, ListOf({Num(CKA_KEY_TYPE, CKK_EC_MONTGOMERY)})));
    EXPECT_FALSE(Matches(key, ListOf({Num(CKA_KEY_TYPE, CKK_RSA)})));
  }
  const AttributeList p256 =
      ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY), Num(CKA_KEY_TYPE, CKK_EC),
              Raw(CKA_EC_PARAMS, {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7})});
  EXPECT_FALSE(Matches(p256, ListOf({Num(CKA_KEY_TYPE, CKK_EC_EDWARDS)})));
}

// The chain code of a wallet key; other EC keys have no check value.
TEST(ReadAttributeTest, AnEcKeyHasACheckValueIfItWasGivenOne) {
  AttributeList key = ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_EC)});
  EXPECT_EQ(ReadAttribute(key, CKA_CHECK_VALUE).error().rv, CKR_ATTRIBUTE_TYPE_INVALID);
  key.Set(CKA_CHECK_VALUE, Bytes(32, 7));
  const auto read = ReadAttribute(key, CKA_CHECK_VALUE);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->size(), 32u);
}

}  // namespace
}  // namespace gw
