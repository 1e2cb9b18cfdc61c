// Tests of CompleteKey for C_CreateObject.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attributes/plans.h"

namespace gw {
namespace {

using ::testing::ElementsAre;

// A number of exactly `bytes` octets with top and bottom bit set.
Bytes OddNumber(std::size_t bytes) {
  Bytes number(bytes, 0x55);
  number.front() = 0x80;
  number.back() = 0x01;
  return number;
}

AttributeList RsaPublic(const Bytes& modulus, const Bytes& exponent) {
  return ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY), Num(CKA_KEY_TYPE, CKK_RSA),
                 Raw(CKA_MODULUS, modulus), Raw(CKA_PUBLIC_EXPONENT, exponent)});
}

Bytes RawPoint() {
  Bytes point(65, 0x11);
  point.front() = 0x04;
  return point;
}
Bytes WrappedPoint() {
  Bytes wrapped{0x04, 0x41};
  Append(wrapped, RawPoint());
  return wrapped;
}
AttributeList EcPublic(const Bytes& point) {
  return ListOf({Num(CKA_CLASS, CKO_PUBLIC_KEY), Num(CKA_KEY_TYPE, CKK_EC),
                 Raw(CKA_EC_PARAMS, P256()), Raw(CKA_EC_POINT, point)});
}

Result<AttributeList> CreatePublic(const AttributeList& given) {
  return CreatePublicKey(given, {true, false});
}

const Bytes kF4{1, 0, 1};

TEST(CreatePublicKeyTest, RsaGetsItsSizeAndDefaults) {
  const Result<AttributeList> key = CreatePublic(RsaPublic(OddNumber(256), kF4));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetUlong(CKA_MODULUS_BITS), 2048u);
  EXPECT_EQ(key->GetBool(CKA_VERIFY), true);
  EXPECT_EQ(key->GetBool(CKA_LOCAL), false);
  EXPECT_EQ(key->GetUlong(CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
  EXPECT_EQ(key->GetBool(CKA_TOKEN), true);
  EXPECT_EQ(key->GetBool(CKA_PRIVATE), false);
}

TEST(CreatePublicKeyTest, LeadingZerosOfAModulusAreDropped) {
  Bytes padded{0, 0};
  Append(padded, OddNumber(128));
  const Result<AttributeList> key = CreatePublic(RsaPublic(padded, {0, 1, 0, 1}));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(*key->Find(CKA_MODULUS), OddNumber(128));
  EXPECT_EQ(*key->Find(CKA_PUBLIC_EXPONENT), kF4);
  EXPECT_EQ(key->GetUlong(CKA_MODULUS_BITS), 1024u);
}

TEST(CreatePublicKeyTest, RsaNumbersThatAreNoKeyAreRefused) {
  Bytes even = OddNumber(256);
  even.back() = 2;
  for (const AttributeList& given :
       {RsaPublic(even, kF4), RsaPublic(OddNumber(64), kF4), RsaPublic(OddNumber(513), kF4),
        RsaPublic(OddNumber(256), {2}), RsaPublic(OddNumber(256), {1}),
        RsaPublic(OddNumber(256), {0})}) {
    EXPECT_EQ(RvOf(CreatePublic(given)), CKR_ATTRIBUTE_VALUE_INVALID);
  }
}

TEST(CreatePublicKeyTest, RsaNeedsBothNumbers) {
  const AttributeList whole = RsaPublic(OddNumber(256), kF4);
  EXPECT_EQ(RvOf(CreatePublic(Without(whole, CKA_MODULUS))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(CreatePublic(Without(whole, CKA_PUBLIC_EXPONENT))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(CreatePublic(Without(whole, CKA_KEY_TYPE))), CKR_TEMPLATE_INCOMPLETE);
}

// R237
TEST(CreatePublicKeyTest, AnEcPointIsStoredWrappedHoweverItCame) {
  for (const Bytes& point : {RawPoint(), WrappedPoint()}) {
    const Result<AttributeList> key = CreatePublic(EcPublic(point));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(*key->Find(CKA_EC_POINT), WrappedPoint());
  }
}

TEST(CreatePublicKeyTest, AP521PointHasALongerHeader) {
  Bytes point(133, 0x01);
  point.front() = 0x04;
  AttributeList given = EcPublic(point);
  given.Set(CKA_EC_PARAMS, CopyOf("P-521"));
  const Result<AttributeList> key = CreatePublic(given);
  ASSERT_TRUE(key.ok());
  const Bytes& wrapped = *key->Find(CKA_EC_POINT);
  ASSERT_EQ(wrapped.size(), 136u);
  EXPECT_THAT(Bytes(wrapped.begin(), wrapped.begin() + 4), ElementsAre(0x04, 0x81, 0x85, 0x04));
  given.Set(CKA_EC_POINT, wrapped);
  EXPECT_EQ(CreatePublic(given)->Find(CKA_EC_POINT)->size(), 136u);
}

TEST(CreatePublicKeyTest, OctetsThatAreNoPointAreRefused) {
  Bytes compressed(33, 0x11);
  compressed.front() = 0x02;
  Bytes hybrid = RawPoint();
  hybrid.front() = 0x06;
  Bytes bad_header = WrappedPoint();
  bad_header[1] = 0x40;
  Bytes left_over = WrappedPoint();
  left_over.push_back(0);
  for (const Bytes& point : {compressed, hybrid, bad_header, left_over, Bytes(64, 4), Bytes{4}}) {
    EXPECT_EQ(RvOf(CreatePublic(EcPublic(point))), CKR_ATTRIBUTE_VALUE_INVALID) << HexOf(point);
  }
}

TEST(CreatePublicKeyTest, EcNeedsCurveAndPoint) {
  EXPECT_EQ(RvOf(CreatePublic(Without(EcPublic(RawPoint()), CKA_EC_POINT))),
            CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(CreatePublic(Without(EcPublic(RawPoint()), CKA_EC_PARAMS))),
            CKR_TEMPLATE_INCOMPLETE);
}

TEST(CreatePublicKeyTest, OtherClassesAreInconsistent) {
  AttributeList given = EcPublic(RawPoint());
  given.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  EXPECT_EQ(RvOf(CreatePublic(given)), CKR_TEMPLATE_INCONSISTENT);
}

AttributeList Aes(std::size_t bytes) {
  return ListOf({Num(CKA_CLASS, CKO_SECRET_KEY), Num(CKA_KEY_TYPE, CKK_AES),
                 Raw(CKA_VALUE, Bytes(bytes, 7))});
}

TEST(CreateSecretKeyTest, TheClearValueIsNotPartOfTheObject) {
  const Result<AttributeList> key = Create(Aes(32));
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(key->Has(CKA_VALUE));
}

// R251
TEST(CreateSecretKeyTest, HasAForeignPast) {
  const Result<AttributeList> key = Create(Aes(16));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->GetBool(CKA_LOCAL), false);
  EXPECT_EQ(key->GetBool(CKA_ALWAYS_SENSITIVE), false);
  EXPECT_EQ(key->GetBool(CKA_NEVER_EXTRACTABLE), false);
}

TEST(CreateSecretKeyTest, NeedsAValueOfARightLength) {
  EXPECT_EQ(RvOf(Create(Without(Aes(16), CKA_VALUE))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(Create(Aes(0))), CKR_TEMPLATE_INCOMPLETE);
  EXPECT_EQ(RvOf(Create(Aes(17))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Create(Aes(33))), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(CreateSecretKeyTest, DesKeysHaveFixedLengths) {
  AttributeList given = Aes(24);
  given.SetUlong(CKA_KEY_TYPE, CKK_DES3);
  EXPECT_TRUE(Create(given).ok());
  given.SetUlong(CKA_KEY_TYPE, CKK_DES2);
  EXPECT_EQ(RvOf(Create(given)), CKR_ATTRIBUTE_VALUE_INVALID);
  given.Set(CKA_VALUE, Bytes(16));
  EXPECT_TRUE(Create(given).ok());
}

AttributeList EcPrivate(const Bytes& value) {
  return ListOf({Num(CKA_CLASS, CKO_PRIVATE_KEY), Num(CKA_KEY_TYPE, CKK_EC),
                 Raw(CKA_EC_PARAMS, CopyOf("P-256")), Raw(CKA_VALUE, value)});
}

TEST(CreatePrivateKeyTest, AnEcKeyKeepsItsCurveButNotItsValue) {
  const Result<AttributeList> key = Create(EcPrivate(Bytes(32, 9)));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(*key->Find(CKA_EC_PARAMS), P256());
  EXPECT_FALSE(key->Has(CKA_VALUE));
}

TEST(CreatePrivateKeyTest, AnEcValueFitsItsCurve) {
  Bytes padded(33, 9);
  padded.front() = 0;
  EXPECT_TRUE(Create(EcPrivate(padded)).ok());
  EXPECT_EQ(RvOf(Create(EcPrivate(Bytes(33, 9)))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Create(EcPrivate(Bytes(32, 0)))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Create(Without(EcPrivate({1}), CKA_EC_PARAMS))), CKR_TEMPLATE_INCOMPLETE);
}

constexpr CK_ATTRIBUTE_TYPE kRsaSecrets[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
                                             CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};

AttributeList RsaPrivate() {
  AttributeList given = RsaPublic(OddNumber(256), kF4);
  given.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  for (CK_ATTRIBUTE_TYPE secret : kRsaSecrets) given.Set(secret, OddNumber(128));
  return given;
}

TEST(CreatePrivateKeyTest, AnRsaKeyKeepsItsPublicNumbersOnly) {
  const Result<AttributeList> key = Create(RsaPrivate());
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(*key->Find(CKA_MODULUS), OddNumber(256));
  EXPECT_EQ(*key->Find(CKA_PUBLIC_EXPONENT), kF4);
  for (CK_ATTRIBUTE_TYPE secret : kRsaSecrets) {
    EXPECT_FALSE(key->Has(secret)) << NameOfAttribute(secret);
  }
}

TEST(CreatePrivateKeyTest, AnRsaKeyNeedsAllItsNumbers) {
  for (CK_ATTRIBUTE_TYPE secret : kRsaSecrets) {
    EXPECT_EQ(RvOf(Create(Without(RsaPrivate(), secret))), CKR_TEMPLATE_INCOMPLETE)
        << NameOfAttribute(secret);
  }
}

// R264
TEST(CreateKeyTest, AClassThatIsNoKeyIsAnInvalidValue) {
  AttributeList given = Aes(16);
  given.SetUlong(CKA_CLASS, CKO_HW_FEATURE);
  EXPECT_EQ(RvOf(Create(given)), CKR_ATTRIBUTE_VALUE_INVALID);
  given.Remove(CKA_CLASS);
  EXPECT_EQ(RvOf(Create(given)), CKR_TEMPLATE_INCOMPLETE);
}

}  // namespace
}  // namespace gw
