// Tests of HsmTemplate and SharedWithPrivate: what leaves for the HSM, and what the halves of a
// pair have in common.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attributes/plans.h"

namespace gw {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Sent(const Result<AttributeList>& complete, Purpose purpose) {
  EXPECT_TRUE(complete.ok());
  return complete.ok() ? Show(HsmTemplate(*complete, purpose)) : std::vector<std::string>();
}

TEST(HsmTemplateTest, GeneratingAnAesKeySendsSizeAndRights) {
  const AttributeList given =
      ListOf({Num(CKA_VALUE_LEN, 32), Text(CKA_LABEL, "x"), Raw(CKA_ID, {1}), False(CKA_SIGN)});
  EXPECT_THAT(Sent(GenerateAes(given), Purpose::kGenerate),
              ElementsAre("CKA_CLASS=4", "CKA_KEY_TYPE=31", "CKA_ENCRYPT=01", "CKA_DECRYPT=01",
                          "CKA_WRAP=01", "CKA_UNWRAP=01", "CKA_SIGN=00", "CKA_VERIFY=01",
                          "CKA_DERIVE=00", "CKA_VALUE_LEN=32", "CKA_EXTRACTABLE=00",
                          "CKA_MODIFIABLE=01", "CKA_WRAP_WITH_TRUSTED=00"));
}

TEST(HsmTemplateTest, GeneratingAnRsaPairSendsNumbersInThePublicHalf) {
  EXPECT_THAT(
      Sent(GenerateRsaPublic(ListOf({Num(CKA_MODULUS_BITS, 2048)})), Purpose::kGenerate),
      ElementsAre("CKA_CLASS=2", "CKA_KEY_TYPE=0", "CKA_ENCRYPT=01", "CKA_WRAP=01", "CKA_VERIFY=01",
                  "CKA_MODULUS_BITS=2048", "CKA_PUBLIC_EXPONENT=010001", "CKA_MODIFIABLE=01"));
  EXPECT_THAT(
      Sent(GenerateRsaPrivate(ListOf({Raw(CKA_PUBLIC_EXPONENT, {1, 0, 1})})), Purpose::kGenerate),
      ElementsAre("CKA_CLASS=3", "CKA_KEY_TYPE=0", "CKA_DECRYPT=01", "CKA_UNWRAP=01", "CKA_SIGN=01",
                  "CKA_EXTRACTABLE=00", "CKA_MODIFIABLE=01", "CKA_WRAP_WITH_TRUSTED=00"));
}

TEST(HsmTemplateTest, GeneratingAnEcPairSendsTheCurveInThePublicHalf) {
  EXPECT_THAT(Sent(GenerateEcPublic(ListOf({Text(CKA_EC_PARAMS, "P-256")})), Purpose::kGenerate),
              ElementsAre("CKA_CLASS=2", "CKA_KEY_TYPE=3", "CKA_VERIFY=01", "CKA_DERIVE=00",
                          "CKA_MODIFIABLE=01", "CKA_EC_PARAMS=06082a8648ce3d030107"));
  EXPECT_THAT(Sent(GenerateEcPrivate(ListOf({Raw(CKA_EC_PARAMS, P256())})), Purpose::kGenerate),
              ElementsAre("CKA_CLASS=3", "CKA_KEY_TYPE=3", "CKA_SIGN=01", "CKA_DERIVE=00",
                          "CKA_EXTRACTABLE=00", "CKA_MODIFIABLE=01", "CKA_WRAP_WITH_TRUSTED=00"));
}

TEST(HsmTemplateTest, AGenericSecretIsNotAnnouncedAsACipherKey) {
  const AttributeList given = ListOf({Num(CKA_VALUE_LEN, 20), True(CKA_ENCRYPT)});
  EXPECT_THAT(Sent(GenerateSecret(given), Purpose::kGenerate),
              ElementsAre("CKA_CLASS=4", "CKA_KEY_TYPE=16", "CKA_SIGN=01", "CKA_VERIFY=01",
                          "CKA_DERIVE=00", "CKA_VALUE_LEN=20", "CKA_EXTRACTABLE=00",
                          "CKA_MODIFIABLE=01", "CKA_WRAP_WITH_TRUSTED=00"));
}

TEST(HsmTemplateTest, SignRecoverStaysOnTheHost) {
  const Result<AttributeList> key = GenerateRsaPrivate(ListOf({True(CKA_SIGN_RECOVER)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_SIGN_RECOVER), true);
  EXPECT_FALSE(HsmTemplate(*key, Purpose::kGenerate).Has(CKA_SIGN_RECOVER));
}

TEST(HsmTemplateTest, TrustedAndUseAsDataAreSentWhenTrue) {
  const AttributeList given =
      ListOf({Num(CKA_VALUE_LEN, 32), True(CKA_TRUSTED), True(CKA_IBM_USE_AS_DATA)});
  KeyPlan plan = PlanOf(Purpose::kGenerate, CKO_SECRET_KEY, CKK_GENERIC_SECRET,
                        CKM_GENERIC_SECRET_KEY_GEN, given);
  plan.user = UserState::kSecurityOfficer;
  const Result<AttributeList> key = CompleteKey(plan);
  ASSERT_TRUE(key.ok());
  const AttributeList sent = HsmTemplate(*key, Purpose::kGenerate);
  EXPECT_EQ(sent.GetBool(CKA_TRUSTED), true);
  EXPECT_EQ(sent.GetBool(CKA_IBM_USE_AS_DATA), true);
}

// GREP11 reference 4.6: CKA_EC_PARAMS is not in the template of an unwrapped EC key.
TEST(HsmTemplateTest, UnwrappingAPrivateKeySendsNoComponents) {
  const AttributeList given = ListOf({Num(CKA_KEY_TYPE, CKK_EC), Raw(CKA_EC_PARAMS, P256())});
  EXPECT_THAT(Sent(Unwrap(given), Purpose::kUnwrap),
              ElementsAre("CKA_CLASS=3", "CKA_KEY_TYPE=3", "CKA_SIGN=01", "CKA_DERIVE=00",
                          "CKA_EXTRACTABLE=00", "CKA_MODIFIABLE=01", "CKA_WRAP_WITH_TRUSTED=00"));
}

TEST(HsmTemplateTest, UnwrappingASecretKeySendsItsLengthIfGiven) {
  const AttributeList aes = ListOf({Num(CKA_KEY_TYPE, CKK_AES)});
  EXPECT_FALSE(HsmTemplate(*Unwrap(aes), Purpose::kUnwrap).Has(CKA_VALUE_LEN));
  const AttributeList long_aes = With(aes, {Num(CKA_VALUE_LEN, 32)});
  EXPECT_EQ(HsmTemplate(*Unwrap(long_aes), Purpose::kUnwrap).GetUlong(CKA_VALUE_LEN), 32u);
}

TEST(HsmTemplateTest, DerivingSendsLengthAndRights) {
  const AttributeList given = ListOf({Num(CKA_VALUE_LEN, 32)});
  const KeyPlan plan =
      PlanOf(Purpose::kDerive, std::nullopt, std::nullopt, CKM_ECDH1_DERIVE, given);
  EXPECT_THAT(Sent(CompleteKey(plan), Purpose::kDerive),
              ElementsAre("CKA_CLASS=4", "CKA_KEY_TYPE=16", "CKA_SIGN=01", "CKA_VERIFY=01",
                          "CKA_DERIVE=00", "CKA_VALUE_LEN=32", "CKA_EXTRACTABLE=00",
                          "CKA_MODIFIABLE=01", "CKA_WRAP_WITH_TRUSTED=00"));
}

// GREP11 reference 4.6: the template for CKM_IBM_TRANSPORTKEY holds booleans only.
TEST(HsmTemplateTest, ImportingAPublicKeySendsBooleansOnly) {
  Bytes point(65, 0x11);
  point.front() = 0x04;
  const AttributeList given =
      ListOf({Num(CKA_KEY_TYPE, CKK_EC), Raw(CKA_EC_PARAMS, P256()), Raw(CKA_EC_POINT, point)});
  EXPECT_THAT(Sent(CreatePublicKey(given, {false, false}), Purpose::kCreate),
              ElementsAre("CKA_VERIFY=01", "CKA_DERIVE=00", "CKA_MODIFIABLE=01"));
}

TEST(HsmTemplateTest, NothingSecretOrDescriptiveIsEverSent) {
  for (const AttributeRow& row : AllAttributes()) {
    if (row.sensitive != 0) {
      EXPECT_EQ(row.sent, 0) << row.name;
    }
  }
  for (CK_ATTRIBUTE_TYPE type :
       {CKA_LABEL, CKA_ID, CKA_TOKEN, CKA_PRIVATE, CKA_SUBJECT, CKA_APPLICATION, CKA_START_DATE,
        CKA_END_DATE, CKA_SENSITIVE, CKA_LOCAL, CKA_NEVER_EXTRACTABLE, CKA_CHECK_VALUE}) {
    EXPECT_EQ(FindAttribute(type)->sent, 0) << NameOfAttribute(type);
  }
}

// R224
TEST(SharedWithPrivateTest, AnRsaPrivateKeyShowsItsPublicNumbers) {
  const AttributeList public_key = ListOf(
      {Num(CKA_CLASS, CKO_PUBLIC_KEY), Raw(CKA_MODULUS, {5}), Raw(CKA_PUBLIC_EXPONENT, {3}),
       Raw(CKA_PUBLIC_KEY_INFO, {0x30}), Text(CKA_LABEL, "public"), Num(CKA_MODULUS_BITS, 3)});
  EXPECT_THAT(Show(SharedWithPrivate(public_key)),
              ElementsAre("CKA_MODULUS=05", "CKA_PUBLIC_EXPONENT=03", "CKA_PUBLIC_KEY_INFO=30"));
}

// R224
TEST(SharedWithPrivateTest, AnEcPrivateKeyShowsItsCurveButNotThePoint) {
  const AttributeList public_key =
      ListOf({Raw(CKA_EC_PARAMS, {6}), Raw(CKA_EC_POINT, {4}), Raw(CKA_PUBLIC_KEY_INFO, {0x30})});
  EXPECT_THAT(Show(SharedWithPrivate(public_key)),
              ElementsAre("CKA_PUBLIC_KEY_INFO=30", "CKA_EC_PARAMS=06"));
}

}  // namespace
}  // namespace gw
