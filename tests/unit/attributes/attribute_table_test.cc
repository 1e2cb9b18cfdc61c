// Tests of attributes/attribute_table.h: the rows against the attribute table of the behaviour
// sheet.
#include "daemon/attributes/attribute_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/core/attribute_codec.h"
#include "tests/unit/attributes/lists.h"

namespace gw {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST(AttributeTableTest, HasExactlyTheseRows) {
  std::vector<std::string_view> names;
  for (const AttributeRow& row : AllAttributes()) names.push_back(row.name);
  EXPECT_THAT(
      names,
      ElementsAre(
          "CKA_CLASS", "CKA_TOKEN", "CKA_PRIVATE", "CKA_LABEL", "CKA_UNIQUE_ID", "CKA_APPLICATION",
          "CKA_VALUE", "CKA_OBJECT_ID", "CKA_CERTIFICATE_TYPE", "CKA_ISSUER", "CKA_SERIAL_NUMBER",
          "CKA_AC_ISSUER", "CKA_OWNER", "CKA_ATTR_TYPES", "CKA_TRUSTED", "CKA_CERTIFICATE_CATEGORY",
          "CKA_JAVA_MIDP_SECURITY_DOMAIN", "CKA_URL", "CKA_HASH_OF_SUBJECT_PUBLIC_KEY",
          "CKA_HASH_OF_ISSUER_PUBLIC_KEY", "CKA_NAME_HASH_ALGORITHM", "CKA_CHECK_VALUE",
          "CKA_KEY_TYPE", "CKA_SUBJECT", "CKA_ID", "CKA_SENSITIVE", "CKA_ENCRYPT", "CKA_DECRYPT",
          "CKA_WRAP", "CKA_UNWRAP", "CKA_SIGN", "CKA_SIGN_RECOVER", "CKA_VERIFY",
          "CKA_VERIFY_RECOVER", "CKA_DERIVE", "CKA_START_DATE", "CKA_END_DATE", "CKA_MODULUS",
          "CKA_MODULUS_BITS", "CKA_PUBLIC_EXPONENT", "CKA_PRIVATE_EXPONENT", "CKA_PRIME_1",
          "CKA_PRIME_2", "CKA_EXPONENT_1", "CKA_EXPONENT_2", "CKA_COEFFICIENT",
          "CKA_PUBLIC_KEY_INFO", "CKA_PRIME", "CKA_SUBPRIME", "CKA_BASE", "CKA_PRIME_BITS",
          "CKA_SUB_PRIME_BITS", "CKA_VALUE_BITS", "CKA_VALUE_LEN", "CKA_EXTRACTABLE", "CKA_LOCAL",
          "CKA_NEVER_EXTRACTABLE", "CKA_ALWAYS_SENSITIVE", "CKA_KEY_GEN_MECHANISM",
          "CKA_MODIFIABLE", "CKA_COPYABLE", "CKA_DESTROYABLE", "CKA_EC_PARAMS", "CKA_EC_POINT",
          "CKA_ALWAYS_AUTHENTICATE", "CKA_WRAP_WITH_TRUSTED", "CKA_WRAP_TEMPLATE",
          "CKA_UNWRAP_TEMPLATE", "CKA_DERIVE_TEMPLATE", "CKA_ALLOWED_MECHANISMS",
          "CKA_IBM_ATTRBOUND", "CKA_IBM_USE_AS_DATA", "CKA_IBM_PQC_PARAMS", "CKA_GREP11_WKID"));
}

TEST(AttributeTableTest, FindsEachRowByItsType) {
  for (const AttributeRow& row : AllAttributes()) EXPECT_EQ(FindAttribute(row.type), &row);
}

TEST(AttributeTableTest, AnUnknownTypeHasNoRow) {
  EXPECT_EQ(FindAttribute(CKA_OTP_COUNTER), nullptr);
  EXPECT_EQ(FindAttribute(CKA_VENDOR_DEFINED), nullptr);
  EXPECT_EQ(FindAttribute(CK_UNAVAILABLE_INFORMATION), nullptr);
  EXPECT_EQ(NameOfAttribute(CKA_OTP_COUNTER), "unknown attribute");
}

// The codec decides by a list of its own which values depend on the byte order of the host.
TEST(AttributeTableTest, NumbersAreThoseThatTheCodecTurnsAround) {
  for (const AttributeRow& row : AllAttributes()) {
    EXPECT_EQ(row.value == ValueKind::kUlong, IsUlongAttribute(row.type)) << row.name;
  }
}

std::vector<std::string_view> SensitiveOf(ObjectKind kind) {
  std::vector<std::string_view> names;
  for (const AttributeRow& row : AllAttributes()) {
    if (Contains(row.sensitive, kind)) names.push_back(row.name);
  }
  return names;
}

TEST(AttributeTableTest, KnowsTheSecretPartsOfEachKey) {
  EXPECT_THAT(SensitiveOf(ObjectKind::kRsaPrivate),
              UnorderedElementsAre("CKA_PRIVATE_EXPONENT", "CKA_PRIME_1", "CKA_PRIME_2",
                                   "CKA_EXPONENT_1", "CKA_EXPONENT_2", "CKA_COEFFICIENT"));
  for (ObjectKind kind : {ObjectKind::kEcPrivate, ObjectKind::kDsaPrivate, ObjectKind::kDhPrivate,
                          ObjectKind::kPqcPrivate, ObjectKind::kGenericSecret, ObjectKind::kDes2,
                          ObjectKind::kDes3, ObjectKind::kAes}) {
    EXPECT_THAT(SensitiveOf(kind), ElementsAre("CKA_VALUE"));
  }
}

TEST(AttributeTableTest, PublicThingsHaveNoSecretParts) {
  for (ObjectKind kind :
       {ObjectKind::kData, ObjectKind::kX509, ObjectKind::kAttributeCertificate, ObjectKind::kWtls,
        ObjectKind::kRsaPublic, ObjectKind::kEcPublic, ObjectKind::kDsaPublic,
        ObjectKind::kDhPublic, ObjectKind::kPqcPublic, ObjectKind::kDomainParameters}) {
    EXPECT_THAT(SensitiveOf(kind), ::testing::IsEmpty());
  }
}

std::vector<std::string_view> BlobPartsOf(ObjectKind kind) {
  std::vector<std::string_view> names;
  for (const AttributeRow& row : AllAttributes()) {
    if (IsInBlob(row, kind)) names.push_back(row.name);
  }
  return names;
}

// Source: GREP11 reference 3.4 and 3.8, "settable booleans".
TEST(AttributeTableTest, KnowsWhichBooleansAreInTheKeyBlob) {
  EXPECT_THAT(BlobPartsOf(ObjectKind::kRsaPrivate),
              UnorderedElementsAre("CKA_DECRYPT", "CKA_SIGN", "CKA_UNWRAP", "CKA_EXTRACTABLE",
                                   "CKA_MODIFIABLE", "CKA_WRAP_WITH_TRUSTED", "CKA_IBM_ATTRBOUND"));
  EXPECT_THAT(
      BlobPartsOf(ObjectKind::kEcPrivate),
      UnorderedElementsAre("CKA_SIGN", "CKA_DERIVE", "CKA_EXTRACTABLE", "CKA_MODIFIABLE",
                           "CKA_WRAP_WITH_TRUSTED", "CKA_IBM_ATTRBOUND", "CKA_IBM_USE_AS_DATA"));
  EXPECT_THAT(BlobPartsOf(ObjectKind::kRsaPublic),
              UnorderedElementsAre("CKA_ENCRYPT", "CKA_VERIFY", "CKA_WRAP", "CKA_TRUSTED",
                                   "CKA_MODIFIABLE", "CKA_IBM_ATTRBOUND"));
  EXPECT_THAT(BlobPartsOf(ObjectKind::kAes),
              UnorderedElementsAre("CKA_ENCRYPT", "CKA_DECRYPT", "CKA_WRAP", "CKA_UNWRAP",
                                   "CKA_SIGN", "CKA_VERIFY", "CKA_DERIVE", "CKA_TRUSTED",
                                   "CKA_EXTRACTABLE", "CKA_MODIFIABLE", "CKA_WRAP_WITH_TRUSTED",
                                   "CKA_IBM_ATTRBOUND", "CKA_IBM_USE_AS_DATA"));
}

TEST(AttributeTableTest, ObjectsWithoutABlobHaveNothingInIt) {
  EXPECT_THAT(BlobPartsOf(ObjectKind::kData), ::testing::IsEmpty());
  EXPECT_THAT(BlobPartsOf(ObjectKind::kX509), ::testing::IsEmpty());
}

}  // namespace
}  // namespace gw
