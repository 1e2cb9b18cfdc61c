// Tests of CompleteCertificate and CompleteData.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/attributes/template_rules.h"
#include "tests/unit/attributes/der_maker.h"
#include "tests/unit/attributes/lists.h"

namespace gw {
namespace {

using ::testing::ElementsAre;

// Stands in for SHA-1: twenty octets that tell whose digest they are.
Bytes FakeSha1(ByteView data) {
  Bytes digest(20, static_cast<Byte>(data.size()));
  digest[0] = 0xd1;
  return digest;
}

Result<AttributeList> Certificate(const AttributeList& given, UserState user = UserState::kNormal) {
  return CompleteCertificate(given, user, {true, false}, FakeSha1);
}

AttributeList X509(const Bytes& value) {
  return ListOf({Num(CKA_CLASS, CKO_CERTIFICATE), Num(CKA_CERTIFICATE_TYPE, CKC_X_509),
                 Raw(CKA_SUBJECT, NameDer("given")), Raw(CKA_VALUE, value)});
}

// R254
TEST(CertificateTest, AnX509CertificateHasAllItsAttributes) {
  const Result<AttributeList> object = Certificate(X509({1, 2}));
  ASSERT_TRUE(object.ok());
  EXPECT_THAT(
      Show(*object),
      ElementsAre("CKA_CLASS=1", "CKA_TOKEN=01", "CKA_PRIVATE=00", "CKA_LABEL=", "CKA_VALUE=0102",
                  "CKA_CERTIFICATE_TYPE=0", "CKA_ISSUER=", "CKA_SERIAL_NUMBER=", "CKA_TRUSTED=00",
                  "CKA_CERTIFICATE_CATEGORY=0", "CKA_JAVA_MIDP_SECURITY_DOMAIN=0",
                  "CKA_URL=", "CKA_HASH_OF_SUBJECT_PUBLIC_KEY=", "CKA_HASH_OF_ISSUER_PUBLIC_KEY=",
                  "CKA_NAME_HASH_ALGORITHM=544", "CKA_CHECK_VALUE=d10202",
                  "CKA_SUBJECT=" + HexOf(NameDer("given")), "CKA_ID=", "CKA_START_DATE=",
                  "CKA_END_DATE=", "CKA_PUBLIC_KEY_INFO=", "CKA_MODIFIABLE=01", "CKA_COPYABLE=01",
                  "CKA_DESTROYABLE=01"));
}

TEST(CertificateTest, ASubjectLeftOutIsReadFromTheCertificate) {
  const AttributeList given = Without(X509(CertificateDer("inside")), CKA_SUBJECT);
  const Result<AttributeList> object = Certificate(given);
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(*object->Find(CKA_SUBJECT), NameDer("inside"));
}

TEST(CertificateTest, ASubjectGivenIsKept) {
  const Result<AttributeList> object = Certificate(X509(CertificateDer("inside")));
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(*object->Find(CKA_SUBJECT), NameDer("given"));
}

TEST(CertificateTest, ASubjectThatCannotBeFoundIsMissing) {
  EXPECT_EQ(RvOf(Certificate(Without(X509({1, 2}), CKA_SUBJECT))), CKR_TEMPLATE_INCOMPLETE);
}

// R255
TEST(CertificateTest, TheTypeMustBeGivenAndKnown) {
  EXPECT_EQ(RvOf(Certificate(Without(X509({1}), CKA_CERTIFICATE_TYPE))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(Certificate(With(X509({1}), {Num(CKA_CERTIFICATE_TYPE, 7)}))),
            CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(CertificateTest, TheClassMustBeRight) {
  EXPECT_EQ(RvOf(Certificate(With(X509({1}), {Num(CKA_CLASS, CKO_DATA)}))),
            CKR_TEMPLATE_INCONSISTENT);
}

TEST(CertificateTest, AUrlWithBothHashesReplacesTheValue) {
  const AttributeList complete =
      With(Without(X509({}), CKA_VALUE),
           {Text(CKA_URL, "https://example.org/c"), Raw(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, {1}),
            Raw(CKA_HASH_OF_ISSUER_PUBLIC_KEY, {2})});
  const Result<AttributeList> object = Certificate(complete);
  ASSERT_TRUE(object.ok());
  EXPECT_FALSE(object->Has(CKA_CHECK_VALUE));
  for (CK_ATTRIBUTE_TYPE type :
       {CKA_URL, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_HASH_OF_ISSUER_PUBLIC_KEY}) {
    EXPECT_EQ(RvOf(Certificate(Without(complete, type))), CKR_TEMPLATE_INCOMPLETE)
        << NameOfAttribute(type);
  }
}

// R234
TEST(CertificateTest, ACheckValueThatIsGivenMustMatch) {
  EXPECT_TRUE(Certificate(With(X509({1, 2}), {Raw(CKA_CHECK_VALUE, {0xd1, 2, 2})})).ok());
  EXPECT_EQ(RvOf(Certificate(With(X509({1, 2}), {Raw(CKA_CHECK_VALUE, {1, 2, 3})}))),
            CKR_ATTRIBUTE_VALUE_INVALID);
}

// R234
TEST(CertificateTest, AnEmptyCheckValueSuppressesIt) {
  const Result<AttributeList> object = Certificate(With(X509({1, 2}), {Raw(CKA_CHECK_VALUE, {})}));
  ASSERT_TRUE(object.ok());
  EXPECT_TRUE(object->Find(CKA_CHECK_VALUE)->empty());
}

TEST(CertificateTest, OnlyTheOfficerMarksItTrusted) {
  const AttributeList given = With(X509({1}), {True(CKA_TRUSTED)});
  EXPECT_EQ(RvOf(Certificate(given)), CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_TRUE(Certificate(given, UserState::kSecurityOfficer).ok());
}

TEST(CertificateTest, AttributesOfKeysAreTypeInvalid) {
  EXPECT_EQ(RvOf(Certificate(With(X509({1}), {Num(CKA_KEY_TYPE, CKK_RSA)}))),
            CKR_ATTRIBUTE_TYPE_INVALID);
}

// R254
TEST(CertificateTest, AnAttributeCertificateNeedsOwnerAndValue) {
  const AttributeList complete =
      ListOf({Num(CKA_CERTIFICATE_TYPE, CKC_X_509_ATTR_CERT), Raw(CKA_OWNER, {0x30, 0}),
              Raw(CKA_VALUE, {1}), Raw(CKA_AC_ISSUER, {0x30, 0})});
  EXPECT_TRUE(Certificate(complete).ok());
  EXPECT_EQ(RvOf(Certificate(Without(complete, CKA_OWNER))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(Certificate(Without(complete, CKA_VALUE))), CKR_TEMPLATE_INCOMPLETE);
}

// R254
TEST(CertificateTest, AWtlsCertificateNeedsItsSubject) {
  const AttributeList complete =
      ListOf({Num(CKA_CERTIFICATE_TYPE, CKC_WTLS), Raw(CKA_SUBJECT, {1}), Raw(CKA_VALUE, {1})});
  EXPECT_TRUE(Certificate(complete).ok());
  EXPECT_EQ(RvOf(Certificate(Without(complete, CKA_SUBJECT))), CKR_TEMPLATE_INCOMPLETE);
}

// R260
TEST(DataTest, NothingIsNeeded) {
  const Result<AttributeList> object = CompleteData({}, {false, true});
  ASSERT_TRUE(object.ok());
  EXPECT_THAT(Show(*object),
              ElementsAre("CKA_CLASS=0", "CKA_TOKEN=00", "CKA_PRIVATE=01", "CKA_LABEL=",
                          "CKA_APPLICATION=", "CKA_VALUE=", "CKA_OBJECT_ID=", "CKA_MODIFIABLE=01",
                          "CKA_COPYABLE=01", "CKA_DESTROYABLE=01"));
}

TEST(DataTest, WhatIsGivenIsKept) {
  const Result<AttributeList> object =
      CompleteData(ListOf({Num(CKA_CLASS, CKO_DATA), Text(CKA_APPLICATION, "db"),
                           Raw(CKA_VALUE, {9}), False(CKA_DESTROYABLE)}),
                   {false, true});
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(TextOf(*object->Find(CKA_APPLICATION)), "db");
  EXPECT_THAT(*object->Find(CKA_VALUE), ElementsAre(9));
  EXPECT_EQ(object->GetBool(CKA_DESTROYABLE), false);
}

TEST(DataTest, OtherClassesAndAttributesAreRefused) {
  EXPECT_EQ(RvOf(CompleteData(ListOf({Num(CKA_CLASS, CKO_SECRET_KEY)}), {})),
            CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(RvOf(CompleteData(ListOf({Raw(CKA_ID, {1})}), {})), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(RvOf(CompleteData(ListOf({True(CKA_SIGN)}), {})), CKR_TEMPLATE_INCONSISTENT);
}

}  // namespace
}  // namespace gw
