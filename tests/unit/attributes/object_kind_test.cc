// Tests of attributes/object_kind.h.
#include "daemon/attributes/object_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/pkcs11/ck_parameters.h"
#include "tests/unit/attributes/lists.h"

namespace gw {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(ObjectKindTest, IsMadeOfClassAndType) {
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY), Num(CKA_KEY_TYPE, CKK_RSA)})),
            ObjectKind::kRsaPublic);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_EC)})),
            ObjectKind::kEcPrivate);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_SECRET_KEY), Num(CKA_KEY_TYPE, CKK_AES)})),
            ObjectKind::kAes);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_CERTIFICATE), Num(CKA_CERTIFICATE_TYPE, CKC_WTLS)})),
            ObjectKind::kWtls);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_DATA)})), ObjectKind::kData);
}

const std::vector<Byte> kX25519{6, 3, 0x2b, 0x65, 110};
const std::vector<Byte> kEd25519{6, 3, 0x2b, 0x65, 112};

// R188: by whichever name of its type.
TEST(ObjectKindTest, AnEcKeyIsOfItsCurve) {
  struct Case {
    CK_KEY_TYPE type;
    std::vector<Byte> params;
    ObjectKind kind;
  };
  const Case cases[] = {
      {CKK_EC, kEd25519, ObjectKind::kEcPrivate},
      {CKK_EC_EDWARDS, kEd25519, ObjectKind::kEcPrivate},
      {CKK_EC, kX25519, ObjectKind::kXdhPrivate},
      {CKK_EC_MONTGOMERY, kX25519, ObjectKind::kXdhPrivate},
  };
  for (const Case& at : cases) {
    const AttributeList key = ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, at.type),
                                      Raw(CKA_EC_PARAMS, at.params)});
    EXPECT_EQ(KindOf(key), at.kind) << at.type;
    EXPECT_EQ(HsmKeyType(at.type), CK_KEY_TYPE{CKK_EC});
  }
  EXPECT_EQ(HsmKeyType(CKK_RSA), CK_KEY_TYPE{CKK_RSA});
}

TEST(ObjectKindTest, ThingsThatWeDoNotStoreHaveNone) {
  EXPECT_EQ(KindOf({}), std::nullopt);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_HW_FEATURE)})), std::nullopt);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_SECRET_KEY)})), std::nullopt);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_SECRET_KEY), Num(CKA_KEY_TYPE, CKK_RSA)})),
            std::nullopt);
  EXPECT_EQ(KindOf(ListOf({Num(CKA_CLASS, CKO_CERTIFICATE), Num(CKA_CERTIFICATE_TYPE, 9)})),
            std::nullopt);
  EXPECT_EQ(KindOf(ListOf({Raw(CKA_CLASS, {1})})), std::nullopt);
}

constexpr CK_ATTRIBUTE_TYPE kUsages[] = {CKA_ENCRYPT, CKA_DECRYPT,        CKA_WRAP,
                                         CKA_UNWRAP,  CKA_SIGN,           CKA_SIGN_RECOVER,
                                         CKA_VERIFY,  CKA_VERIFY_RECOVER, CKA_DERIVE};

std::vector<std::string_view> UsagesOf(ObjectKind kind, UsageRule rule) {
  std::vector<std::string_view> names;
  for (CK_ATTRIBUTE_TYPE usage : kUsages) {
    if (UsageOf(kind, usage) == rule) names.push_back(NameOfAttribute(usage));
  }
  return names;
}

TEST(UsageTest, RsaPublicKeysEncryptVerifyAndWrap) {
  EXPECT_THAT(UsagesOf(ObjectKind::kRsaPublic, UsageRule::kGranted),
              UnorderedElementsAre("CKA_ENCRYPT", "CKA_VERIFY", "CKA_WRAP"));
  EXPECT_THAT(UsagesOf(ObjectKind::kRsaPublic, UsageRule::kAsked), IsEmpty());
  EXPECT_THAT(UsagesOf(ObjectKind::kRsaPublic, UsageRule::kHostOnly),
              UnorderedElementsAre("CKA_VERIFY_RECOVER"));
}

TEST(UsageTest, RsaPrivateKeysDecryptSignAndUnwrap) {
  EXPECT_THAT(UsagesOf(ObjectKind::kRsaPrivate, UsageRule::kGranted),
              UnorderedElementsAre("CKA_DECRYPT", "CKA_SIGN", "CKA_UNWRAP"));
  EXPECT_THAT(UsagesOf(ObjectKind::kRsaPrivate, UsageRule::kAsked), IsEmpty());
  EXPECT_THAT(UsagesOf(ObjectKind::kRsaPrivate, UsageRule::kHostOnly),
              UnorderedElementsAre("CKA_SIGN_RECOVER"));
}

TEST(UsageTest, EcKeysSignAndVerifyAndDeriveWhenAsked) {
  EXPECT_THAT(UsagesOf(ObjectKind::kEcPublic, UsageRule::kGranted),
              UnorderedElementsAre("CKA_VERIFY"));
  EXPECT_THAT(UsagesOf(ObjectKind::kEcPrivate, UsageRule::kGranted),
              UnorderedElementsAre("CKA_SIGN"));
  EXPECT_THAT(UsagesOf(ObjectKind::kEcPublic, UsageRule::kAsked),
              UnorderedElementsAre("CKA_DERIVE"));
  EXPECT_THAT(UsagesOf(ObjectKind::kEcPrivate, UsageRule::kAsked),
              UnorderedElementsAre("CKA_DERIVE"));
}

TEST(UsageTest, AesKeysDoEverythingSymmetric) {
  EXPECT_THAT(UsagesOf(ObjectKind::kAes, UsageRule::kGranted),
              UnorderedElementsAre("CKA_ENCRYPT", "CKA_DECRYPT", "CKA_WRAP", "CKA_UNWRAP",
                                   "CKA_SIGN", "CKA_VERIFY"));
  EXPECT_THAT(UsagesOf(ObjectKind::kAes, UsageRule::kAsked), UnorderedElementsAre("CKA_DERIVE"));
}

TEST(UsageTest, GenericSecretsAuthenticate) {
  EXPECT_THAT(UsagesOf(ObjectKind::kGenericSecret, UsageRule::kGranted),
              UnorderedElementsAre("CKA_SIGN", "CKA_VERIFY"));
  EXPECT_THAT(UsagesOf(ObjectKind::kGenericSecret, UsageRule::kHostOnly),
              UnorderedElementsAre("CKA_ENCRYPT", "CKA_DECRYPT", "CKA_WRAP", "CKA_UNWRAP"));
}

TEST(UsageTest, DataAndCertificatesHaveNone) {
  EXPECT_THAT(UsagesOf(ObjectKind::kData, UsageRule::kImpossible), ::testing::SizeIs(9));
  EXPECT_THAT(UsagesOf(ObjectKind::kX509, UsageRule::kImpossible), ::testing::SizeIs(9));
}

}  // namespace
}  // namespace gw
