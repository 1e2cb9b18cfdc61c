// Tests of CompleteKey for keys that the HSM makes: generated, unwrapped, derived.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attributes/plans.h"

namespace gw {
namespace {

using ::testing::ElementsAre;

TEST(CompleteKeyTest, AnAesKeyHasAllItsAttributes) {
  const Result<AttributeList> key = GenerateAes(ListOf({Num(CKA_VALUE_LEN, 32)}));
  ASSERT_TRUE(key.ok());
  EXPECT_THAT(
      Show(*key),
      ElementsAre("CKA_CLASS=4", "CKA_TOKEN=00", "CKA_PRIVATE=01", "CKA_LABEL=", "CKA_TRUSTED=00",
                  "CKA_KEY_TYPE=31", "CKA_ID=", "CKA_SENSITIVE=01", "CKA_ENCRYPT=01",
                  "CKA_DECRYPT=01", "CKA_WRAP=01", "CKA_UNWRAP=01", "CKA_SIGN=01", "CKA_VERIFY=01",
                  "CKA_DERIVE=00", "CKA_START_DATE=", "CKA_END_DATE=", "CKA_VALUE_LEN=32",
                  "CKA_EXTRACTABLE=00", "CKA_LOCAL=01", "CKA_NEVER_EXTRACTABLE=01",
                  "CKA_ALWAYS_SENSITIVE=01", "CKA_KEY_GEN_MECHANISM=4224", "CKA_MODIFIABLE=01",
                  "CKA_COPYABLE=01", "CKA_DESTROYABLE=01", "CKA_WRAP_WITH_TRUSTED=00",
                  "CKA_WRAP_TEMPLATE=", "CKA_UNWRAP_TEMPLATE=", "CKA_DERIVE_TEMPLATE=",
                  "CKA_ALLOWED_MECHANISMS=", "CKA_IBM_ATTRBOUND=00", "CKA_IBM_USE_AS_DATA=00"));
}

TEST(CompleteKeyTest, AnRsaPublicKeyHasAllItsAttributes) {
  const Result<AttributeList> key = GenerateRsaPublic(ListOf({Num(CKA_MODULUS_BITS, 2048)}));
  ASSERT_TRUE(key.ok());
  EXPECT_THAT(
      Show(*key),
      ElementsAre("CKA_CLASS=2", "CKA_TOKEN=00", "CKA_PRIVATE=01", "CKA_LABEL=", "CKA_TRUSTED=00",
                  "CKA_KEY_TYPE=0", "CKA_SUBJECT=", "CKA_ID=", "CKA_ENCRYPT=01", "CKA_WRAP=01",
                  "CKA_VERIFY=01", "CKA_VERIFY_RECOVER=00", "CKA_DERIVE=00", "CKA_START_DATE=",
                  "CKA_END_DATE=", "CKA_MODULUS_BITS=2048", "CKA_PUBLIC_EXPONENT=010001",
                  "CKA_PUBLIC_KEY_INFO=", "CKA_LOCAL=01", "CKA_KEY_GEN_MECHANISM=0",
                  "CKA_MODIFIABLE=01", "CKA_COPYABLE=01", "CKA_DESTROYABLE=01",
                  "CKA_WRAP_TEMPLATE=", "CKA_ALLOWED_MECHANISMS=", "CKA_IBM_ATTRBOUND=00"));
}

TEST(CompleteKeyTest, AnEcPrivateKeyHasAllItsAttributes) {
  const Result<AttributeList> key = GenerateEcPrivate(ListOf({Text(CKA_LABEL, "web")}));
  ASSERT_TRUE(key.ok());
  EXPECT_THAT(
      Show(*key),
      ElementsAre("CKA_CLASS=3", "CKA_TOKEN=00", "CKA_PRIVATE=01", "CKA_LABEL=776562",
                  "CKA_KEY_TYPE=3", "CKA_SUBJECT=", "CKA_ID=", "CKA_SENSITIVE=01", "CKA_DECRYPT=00",
                  "CKA_UNWRAP=00", "CKA_SIGN=01", "CKA_SIGN_RECOVER=00", "CKA_DERIVE=00",
                  "CKA_START_DATE=", "CKA_END_DATE=", "CKA_PUBLIC_KEY_INFO=", "CKA_EXTRACTABLE=00",
                  "CKA_LOCAL=01", "CKA_NEVER_EXTRACTABLE=01", "CKA_ALWAYS_SENSITIVE=01",
                  "CKA_KEY_GEN_MECHANISM=4160", "CKA_MODIFIABLE=01", "CKA_COPYABLE=01",
                  "CKA_DESTROYABLE=01", "CKA_ALWAYS_AUTHENTICATE=00", "CKA_WRAP_WITH_TRUSTED=00",
                  "CKA_UNWRAP_TEMPLATE=", "CKA_DERIVE_TEMPLATE=", "CKA_ALLOWED_MECHANISMS=",
                  "CKA_IBM_ATTRBOUND=00", "CKA_IBM_USE_AS_DATA=00"));
}

AttributeList DomainNumbers(std::size_t base_bytes) {
  return ListOf({{CKA_PRIME, Bytes(128, 0xc1)},
                 {CKA_SUBPRIME, Bytes(20, 0x91)},
                 {CKA_BASE, Bytes(base_bytes, 5)}});
}
Result<AttributeList> GenerateDsaPublic(const AttributeList& given) {
  return Generate(CKM_DSA_KEY_PAIR_GEN, CKO_PUBLIC_KEY, CKK_DSA, given);
}

// GREP11 reference 4.7: individual numbers are rejected, so they go as one attribute.
TEST(CompleteKeyTest, DomainParametersGoToTheHsmInOnePiece) {
  const Result<AttributeList> key = GenerateDsaPublic(DomainNumbers(127));
  ASSERT_TRUE(key.ok());
  const AttributeList sent = HsmTemplate(*key, Purpose::kGenerate);
  Bytes joined(128, 0xc1);
  joined.resize(128 + 108);
  Append(joined, Bytes(20, 0x91));
  joined.push_back(0);
  Append(joined, Bytes(127, 5));
  ASSERT_TRUE(sent.Has(CKA_IBM_STRUCT_PARAMS));
  EXPECT_EQ(*sent.Find(CKA_IBM_STRUCT_PARAMS), joined);
  EXPECT_FALSE(sent.Has(CKA_PRIME));
}

TEST(CompleteKeyTest, ANumberAboveThePrimeIsInvalid) {
  const Result<AttributeList> key = GenerateDsaPublic(DomainNumbers(129));
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().rv, CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(CompleteKeyTest, PlacementIsWhatWasDecidedNotWhatWasGiven) {
  const AttributeList given = ListOf({Num(CKA_VALUE_LEN, 16)});
  KeyPlan plan = PlanOf(Purpose::kGenerate, CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, given);
  plan.placement = {true, false};
  const Result<AttributeList> key = CompleteKey(plan);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_TOKEN), true);
  EXPECT_EQ(key->GetBool(CKA_PRIVATE), false);
}

// R220
TEST(CompleteKeyTest, ClassAndTypeMayBeRepeatedInTheTemplate) {
  const AttributeList given =
      ListOf({Num(CKA_CLASS, CKO_SECRET_KEY), Num(CKA_KEY_TYPE, CKK_AES), Num(CKA_VALUE_LEN, 16)});
  EXPECT_TRUE(GenerateAes(given).ok());
}

// R220
TEST(CompleteKeyTest, ContradictingTheMechanismIsInconsistent) {
  const Given size = Num(CKA_VALUE_LEN, 24);
  EXPECT_EQ(RvOf(GenerateAes(ListOf({size, Num(CKA_KEY_TYPE, CKK_DES3)}))),
            CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(RvOf(GenerateAes(ListOf({size, Num(CKA_CLASS, CKO_PRIVATE_KEY)}))),
            CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(RvOf(GenerateEcPrivate(ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY)}))),
            CKR_TEMPLATE_INCONSISTENT);
}

// R221
TEST(CompleteKeyTest, AUsageGivenIsKept) {
  const Result<AttributeList> key =
      GenerateAes(ListOf({Num(CKA_VALUE_LEN, 16), False(CKA_SIGN), True(CKA_DERIVE)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_SIGN), false);
  EXPECT_EQ(key->GetBool(CKA_DERIVE), true);
  EXPECT_EQ(key->GetBool(CKA_VERIFY), true);
}

// R221
TEST(CompleteKeyTest, AnImpossibleUsageMayBeFalse) {
  const Result<AttributeList> key =
      GenerateEcPrivate(ListOf({False(CKA_DECRYPT), False(CKA_UNWRAP), False(CKA_ENCRYPT)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_DECRYPT), false);
  EXPECT_FALSE(key->Has(CKA_ENCRYPT));
}

// R221
TEST(CompleteKeyTest, AnImpossibleUsageThatIsTrueIsInconsistent) {
  EXPECT_EQ(RvOf(GenerateEcPrivate(ListOf({True(CKA_DECRYPT)}))), CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(RvOf(GenerateRsaPrivate(ListOf({True(CKA_DERIVE)}))), CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(RvOf(GenerateRsaPrivate(ListOf({True(CKA_VERIFY)}))), CKR_TEMPLATE_INCONSISTENT);
}

TEST(CompleteKeyTest, AGenericSecretMayBeAskedToEncryptAsToolsDo) {
  const Result<AttributeList> key = GenerateSecret(
      ListOf({Num(CKA_VALUE_LEN, 20), True(CKA_ENCRYPT), True(CKA_DECRYPT), True(CKA_WRAP)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_ENCRYPT), true);
  EXPECT_EQ(key->GetBool(CKA_UNWRAP), false);
  EXPECT_EQ(key->GetBool(CKA_SIGN), true);
}

TEST(CompleteKeyTest, ABooleanOfOtherObjectsMayBeFalse) {
  const AttributeList given = ListOf({Num(CKA_MODULUS_BITS, 2048), False(CKA_EXTRACTABLE)});
  const Result<AttributeList> key = GenerateRsaPublic(given);
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(key->Has(CKA_EXTRACTABLE));
}

TEST(CompleteKeyTest, AnAttributeOfOtherObjectsIsTypeInvalid) {
  EXPECT_EQ(RvOf(GenerateEcPrivate(ListOf({Num(CKA_MODULUS_BITS, 2048)}))),
            CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(RvOf(GenerateAes(ListOf({Num(CKA_VALUE_LEN, 16), Raw(CKA_SUBJECT, {0x30, 0})}))),
            CKR_ATTRIBUTE_TYPE_INVALID);
}

// R222
TEST(CompleteKeyTest, SensitiveMayBeFalseAndIsShownSo) {
  const Result<AttributeList> key =
      GenerateAes(ListOf({Num(CKA_VALUE_LEN, 16), False(CKA_SENSITIVE)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_SENSITIVE), false);
  EXPECT_EQ(key->GetBool(CKA_ALWAYS_SENSITIVE), false);
}

// R223
TEST(CompleteKeyTest, AnExtractableKeyHasNotAlwaysBeenUnextractable) {
  const Result<AttributeList> key =
      GenerateAes(ListOf({Num(CKA_VALUE_LEN, 16), True(CKA_EXTRACTABLE)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_EXTRACTABLE), true);
  EXPECT_EQ(key->GetBool(CKA_NEVER_EXTRACTABLE), false);
}

// A5
TEST(CompleteKeyTest, OnlyTheOfficerMakesTrustedKeys) {
  const AttributeList given = ListOf({Num(CKA_VALUE_LEN, 32), True(CKA_TRUSTED)});
  KeyPlan plan = PlanOf(Purpose::kGenerate, CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, given);
  EXPECT_EQ(RvOf(CompleteKey(plan)), CKR_ATTRIBUTE_READ_ONLY);
  plan.user = UserState::kAnonymous;
  EXPECT_EQ(RvOf(CompleteKey(plan)), CKR_ATTRIBUTE_READ_ONLY);
  plan.user = UserState::kSecurityOfficer;
  EXPECT_TRUE(CompleteKey(plan).ok());
}

TEST(CompleteKeyTest, AlwaysAuthenticateIsRefusedRatherThanIgnored) {
  EXPECT_EQ(RvOf(GenerateEcPrivate(ListOf({True(CKA_ALWAYS_AUTHENTICATE)}))),
            CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_TRUE(GenerateEcPrivate(ListOf({False(CKA_ALWAYS_AUTHENTICATE)})).ok());
}

TEST(CompleteKeyTest, ErrorsOfCheckTemplateComeThrough) {
  EXPECT_EQ(RvOf(GenerateAes(ListOf({Raw(CKA_OTP_COUNTER, {})}))), CKR_ATTRIBUTE_TYPE_INVALID);
  EXPECT_EQ(RvOf(GenerateAes(ListOf({True(CKA_LOCAL)}))), CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_EQ(RvOf(GenerateAes(ListOf({Raw(CKA_SIGN, {3})}))), CKR_ATTRIBUTE_VALUE_INVALID);
}

// A10
TEST(CompleteKeyTest, WhatAKeyNeedsMustBeGiven) {
  EXPECT_EQ(RvOf(GenerateAes({})), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(GenerateSecret({})), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(GenerateRsaPublic({})), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(GenerateEcPublic({})), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(GenerateEcPublic(ListOf({Raw(CKA_EC_PARAMS, {})}))), CKR_TEMPLATE_INCOMPLETE);
}

TEST(CompleteKeyTest, PrivateHalvesNeedNothing) {
  EXPECT_TRUE(GenerateRsaPrivate({}).ok());
  EXPECT_TRUE(GenerateEcPrivate({}).ok());
}

struct Size {
  CK_ULONG value;
  CK_RV rv;
};

TEST(CompleteKeyTest, AesKeysHaveThreeSizes) {
  for (const auto& [value, rv] :
       {Size{16, CKR_OK}, Size{24, CKR_OK}, Size{32, CKR_OK}, Size{0, CKR_ATTRIBUTE_VALUE_INVALID},
        Size{8, CKR_ATTRIBUTE_VALUE_INVALID}, Size{20, CKR_ATTRIBUTE_VALUE_INVALID},
        Size{40, CKR_ATTRIBUTE_VALUE_INVALID}, Size{256, CKR_ATTRIBUTE_VALUE_INVALID}}) {
    EXPECT_EQ(RvOf(GenerateAes(ListOf({Num(CKA_VALUE_LEN, value)}))), rv) << value;
  }
}

TEST(CompleteKeyTest, GenericSecretsHaveOneTo256Octets) {
  for (const auto& [value, rv] :
       {Size{1, CKR_OK}, Size{64, CKR_OK}, Size{256, CKR_OK}, Size{0, CKR_ATTRIBUTE_VALUE_INVALID},
        Size{257, CKR_ATTRIBUTE_VALUE_INVALID}}) {
    EXPECT_EQ(RvOf(GenerateSecret(ListOf({Num(CKA_VALUE_LEN, value)}))), rv) << value;
  }
}

TEST(CompleteKeyTest, RsaKeysHave1024To4096Bits) {
  for (const auto& [value, rv] :
       {Size{1024, CKR_OK}, Size{3072, CKR_OK}, Size{4096, CKR_OK},
        Size{512, CKR_ATTRIBUTE_VALUE_INVALID}, Size{1023, CKR_ATTRIBUTE_VALUE_INVALID},
        Size{4097, CKR_ATTRIBUTE_VALUE_INVALID}}) {
    EXPECT_EQ(RvOf(GenerateRsaPublic(ListOf({Num(CKA_MODULUS_BITS, value)}))), rv) << value;
  }
}

// A13
TEST(CompleteKeyTest, AnExponentLosesLeadingZerosAndIsNotJudged) {
  const Result<AttributeList> key =
      GenerateRsaPublic(ListOf({Num(CKA_MODULUS_BITS, 2048), Raw(CKA_PUBLIC_EXPONENT, {0, 0, 3})}));
  ASSERT_TRUE(key.ok());
  EXPECT_THAT(*key->Find(CKA_PUBLIC_EXPONENT), ElementsAre(3));
}

// R182
TEST(CompleteKeyTest, CurvesAreStoredAsObjectIdentifiers) {
  for (const Bytes& parameters :
       {P256(), CopyOf("P-256"), CopyOf("prime256v1"), CopyOf("SECP256R1")}) {
    const Result<AttributeList> key = GenerateEcPublic(ListOf({Raw(CKA_EC_PARAMS, parameters)}));
    ASSERT_TRUE(key.ok()) << HexOf(parameters);
    EXPECT_EQ(*key->Find(CKA_EC_PARAMS), P256());
  }
}

TEST(CompleteKeyTest, TheOtherCurvesOfTheTokenAreKnown) {
  for (std::string_view name : {"P-384", "P-521", "secp256k1"}) {
    EXPECT_TRUE(GenerateEcPublic(ListOf({Text(CKA_EC_PARAMS, name)})).ok()) << name;
  }
}

// R183
TEST(CompleteKeyTest, AnUnknownCurveIsNotSupported) {
  const Bytes some_oid{0x06, 0x03, 0x2a, 0x03, 0x04};
  const Bytes some_name{0x13, 0x03, 'a', 'b', 'c'};
  const Bytes explicit_parameters{0x30, 0x03, 0x02, 0x01, 0x01};
  for (const Bytes& parameters : {some_oid, some_name, explicit_parameters, CopyOf("P-257")}) {
    EXPECT_EQ(RvOf(GenerateEcPublic(ListOf({Raw(CKA_EC_PARAMS, parameters)}))),
              CKR_CURVE_NOT_SUPPORTED)
        << HexOf(parameters);
  }
}

// R183
TEST(CompleteKeyTest, ParametersThatAreNoneAreInvalid) {
  Bytes left_over = P256();
  left_over.push_back(0);
  for (const Bytes& parameters :
       {Bytes{0x06}, Bytes{0x06, 0x08, 0x2a}, Bytes{0xff, 0xfe}, Bytes{0x05, 0x00}, left_over}) {
    EXPECT_EQ(RvOf(GenerateEcPublic(ListOf({Raw(CKA_EC_PARAMS, parameters)}))),
              CKR_DOMAIN_PARAMS_INVALID)
        << HexOf(parameters);
  }
}

// Behaviour 6.3, the class of an unwrapped key.
TEST(UnwrapTest, SymmetricTypesAreSecretKeysByDefault) {
  for (CK_KEY_TYPE type : {CKK_AES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET}) {
    const Result<AttributeList> key = Unwrap(ListOf({Num(CKA_KEY_TYPE, type)}));
    ASSERT_TRUE(key.ok()) << type;
    EXPECT_EQ(key->GetUlong(CKA_CLASS), CKO_SECRET_KEY);
  }
}

TEST(UnwrapTest, OtherTypesArePrivateKeysByDefault) {
  for (CK_KEY_TYPE type : {CKK_RSA, CKK_EC}) {
    const Result<AttributeList> key = Unwrap(ListOf({Num(CKA_KEY_TYPE, type)}));
    ASSERT_TRUE(key.ok()) << type;
    EXPECT_EQ(key->GetUlong(CKA_CLASS), CKO_PRIVATE_KEY);
  }
}

TEST(UnwrapTest, TheTypeMustBeGiven) {
  EXPECT_EQ(RvOf(Unwrap(ListOf({Num(CKA_CLASS, CKO_SECRET_KEY)}))), CKR_TEMPLATE_INCOMPLETE);
}

TEST(UnwrapTest, ATypeThatDoesNotGoWithTheClassIsInconsistent) {
  EXPECT_EQ(RvOf(Unwrap(ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_AES)}))),
            CKR_TEMPLATE_INCONSISTENT);
}

TEST(UnwrapTest, PublicKeysAndDataAreNotUnwrapped) {
  EXPECT_EQ(RvOf(Unwrap(ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY), Num(CKA_KEY_TYPE, CKK_RSA)}))),
            CKR_TEMPLATE_INCONSISTENT);
  EXPECT_EQ(RvOf(Unwrap(ListOf({Num(CKA_CLASS, CKO_DATA), Num(CKA_KEY_TYPE, CKK_RSA)}))),
            CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(UnwrapTest, AnUnknownTypeIsAnInvalidValue) {
  EXPECT_EQ(RvOf(Unwrap(ListOf({Num(CKA_KEY_TYPE, 0x1234)}))), CKR_ATTRIBUTE_VALUE_INVALID);
}

// R223
TEST(UnwrapTest, AnUnwrappedKeyHasAForeignPast) {
  const Result<AttributeList> key = Unwrap(ListOf({Num(CKA_KEY_TYPE, CKK_AES)}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_LOCAL), false);
  EXPECT_EQ(key->GetUlong(CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
  EXPECT_EQ(key->GetBool(CKA_ALWAYS_SENSITIVE), false);
  EXPECT_EQ(key->GetBool(CKA_NEVER_EXTRACTABLE), false);
  EXPECT_EQ(key->GetBool(CKA_SENSITIVE), true);
  EXPECT_EQ(key->GetBool(CKA_EXTRACTABLE), false);
}

TEST(UnwrapTest, ACheckValueIsKeptForComparison) {
  const Result<AttributeList> key =
      Unwrap(ListOf({Num(CKA_KEY_TYPE, CKK_AES), Raw(CKA_CHECK_VALUE, {1, 2, 3})}));
  ASSERT_TRUE(key.ok());
  EXPECT_THAT(*key->Find(CKA_CHECK_VALUE), ElementsAre(1, 2, 3));
}

Result<AttributeList> Derive(const AttributeList& given, const AttributeList* base = nullptr) {
  KeyPlan plan = PlanOf(Purpose::kDerive, std::nullopt, std::nullopt, CKM_ECDH1_DERIVE, given);
  plan.base_key = base;
  return CompleteKey(plan);
}

// R220
TEST(DeriveTest, GivesAGenericSecretByDefault) {
  const Result<AttributeList> key = Derive({});
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetUlong(CKA_CLASS), CKO_SECRET_KEY);
  EXPECT_EQ(key->GetUlong(CKA_KEY_TYPE), CKK_GENERIC_SECRET);
  EXPECT_EQ(key->GetBool(CKA_LOCAL), false);
}

TEST(DeriveTest, AnAesKeyNeedsItsLength) {
  EXPECT_EQ(RvOf(Derive(ListOf({Num(CKA_KEY_TYPE, CKK_AES)}))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_TRUE(Derive(ListOf({Num(CKA_KEY_TYPE, CKK_AES), Num(CKA_VALUE_LEN, 32)})).ok());
}

TEST(DeriveTest, PrivateKeysAreNotDerived) {
  EXPECT_EQ(RvOf(Derive(ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_EC)}))),
            CKR_TEMPLATE_INCONSISTENT);
}

TEST(DeriveTest, ThePastIsThatOfTheBaseKey) {
  const AttributeList clean = ListOf({True(CKA_ALWAYS_SENSITIVE), True(CKA_NEVER_EXTRACTABLE)});
  const Result<AttributeList> from_clean = Derive({}, &clean);
  ASSERT_TRUE(from_clean.ok());
  EXPECT_EQ(from_clean->GetBool(CKA_ALWAYS_SENSITIVE), true);
  EXPECT_EQ(from_clean->GetBool(CKA_NEVER_EXTRACTABLE), true);

  const AttributeList stained = ListOf({False(CKA_ALWAYS_SENSITIVE), False(CKA_NEVER_EXTRACTABLE)});
  const Result<AttributeList> from_stained = Derive({}, &stained);
  ASSERT_TRUE(from_stained.ok());
  EXPECT_EQ(from_stained->GetBool(CKA_ALWAYS_SENSITIVE), false);
  EXPECT_EQ(from_stained->GetBool(CKA_NEVER_EXTRACTABLE), false);
}

TEST(DeriveTest, ACleanPastNeedsAnUnextractableKeyToo) {
  const AttributeList clean = ListOf({True(CKA_ALWAYS_SENSITIVE), True(CKA_NEVER_EXTRACTABLE)});
  const Result<AttributeList> key =
      Derive(ListOf({True(CKA_EXTRACTABLE), False(CKA_SENSITIVE)}), &clean);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_NEVER_EXTRACTABLE), false);
  EXPECT_EQ(key->GetBool(CKA_ALWAYS_SENSITIVE), false);
}

// A Montgomery key signs nothing: what nobody asked for is not asked of the HSM.
TEST(CompleteKeyTest, AMontgomeryKeyIsWithoutSignatures) {
  const AttributeList given = ListOf({Raw(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 110})});
  const auto public_half = GenerateEcPublic(given);
  ASSERT_TRUE(public_half.ok());
  EXPECT_EQ(public_half->GetBool(CKA_VERIFY), false);
  const AttributeList none;
  const KeyPlan private_plan{.purpose = Purpose::kGenerate,
                             .object_class = CKO_PRIVATE_KEY,
                             .key_type = CKK_EC,
                             .mechanism = CKM_EC_KEY_PAIR_GEN,
                             .user = UserState::kNormal,
                             .placement = {false, true},
                             .given = none,
                             .public_half = &*public_half};
  const auto private_half = CompleteKey(private_plan);
  ASSERT_TRUE(private_half.ok());
  EXPECT_EQ(private_half->GetBool(CKA_SIGN), false);
  EXPECT_FALSE(HsmTemplate(*private_half, Purpose::kGenerate).Has(CKA_SIGN));
}

TEST(CompleteKeyTest, R188_TheHsmKnowsOneTypeForAllCurves) {
  const AttributeList given =
      ListOf({Raw(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 112}), Num(CKA_KEY_TYPE, CKK_EC_EDWARDS)});
  const auto key = GenerateEcPublic(given);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetUlong(CKA_KEY_TYPE), CK_ULONG{CKK_EC_EDWARDS});
  EXPECT_EQ(HsmTemplate(*key, Purpose::kGenerate).GetUlong(CKA_KEY_TYPE), CK_ULONG{CKK_EC});
}

TEST(CompleteKeyTest, TheHsmHearsOfDerivationByEdwardsKeysOfWalletsAlone) {
  for (const bool wallet : {false, true}) {
    const AttributeList given =
        ListOf({Raw(CKA_EC_PARAMS, {6, 3, 0x2b, 0x65, 112}), True(CKA_DERIVE),
                wallet ? True(CKA_IBM_USE_AS_DATA) : False(CKA_IBM_USE_AS_DATA)});
    const auto key = GenerateEcPublic(given);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->GetBool(CKA_DERIVE), true);
    EXPECT_EQ(HsmTemplate(*key, Purpose::kGenerate).Has(CKA_DERIVE), wallet);
  }
}

TEST(CompleteKeyTest, AStrengthThatIsNoneOfTheKeyTypeIsNotSupported) {
  const std::vector<Byte> kyber{6, 11, 0x2b, 6, 1, 4, 1, 2, 0x82, 0x0b, 5, 3, 3};
  const AttributeList given = ListOf({Raw(CKA_IBM_PQC_PARAMS, kyber)});
  EXPECT_TRUE(Generate(CKM_IBM_KYBER, CKO_PUBLIC_KEY, CKK_IBM_PQC_KYBER, given).ok());
  const auto dilithium = Generate(CKM_IBM_DILITHIUM, CKO_PUBLIC_KEY, CKK_IBM_PQC_DILITHIUM, given);
  ASSERT_FALSE(dilithium.ok());
  EXPECT_EQ(dilithium.error().rv, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
}

}  // namespace
}  // namespace gw
