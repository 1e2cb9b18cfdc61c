// Room: tests. Values: tests/vectors/kdf.
#include "emulator/crypto/derivation.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "emulator/crypto/des.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

// The templates by the words of the vectors.
const SecretShape& ShapeIn(const Vector& c) {
  static const std::map<std::string, SecretShape> kShapes = {
      {"no key type, no length", {}},         {"length 8", {std::nullopt, 8}},
      {"length 10", {std::nullopt, 10}},      {"CKK_AES, length 16", {CKK_AES, 16}},
      {"CKK_AES, length 32", {CKK_AES, 32}},  {"CKK_DES2", {CKK_DES2, std::nullopt}},
      {"CKK_DES3", {CKK_DES3, std::nullopt}},
  };
  return kShapes.at(c.Text("template"));
}

CK_KEY_TYPE TypeIn(const Vector& c) {
  static const std::map<std::string, CK_KEY_TYPE> kNames = {
      {"CKK_GENERIC_SECRET", CKK_GENERIC_SECRET},
      {"CKK_AES", CKK_AES},
      {"CKK_DES2", CKK_DES2},
      {"CKK_DES3", CKK_DES3}};
  return kNames.at(c.Text("key_type"));
}

HashId HashIn(const Vector& v) {
  static const std::map<std::string, HashId> kNames = {
      {"CKM_SHA1_KEY_DERIVATION", HashId::kSha1},
      {"CKM_SHA224_KEY_DERIVATION", HashId::kSha224},
      {"CKM_SHA256_KEY_DERIVATION", HashId::kSha256},
      {"CKM_SHA384_KEY_DERIVATION", HashId::kSha384},
      {"CKM_SHA512_KEY_DERIVATION", HashId::kSha512}};
  const auto found = kNames.find(v.Text("mechanism"));
  return found == kNames.end() ? HashId::kNone : found->second;
}

void ExpectCase(const Result<DerivedSecret>& derived, const Vector& c, CK_RV too_short) {
  SCOPED_TRACE(c.Text("template"));
  if (c.Has("error")) {
    EXPECT_EQ(RvOf(derived), too_short);
    return;
  }
  ASSERT_TRUE(derived.ok()) << derived.error().detail;
  EXPECT_EQ(derived->type, TypeIn(c));
  EXPECT_EQ(HexOf(derived->value.view()), c.Text("value"));
}

TEST(DerivationTest, GivesTheKeysOfTheVectors) {
  std::size_t by_digest = 0;
  std::size_t by_encryption = 0;
  for (const Vector& v : Vector::Load("kdf/key-derivation.json").List("vectors")) {
    SCOPED_TRACE(v.Text("mechanism") + " " + v.Text("base_key"));
    const Bytes base = v.Octets("base_key");
    for (const Vector& c : v.List("cases")) {
      if (const HashId hash = HashIn(v); hash != HashId::kNone) {
        ExpectCase(DeriveByDigest(hash, base, ShapeIn(c)), c, CKR_KEY_SIZE_RANGE);
        ++by_digest;
      } else {
        ExpectCase(DeriveByDes3Ecb(base, v.Octets("data"), ShapeIn(c)), c, CKR_DATA_LEN_RANGE);
        ++by_encryption;
      }
    }
  }
  EXPECT_EQ(by_digest, 72U);
  EXPECT_EQ(by_encryption, 23U);
}

TEST(DerivationTest, WithoutTypeAndLengthTheKeyIsAllOfIt) {
  for (const HashRow& row : HashTable()) {
    const auto derived = DeriveByDigest(row.id, Bytes(16, 7), {});
    ASSERT_TRUE(derived.ok());
    EXPECT_EQ(derived->type, CKK_GENERIC_SECRET);
    EXPECT_EQ(derived->value.size(), row.digest_bytes);
    EXPECT_EQ(
        DeriveByDigest(row.id, Bytes(16, 7), {CKK_GENERIC_SECRET, std::nullopt})->value.size(),
        row.digest_bytes);
  }
  EXPECT_EQ(DeriveByDes3Ecb(Bytes(16, 1), Bytes(40, 2), {})->value.size(), 40U);
  EXPECT_EQ(DeriveByDes3Ecb(Bytes(24, 1), Bytes(40, 2), {std::nullopt, 33})->value.size(), 33U);
}

TEST(DerivationTest, TemplatesThatSayTooLittleOrTooMuchAreRefused) {
  struct Case {
    SecretShape shape;
    CK_RV rv;
  };
  const Case cases[] = {
      {{CKK_AES, std::nullopt}, CKR_TEMPLATE_INCOMPLETE},
      {{CKK_AES, 17}, CKR_TEMPLATE_INCONSISTENT},
      {{CKK_AES, 24}, CKR_OK},
      {{CKK_DES2, 16}, CKR_OK},
      {{CKK_DES2, 24}, CKR_TEMPLATE_INCONSISTENT},
      {{CKK_DES3, 24}, CKR_OK},
      {{CKK_DES3, 16}, CKR_TEMPLATE_INCONSISTENT},
      {{CKK_GENERIC_SECRET, 1}, CKR_OK},
      {{CKK_GENERIC_SECRET, 32}, CKR_OK},
      {{CKK_RSA, 16}, CKR_TEMPLATE_INCONSISTENT},
      {{CKK_DES, 8}, CKR_TEMPLATE_INCONSISTENT},
      {{std::nullopt, 0}, CKR_ATTRIBUTE_VALUE_INVALID},
      {{CKK_DES2, 0}, CKR_ATTRIBUTE_VALUE_INVALID},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RvOf(DeriveByDigest(HashId::kSha256, Bytes(16, 7), c.shape)), c.rv);
    EXPECT_EQ(RvOf(DeriveByDes3Ecb(Bytes(16, 7), Bytes(32, 1), c.shape)), c.rv);
  }
  const SecretShape too_long{std::nullopt, 33};
  EXPECT_EQ(RvOf(DeriveByDigest(HashId::kSha256, Bytes(16, 7), too_long)), CKR_KEY_SIZE_RANGE);
  EXPECT_EQ(RvOf(DeriveByDes3Ecb(Bytes(16, 7), Bytes(32, 1), too_long)), CKR_DATA_LEN_RANGE);
  const SecretShape endless{std::nullopt, ~std::uint64_t{0}};
  EXPECT_EQ(RvOf(DeriveByDigest(HashId::kSha256, Bytes(16, 7), endless)), CKR_KEY_SIZE_RANGE);
}

TEST(DerivationTest, DataOfOtherLengthsAndOtherBaseKeysAreRefused) {
  for (const std::size_t size : {0U, 1U, 7U, 9U, 15U}) {
    EXPECT_EQ(RvOf(DeriveByDes3Ecb(Bytes(16, 7), Bytes(size, 1), {})), CKR_DATA_LEN_RANGE);
  }
  for (const std::size_t size : {0U, 8U, 15U, 17U, 32U}) {
    EXPECT_EQ(RvOf(DeriveByDes3Ecb(Bytes(size, 7), Bytes(16, 1), {})), CKR_KEY_TYPE_INCONSISTENT);
  }
}

TEST(DesTest, ParityIsMadeOddAndNothingElseChanges) {
  Bytes octets(256);
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<Byte>(i);
  SetOddParity(octets);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    EXPECT_EQ(std::popcount(unsigned{octets[i]}) % 2, 1);
    EXPECT_EQ(octets[i] >> 1, static_cast<int>(i) >> 1);
  }
}

TEST(DesTest, TwoKeysAreThreeOfWhichTheLastIsTheFirst) {
  Bytes key = OctetsOfHex("0123456789abcdef23456789abcdef01");
  const Bytes data(24, 0x42);
  const Bytes two = CopyOf(Des3EcbEncrypt(key, data).view());
  Append(key, CopyOf(ByteView(key).first(8)));
  EXPECT_EQ(CopyOf(Des3EcbEncrypt(key, data).view()), two);
  EXPECT_TRUE(Des3EcbEncrypt(key, {}).empty());
}

}  // namespace
}  // namespace gw::emulator
