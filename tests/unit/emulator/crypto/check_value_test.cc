// Room: tests. Values: tests/vectors/kdf/check-values.json.
#include "emulator/crypto/check_value.h"

#include <gtest/gtest.h>

#include <map>

#include "daemon/core/ck.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

TEST(CheckValueTest, GivesTheValuesOfTheVectors) {
  static const std::map<std::string, CK_KEY_TYPE> kTypes = {
      {"CKK_GENERIC_SECRET", CKK_GENERIC_SECRET},
      {"CKK_AES", CKK_AES},
      {"CKK_DES2", CKK_DES2},
      {"CKK_DES3", CKK_DES3}};
  std::map<CK_KEY_TYPE, int> seen;
  for (const Vector& v : Vector::Load("kdf/check-values.json").List("vectors")) {
    const CK_KEY_TYPE type = kTypes.at(v.Text("key_type"));
    const Bytes key = v.Octets("key");
    const Result<Bytes> value = CheckValue(type, key);
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(HexOf(*value), v.Text("check_value")) << v.Text("key");
    if (v.Has("checksum_field_7_bytes")) {
      EXPECT_EQ(HexOf(*CheckSum(type, key)), v.Text("checksum_field_7_bytes"));
    }
    ++seen[type];
  }
  EXPECT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[CKK_AES] + seen[CKK_DES2] + seen[CKK_DES3] + seen[CKK_GENERIC_SECRET], 19);
}

TEST(CheckValueTest, HmacKeysAreAsGenericSecrets) {
  const Bytes key(33, 0x5a);
  for (const CK_KEY_TYPE type :
       {CKK_SHA_1_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_HMAC}) {
    EXPECT_EQ(*CheckValue(type, key), *CheckValue(CKK_GENERIC_SECRET, key));
  }
  EXPECT_EQ(HexOf(ByteView(*CheckSum(CKK_GENERIC_SECRET, key)).subspan(3)), "00000108");
}

TEST(CheckValueTest, CertificatesHaveThatOfTheirSha1) {
  EXPECT_EQ(HexOf(CertificateCheckValue(ViewOf("abc"))), "a9993e");  // FIPS 180-4, "abc"
}

TEST(CheckValueTest, KeysOfOtherTypesAndLengthsAreRefused) {
  for (const CK_KEY_TYPE type : {CKK_RSA, CKK_EC, CKK_DSA, CKK_DH, CKK_DES, ~CK_KEY_TYPE{0}}) {
    EXPECT_EQ(RvOf(CheckValue(type, Bytes(16, 1))), CKR_KEY_TYPE_INCONSISTENT);
    EXPECT_EQ(RvOf(CheckSum(type, Bytes(16, 1))), CKR_KEY_TYPE_INCONSISTENT);
  }
  struct Case {
    CK_KEY_TYPE type;
    std::size_t size;
  };
  constexpr Case kCases[] = {{CKK_AES, 0},   {CKK_AES, 8},           {CKK_AES, 17},  {CKK_AES, 64},
                             {CKK_DES2, 24}, {CKK_DES2, 8},          {CKK_DES3, 16}, {CKK_DES3, 25},
                             {CKK_DES3, 0},  {CKK_GENERIC_SECRET, 0}};
  for (const Case& c : kCases) {
    EXPECT_EQ(RvOf(CheckValue(c.type, Bytes(c.size, 1))), CKR_KEY_SIZE_RANGE);
    EXPECT_EQ(RvOf(CheckSum(c.type, Bytes(c.size, 1))), CKR_KEY_SIZE_RANGE);
  }
}

}  // namespace
}  // namespace gw::emulator
