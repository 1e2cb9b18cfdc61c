// Tests of CheckChange: the A-rules of the behaviour sheet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attributes/plans.h"

namespace gw {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AttributeList AesKey(std::initializer_list<Given> changes = {}) {
  return With(*GenerateAes(ListOf({Num(CKA_VALUE_LEN, 32)})), changes);
}
AttributeList RsaPublicKey(std::initializer_list<Given> changes = {}) {
  return With(*GenerateRsaPublic(ListOf({Num(CKA_MODULUS_BITS, 2048)})), changes);
}
AttributeList EcKey() { return *GenerateEcPrivate({}); }
AttributeList Data() { return *CompleteData({}, {false, true}); }
AttributeList Certificate(CK_CERTIFICATE_TYPE type) {
  const AttributeList given =
      type == CKC_X_509_ATTR_CERT
          ? ListOf({Num(CKA_CERTIFICATE_TYPE, type), Raw(CKA_OWNER, {1}), Raw(CKA_VALUE, {1})})
          : ListOf({Num(CKA_CERTIFICATE_TYPE, type), Raw(CKA_SUBJECT, {1}), Raw(CKA_VALUE, {1})});
  return *CompleteCertificate(given, UserState::kNormal, {false, true},
                              [](ByteView) { return Bytes(20); });
}

Result<Change> Set(const AttributeList& object, std::initializer_list<Given> wanted,
                   UserState user = UserState::kNormal) {
  return CheckChange(object, ListOf(wanted), user, Purpose::kSet);
}
Result<Change> Copy(const AttributeList& object, std::initializer_list<Given> wanted) {
  return CheckChange(object, ListOf(wanted), UserState::kNormal, Purpose::kCopy);
}
CK_RV Rv(const AttributeList& object, const Given& wanted) { return RvOf(Set(object, {wanted})); }

TEST(ChangeTest, A1_LabelAndIdNeedNoHsm) {
  const Result<Change> change = Set(EcKey(), {Text(CKA_LABEL, "new"), Raw(CKA_ID, {1})});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->host), ElementsAre("CKA_LABEL=6e6577", "CKA_ID=01"));
  EXPECT_THAT(Show(change->hsm), IsEmpty());
}

TEST(ChangeTest, A1_RightsOfAKeyChangeInTheHsmToo) {
  const Result<Change> change = Set(AesKey(), {False(CKA_WRAP), True(CKA_DERIVE)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->host), ElementsAre("CKA_WRAP=00", "CKA_DERIVE=01"));
  EXPECT_THAT(Show(change->hsm), ElementsAre("CKA_WRAP=00", "CKA_DERIVE=01"));
}

TEST(ChangeTest, ARightThatStaysTheSameNeedsNoHsm) {
  const Result<Change> change = Set(AesKey(), {True(CKA_WRAP), False(CKA_EXTRACTABLE)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->hsm), IsEmpty());
}

TEST(ChangeTest, PublicRightsToEncryptAndVerifyStayOnTheHost) {
  const Result<Change> change =
      Set(RsaPublicKey(), {False(CKA_ENCRYPT), False(CKA_VERIFY), False(CKA_WRAP)});
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->host.size(), 3u);
  EXPECT_THAT(Show(change->hsm), ElementsAre("CKA_WRAP=00"));
}

TEST(ChangeTest, A1_KeysChangeTheirDescription) {
  for (const Given& wanted : {Text(CKA_LABEL, "x"), Raw(CKA_ID, {1}), Raw(CKA_SUBJECT, {0x30, 0}),
                              Text(CKA_START_DATE, "20300101"), Text(CKA_END_DATE, "20310101")}) {
    EXPECT_EQ(Rv(EcKey(), wanted), CKR_OK) << NameOfAttribute(wanted.first);
  }
}

TEST(ChangeTest, A1_DataObjectsChangeTheirContent) {
  for (const Given& wanted : {Text(CKA_APPLICATION, "x"), Raw(CKA_OBJECT_ID, {6, 0}),
                              Raw(CKA_VALUE, {1}), Text(CKA_LABEL, "x")}) {
    EXPECT_EQ(Rv(Data(), wanted), CKR_OK) << NameOfAttribute(wanted.first);
  }
}

struct CertificateCase {
  CK_CERTIFICATE_TYPE type;
  Given wanted;
  CK_RV rv;
};

// A1, behaviour 7.2 "may be changed".
TEST(ChangeTest, A1_EachKindOfCertificateHasItsOwnFreeAttributes) {
  const CertificateCase cases[] = {
      {CKC_X_509, Raw(CKA_ID, {1}), CKR_OK},
      {CKC_X_509, Raw(CKA_ISSUER, {1}), CKR_OK},
      {CKC_X_509, Raw(CKA_SERIAL_NUMBER, {1}), CKR_OK},
      {CKC_X_509, Text(CKA_LABEL, "x"), CKR_OK},
      {CKC_X_509, Raw(CKA_SUBJECT, {1}), CKR_ATTRIBUTE_READ_ONLY},
      {CKC_X_509, Raw(CKA_VALUE, {1}), CKR_ATTRIBUTE_READ_ONLY},
      {CKC_X_509, Num(CKA_CERTIFICATE_CATEGORY, 1), CKR_ATTRIBUTE_READ_ONLY},
      {CKC_X_509, Raw(CKA_AC_ISSUER, {1}), CKR_ATTRIBUTE_TYPE_INVALID},
      {CKC_WTLS, Raw(CKA_ISSUER, {1}), CKR_OK},
      {CKC_WTLS, Raw(CKA_ID, {1}), CKR_ATTRIBUTE_READ_ONLY},
      {CKC_WTLS, Raw(CKA_SERIAL_NUMBER, {1}), CKR_ATTRIBUTE_TYPE_INVALID},
      {CKC_X_509_ATTR_CERT, Raw(CKA_AC_ISSUER, {1}), CKR_OK},
      {CKC_X_509_ATTR_CERT, Raw(CKA_SERIAL_NUMBER, {1}), CKR_OK},
      {CKC_X_509_ATTR_CERT, Raw(CKA_ATTR_TYPES, {1}), CKR_OK},
      {CKC_X_509_ATTR_CERT, Raw(CKA_OWNER, {1}), CKR_ATTRIBUTE_READ_ONLY},
  };
  for (const auto& [type, wanted, rv] : cases) {
    EXPECT_EQ(Rv(Certificate(type), wanted), rv) << type << " " << NameOfAttribute(wanted.first);
  }
}

TEST(ChangeTest, A2_AnUnmodifiableObjectStaysAsItIs) {
  const AttributeList key = AesKey({False(CKA_MODIFIABLE)});
  EXPECT_EQ(Rv(key, Text(CKA_LABEL, "x")), CKR_ACTION_PROHIBITED);
  EXPECT_EQ(Rv(key, True(CKA_MODIFIABLE)), CKR_ACTION_PROHIBITED);
  EXPECT_EQ(Rv(key, False(CKA_EXTRACTABLE)), CKR_ACTION_PROHIBITED);
}

TEST(ChangeTest, A2_ModifiableGoesFalseInTheHsmToo) {
  const Result<Change> change = Set(AesKey(), {False(CKA_MODIFIABLE)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->hsm), ElementsAre("CKA_MODIFIABLE=00"));
}

TEST(ChangeTest, A3_CopyableAndDestroyableOnlyGoFalse) {
  for (CK_ATTRIBUTE_TYPE type : {CKA_COPYABLE, CKA_DESTROYABLE}) {
    EXPECT_EQ(Rv(AesKey(), False(type)), CKR_OK);
    EXPECT_EQ(Rv(AesKey({False(type)}), True(type)), CKR_ATTRIBUTE_READ_ONLY);
  }
}

TEST(ChangeTest, A3_AnObjectThatMayNotBeCopiedIsNotCopied) {
  EXPECT_EQ(RvOf(Copy(AesKey({False(CKA_COPYABLE)}), {})), CKR_ACTION_PROHIBITED);
  EXPECT_EQ(RvOf(Copy(AesKey(), {})), CKR_OK);
}

TEST(ChangeTest, A3_AnObjectThatMayNotBeDestroyedIsNotDestroyed) {
  EXPECT_EQ(RvOf(CheckDestroyable(AesKey({False(CKA_DESTROYABLE)}))), CKR_ACTION_PROHIBITED);
  EXPECT_EQ(RvOf(CheckDestroyable(AesKey())), CKR_OK);
}

TEST(ChangeTest, A4_ExtractableOnlyGoesFalse) {
  const AttributeList open = AesKey({True(CKA_EXTRACTABLE), False(CKA_NEVER_EXTRACTABLE)});
  const Result<Change> change = Set(open, {False(CKA_EXTRACTABLE)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->hsm), ElementsAre("CKA_EXTRACTABLE=00"));
  EXPECT_FALSE(change->host.Has(CKA_NEVER_EXTRACTABLE));
  EXPECT_EQ(Rv(AesKey(), True(CKA_EXTRACTABLE)), CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_EQ(Rv(open, True(CKA_EXTRACTABLE)), CKR_OK);
}

TEST(ChangeTest, A5_WrapWithTrustedOnlyGoesTrue) {
  EXPECT_EQ(Rv(AesKey(), True(CKA_WRAP_WITH_TRUSTED)), CKR_OK);
  EXPECT_EQ(Rv(AesKey({True(CKA_WRAP_WITH_TRUSTED)}), False(CKA_WRAP_WITH_TRUSTED)),
            CKR_ATTRIBUTE_READ_ONLY);
}

TEST(ChangeTest, A5_OnlyTheOfficerTrusts) {
  EXPECT_EQ(RvOf(Set(AesKey(), {True(CKA_TRUSTED)}, UserState::kAnonymous)),
            CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_EQ(RvOf(Set(AesKey(), {True(CKA_TRUSTED)}, UserState::kNormal)), CKR_ATTRIBUTE_READ_ONLY);
  const Result<Change> change = Set(AesKey(), {True(CKA_TRUSTED)}, UserState::kSecurityOfficer);
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->hsm), ElementsAre("CKA_TRUSTED=01"));
}

TEST(ChangeTest, A6_SensitiveOnlyGoesTrueAndStaysOnTheHost) {
  const Result<Change> change = Set(AesKey({False(CKA_SENSITIVE)}), {True(CKA_SENSITIVE)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->hsm), IsEmpty());
  EXPECT_EQ(Rv(AesKey(), False(CKA_SENSITIVE)), CKR_ATTRIBUTE_READ_ONLY);
}

TEST(ChangeTest, A7_WhatMakesAKeyNeverChanges) {
  for (const Given& wanted :
       {Num(CKA_CLASS, CKO_SECRET_KEY), Num(CKA_KEY_TYPE, CKK_AES), True(CKA_TOKEN),
        True(CKA_PRIVATE), True(CKA_LOCAL), Num(CKA_KEY_GEN_MECHANISM, 1),
        Raw(CKA_CHECK_VALUE, {1, 2, 3}), Raw(CKA_GREP11_WKID, {1}), Raw(CKA_VALUE, {1}),
        Num(CKA_VALUE_LEN, 16), True(CKA_ALWAYS_SENSITIVE), True(CKA_NEVER_EXTRACTABLE),
        Raw(CKA_WRAP_TEMPLATE, {}), Raw(CKA_ALLOWED_MECHANISMS, {})}) {
    EXPECT_EQ(Rv(AesKey(), wanted), CKR_ATTRIBUTE_READ_ONLY) << NameOfAttribute(wanted.first);
  }
  for (const Given& wanted : {Raw(CKA_MODULUS, {1}), Num(CKA_MODULUS_BITS, 1024),
                              Raw(CKA_PUBLIC_EXPONENT, {3}), Raw(CKA_PUBLIC_KEY_INFO, {1})}) {
    EXPECT_EQ(Rv(RsaPublicKey(), wanted), CKR_ATTRIBUTE_READ_ONLY) << NameOfAttribute(wanted.first);
  }
}

TEST(ChangeTest, A8_OneBadAttributeRefusesAll) {
  EXPECT_EQ(RvOf(Set(AesKey(), {Text(CKA_LABEL, "x"), True(CKA_EXTRACTABLE)})),
            CKR_ATTRIBUTE_READ_ONLY);
}

TEST(ChangeTest, A10_UnknownAndMalformedAttributesAreRefused) {
  EXPECT_EQ(Rv(AesKey(), Raw(CKA_OTP_COUNTER, {})), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(Rv(AesKey(), Raw(CKA_SIGN, {2})), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(Rv(AesKey(), Raw(CKA_SUBJECT, {1})), CKR_ATTRIBUTE_TYPE_INVALID);
}

TEST(ChangeTest, A10_AUsageThatTheAlgorithmLacksIsInconsistent) {
  EXPECT_EQ(Rv(EcKey(), True(CKA_DECRYPT)), CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(Rv(EcKey(), False(CKA_DECRYPT)), CKR_OK);
}

TEST(ChangeTest, A12_ALabelMayBecomeEmpty) {
  EXPECT_EQ(Rv(AesKey({Text(CKA_LABEL, "old")}), Raw(CKA_LABEL, {})), CKR_OK);
}

TEST(ChangeTest, AnEmptyWishChangesNothing) {
  const Result<Change> change = Set(AesKey(), {});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->host), IsEmpty());
}

TEST(ChangeTest, R256_ATrustedCertificateIsLeftAlone) {
  const AttributeList trusted = With(Certificate(CKC_X_509), {True(CKA_TRUSTED)});
  EXPECT_EQ(Rv(trusted, Raw(CKA_ID, {1})), CKR_ACTION_PROHIBITED);
  EXPECT_EQ(RvOf(Set(trusted, {False(CKA_TRUSTED)}, UserState::kSecurityOfficer)),
            CKR_ACTION_PROHIBITED);
}

TEST(CopyTest, MayMoveTheCopyToAnotherKeystore) {
  const Result<Change> change = Copy(AesKey(), {True(CKA_TOKEN), False(CKA_PRIVATE)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->host), ElementsAre("CKA_TOKEN=01", "CKA_PRIVATE=00"));
  EXPECT_THAT(Show(change->hsm), IsEmpty());
}

TEST(CopyTest, MayChangeWhatCanBeSet) {
  const Result<Change> change = Copy(AesKey(), {Text(CKA_LABEL, "copy"), False(CKA_SIGN)});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(Show(change->hsm), ElementsAre("CKA_SIGN=00"));
}

TEST(CopyTest, OneWayRulesHoldForCopies) {
  EXPECT_EQ(RvOf(Copy(AesKey(), {True(CKA_EXTRACTABLE)})), CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_EQ(RvOf(Copy(AesKey(), {False(CKA_SENSITIVE)})), CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_EQ(RvOf(Copy(AesKey(), {Num(CKA_KEY_TYPE, CKK_DES3)})), CKR_ATTRIBUTE_READ_ONLY);
}

TEST(CopyTest, AnUnmodifiableObjectCanMoveButNotChange) {
  const AttributeList key = AesKey({False(CKA_MODIFIABLE)});
  EXPECT_EQ(RvOf(Copy(key, {True(CKA_TOKEN)})), CKR_OK);
  EXPECT_EQ(RvOf(Copy(key, {Text(CKA_LABEL, "x")})), CKR_ACTION_PROHIBITED);
  EXPECT_EQ(RvOf(Copy(key, {True(CKA_MODIFIABLE)})), CKR_ACTION_PROHIBITED);
}

}  // namespace
}  // namespace gw
