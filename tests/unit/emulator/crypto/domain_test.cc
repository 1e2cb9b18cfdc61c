// Room: tests. Domain parameters and the keys made of them. Value: RFC 5114 section 2.1, by way of
// tests/vectors/kdf/dh.json.
#include "emulator/crypto/domain.h"

#include <gtest/gtest.h>

#include "emulator/crypto/pkey.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

DomainParams Rfc5114() {
  const Vector v = Vector::Load("kdf/dh.json").List("vectors").at(0);
  DomainParams domain;
  domain.prime = v.Octets("prime");
  domain.subprime = OctetsOfHex("f518aa8781a8df278aba4e7d64b7cb9d49462353");
  domain.base = v.Octets("base");
  return domain;
}

TEST(DomainTest, PublishedParametersPassAndChangedOnesDoNot) {
  DomainParams dsa = Rfc5114();
  EXPECT_EQ(RvOf(CheckDomain(CKK_DSA, dsa)), CKR_OK);
  EXPECT_EQ(dsa.bits(), 1024U);
  EXPECT_EQ(RvOf(CheckDomain(CKK_DH, dsa)), CKR_DOMAIN_PARAMS_INVALID) << "a subprime too many";
  DomainParams dh = dsa;
  dh.subprime.clear();
  EXPECT_EQ(RvOf(CheckDomain(CKK_DH, dh)), CKR_OK);
  EXPECT_EQ(RvOf(CheckDomain(CKK_DSA, dh)), CKR_DOMAIN_PARAMS_INVALID) << "a subprime too few";
  dh.prime.back() ^= 0x02;
  EXPECT_EQ(RvOf(CheckDomainShape(CKK_DH, dh)), CKR_OK);
  EXPECT_EQ(RvOf(CheckDomain(CKK_DH, dh)), CKR_DOMAIN_PARAMS_INVALID) << "no prime";
  DomainParams other = dsa;
  other.subprime.back() ^= 0x02;
  EXPECT_EQ(RvOf(CheckDomainShape(CKK_DSA, other)), CKR_OK);
  EXPECT_EQ(RvOf(CheckDomain(CKK_DSA, other)), CKR_DOMAIN_PARAMS_INVALID) << "no divisor";
}

TEST(DomainTest, BasesThatKeepNoSecretAreRefused) {
  DomainParams domain = Rfc5114();
  domain.subprime.clear();
  Bytes below = domain.prime;
  below.back() ^= 0x01;  // the prime is odd
  for (const Bytes& base : {Bytes(), Bytes{0}, Bytes{1}, below, domain.prime}) {
    domain.base = base;
    EXPECT_EQ(RvOf(CheckDomainShape(CKK_DH, domain)), CKR_DOMAIN_PARAMS_INVALID) << HexOf(base);
  }
  domain.base = {2};
  EXPECT_EQ(RvOf(CheckDomainShape(CKK_DH, domain)), CKR_OK);
}

TEST(DomainTest, WhatIsEncodedIsParsedAgain) {
  DomainParams domain = Rfc5114();
  domain.base = {2};
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    if (type == CKK_DH) domain.subprime.clear();
    const Bytes encoded = EncodeDomain(domain);
    EXPECT_EQ(encoded.size(), type == CKK_DSA ? 384U : 256U);
    const auto parsed = ParseDomain(type, encoded);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->prime, domain.prime);
    EXPECT_EQ(parsed->subprime, domain.subprime);
    EXPECT_EQ(parsed->base, domain.base);
  }
  for (const std::size_t size : {0U, 1U, 2U, 385U, 3U * 513U}) {
    EXPECT_EQ(RvOf(ParseDomain(CKK_DSA, Bytes(size, 0x30))), CKR_DOMAIN_PARAMS_INVALID) << size;
  }
}

TEST(DomainTest, FreshParametersAreGoodAndGiveKeysThatComeBack) {
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    const auto domain = GenerateDomain(type, 1024);
    ASSERT_TRUE(domain.ok());
    EXPECT_EQ(domain->subprime.size(), type == CKK_DSA ? 20U : 0U);
    const auto key = PKey::GenerateFfc(type, *domain, 0);
    ASSERT_TRUE(key.ok()) << key.error().detail;
    EXPECT_EQ(key->type(), type);
    EXPECT_EQ(key->bits(), 1024U);
    const auto private_again = PKey::FromPkcs8(key->Pkcs8().view());
    const auto public_again = PKey::FromSpki(key->Spki());
    ASSERT_TRUE(private_again.ok() && public_again.ok());
    EXPECT_EQ(private_again->Spki(), key->Spki());
    EXPECT_EQ(public_again->Domain().prime, domain->prime);
    EXPECT_TRUE(Equal(private_again->Exponent()->view(), key->Exponent()->view()));
    EXPECT_EQ(RvOf(public_again->Exponent()), CKR_KEY_TYPE_INCONSISTENT);
  }
  for (const std::size_t bits : {0U, 512U, 1025U, 4096U}) {
    EXPECT_EQ(RvOf(GenerateDomain(CKK_DH, bits)), CKR_ATTRIBUTE_VALUE_INVALID) << bits;
  }
}

// INTEGER may be negative, and OpenSSL reads it so.
TEST(DomainTest, NegativeNumbersAreNone) {
  DomainParams domain = Rfc5114();
  domain.subprime.clear();
  const auto key = PKey::GenerateFfc(CKK_DH, domain, 160);
  ASSERT_TRUE(key.ok());
  Bytes pkcs8 = CopyOf(key->Pkcs8().view());
  ASSERT_EQ(pkcs8.at(pkcs8.size() - 21), 0) << "the sign of a number whose first bit is set";
  pkcs8.at(pkcs8.size() - 21) = 0xff;
  EXPECT_EQ(RvOf(PKey::FromPkcs8(pkcs8)), CKR_WRAPPED_KEY_INVALID);
}

// Whatever octet of an encoding is changed: an error or a key that works, never the process's end.
TEST(DomainTest, ChangedEncodingsAreKeysOrErrors) {
  DomainParams domain = Rfc5114();
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    if (type == CKK_DH) domain.subprime.clear();
    const auto key = PKey::GenerateFfc(type, domain, 0);
    ASSERT_TRUE(key.ok());
    const Bytes spki = key->Spki();
    const Bytes pkcs8 = CopyOf(key->Pkcs8().view());
    for (std::size_t at = 0; at < spki.size(); ++at) {
      Bytes changed = spki;
      changed[at] ^= 0x80;
      const auto read = PKey::FromSpki(changed);
      EXPECT_TRUE(!read || !read->Domain().prime.empty());
    }
    for (std::size_t at = 0; at < pkcs8.size(); at += 3) {
      Bytes changed = pkcs8;
      changed[at] ^= 0x80;
      const auto read = PKey::FromPkcs8(changed);
      EXPECT_TRUE(!read || !read->Exponent()->empty());
    }
  }
}

}  // namespace
}  // namespace gw::emulator
