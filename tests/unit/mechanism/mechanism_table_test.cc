// Tests of the rows of mechanism/mechanism_table.h.
#include "daemon/mechanism/mechanism_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "proto/pkcs11/ck_sha3.h"

namespace gw {
namespace {

using ::testing::ElementsAreArray;

constexpr CK_FLAGS kSignVerify = CKF_SIGN | CKF_VERIFY;
constexpr CK_FLAGS kCryptWrap = CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP;
constexpr CK_FLAGS kCurves = CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS;

// What CK_MECHANISM_INFO says, and the rest of the row.
struct Expected {
  CK_MECHANISM_TYPE type;
  CK_FLAGS flags;
  CK_KEY_TYPE key_type;
  CK_ULONG min_key_size;
  CK_ULONG max_key_size;
  Family family;
  ParameterRule parameter;
  Hash hash;
  CK_MECHANISM_TYPE raw;
  bool multi_part;
  std::uint8_t block_bytes = 0;
  std::vector<CK_KEY_TYPE> more_key_types = {};
};

constexpr CK_KEY_TYPE kNoKey = CK_UNAVAILABLE_INFORMATION;

Expected Digest(CK_MECHANISM_TYPE type, Hash hash) {
  return {type, CKF_DIGEST, kNoKey, 0, 0, Family::kDigest, ParameterRule::kNone, hash, type, true};
}
Expected Hmac(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,
          kSignVerify,
          CKK_GENERIC_SECRET,
          1,
          256,
          Family::kHmac,
          ParameterRule::kNone,
          hash,
          type,
          true,
          0,
          {CKK_AES}};
}
Expected Rsa(CK_MECHANISM_TYPE type, CK_FLAGS flags, Family family, ParameterRule parameter,
             Hash hash, CK_MECHANISM_TYPE raw) {
  return {type, flags, CKK_RSA, 1024, 4096, family, parameter, hash, raw, hash != Hash::kNone};
}
Expected RsaSign(CK_MECHANISM_TYPE type, Hash hash) {
  return Rsa(type, kSignVerify, Family::kRsaPkcs, ParameterRule::kNone, hash, CKM_RSA_PKCS);
}
Expected RsaPss(CK_MECHANISM_TYPE type, Hash hash) {
  return Rsa(type, kSignVerify, Family::kRsaPss, ParameterRule::kPss, hash, CKM_RSA_PKCS_PSS);
}
Expected Ecdsa(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,           kSignVerify | kCurves, CKK_EC, 160,       521,
          Family::kEcdsa, ParameterRule::kNone,  hash,   CKM_ECDSA, hash != Hash::kNone};
}
Expected Aes(CK_MECHANISM_TYPE type, Family family, ParameterRule parameter) {
  return {type, kCryptWrap, CKK_AES, 16, 32, family, parameter, Hash::kNone, type, true, 16};
}
Expected Make(CK_MECHANISM_TYPE type, CK_FLAGS flags, CK_KEY_TYPE key_type, CK_ULONG min_size,
              CK_ULONG max_size, Family family) {
  return {type,        flags, key_type, min_size, max_size, family, ParameterRule::kNone,
          Hash::kNone, type,  false};
}

Expected Curve(CK_MECHANISM_TYPE type, CK_FLAGS flags, CK_KEY_TYPE key_type, CK_ULONG min_size,
               CK_ULONG max_size, Family family, ParameterRule parameter = ParameterRule::kNone) {
  return {type, flags, key_type, min_size, max_size, family, parameter, Hash::kNone, type, false};
}

std::vector<Expected> CurvesExpected() {
  constexpr CK_FLAGS kNamed = CKF_EC_F_P | CKF_EC_NAMEDCURVE;
  constexpr CK_FLAGS kPair = CKF_GENERATE_KEY_PAIR;
  using F = Family;
  using P = ParameterRule;
  return {
      Curve(CKM_EC_EDWARDS_KEY_PAIR_GEN, kPair | kNamed, CKK_EC_EDWARDS, 255, 448,
            F::kGenerateKeyPair),
      Curve(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, kPair | kNamed, CKK_EC_MONTGOMERY, 255, 448,
            F::kGenerateKeyPair),
      Curve(CKM_EDDSA, kSignVerify | kNamed, CKK_EC, 255, 448, F::kEddsa, P::kEddsa),
      Curve(CKM_IBM_ED25519_SHA512, kSignVerify | kNamed, CKK_EC, 255, 255, F::kEddsa),
      Curve(CKM_IBM_ED448_SHA3, kSignVerify | kNamed, CKK_EC, 448, 448, F::kEddsa),
      Curve(CKM_IBM_EC_X25519, CKF_DERIVE | kNamed, CKK_EC, 255, 255, F::kXdh, P::kEcdh1),
      Curve(CKM_IBM_EC_X448, CKF_DERIVE | kNamed, CKK_EC, 448, 448, F::kXdh, P::kEcdh1),
      Curve(CKM_IBM_ECDSA_OTHER, kSignVerify | kCurves, CKK_EC, 256, 256, F::kSchnorr, P::kEcsg),
      Curve(CKM_IBM_BTC_DERIVE, CKF_DERIVE | kNamed, CKK_EC, 255, 256, F::kWallet, P::kBtc),
      Curve(CKM_IBM_DILITHIUM, kSignVerify | kPair, CKK_IBM_PQC_DILITHIUM, 10496, 20736,
            F::kDilithium),
      Curve(CKM_IBM_KYBER, CKF_DERIVE | kPair, CKK_IBM_PQC_KYBER, 9472, 12544, F::kKyber,
            P::kKyber),
      Ecdsa(CKM_IBM_ECDSA_SHA224, Hash::kSha224),
      Ecdsa(CKM_IBM_ECDSA_SHA256, Hash::kSha256),
      Ecdsa(CKM_IBM_ECDSA_SHA384, Hash::kSha384),
      Ecdsa(CKM_IBM_ECDSA_SHA512, Hash::kSha512),
  };
}

std::vector<Expected> CommonExpected() {
  return {
      Make(CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, CKK_RSA, 1024, 4096,
           Family::kGenerateKeyPair),
      Rsa(CKM_RSA_PKCS, kSignVerify | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER | kCryptWrap,
          Family::kRsaPkcs, ParameterRule::kNone, Hash::kNone, CKM_RSA_PKCS),
      RsaSign(CKM_SHA1_RSA_PKCS, Hash::kSha1),
      Rsa(CKM_RSA_PKCS_OAEP, kCryptWrap, Family::kRsaOaep, ParameterRule::kOaep, Hash::kNone,
          CKM_RSA_PKCS_OAEP),
      RsaPss(CKM_RSA_PKCS_PSS, Hash::kNone),
      RsaPss(CKM_SHA1_RSA_PKCS_PSS, Hash::kSha1),
      RsaSign(CKM_SHA256_RSA_PKCS, Hash::kSha256),
      RsaSign(CKM_SHA384_RSA_PKCS, Hash::kSha384),
      RsaSign(CKM_SHA512_RSA_PKCS, Hash::kSha512),
      RsaPss(CKM_SHA256_RSA_PKCS_PSS, Hash::kSha256),
      RsaPss(CKM_SHA384_RSA_PKCS_PSS, Hash::kSha384),
      RsaPss(CKM_SHA512_RSA_PKCS_PSS, Hash::kSha512),
      RsaSign(CKM_SHA224_RSA_PKCS, Hash::kSha224),
      RsaPss(CKM_SHA224_RSA_PKCS_PSS, Hash::kSha224),
      Digest(CKM_SHA512_224, Hash::kSha512_224),
      Hmac(CKM_SHA512_224_HMAC, Hash::kSha512_224),
      Digest(CKM_SHA512_256, Hash::kSha512_256),
      Hmac(CKM_SHA512_256_HMAC, Hash::kSha512_256),
      Digest(CKM_SHA_1, Hash::kSha1),
      Hmac(CKM_SHA_1_HMAC, Hash::kSha1),
      Digest(CKM_SHA256, Hash::kSha256),
      Hmac(CKM_SHA256_HMAC, Hash::kSha256),
      Digest(CKM_SHA224, Hash::kSha224),
      Hmac(CKM_SHA224_HMAC, Hash::kSha224),
      Digest(CKM_SHA384, Hash::kSha384),
      Hmac(CKM_SHA384_HMAC, Hash::kSha384),
      Digest(CKM_SHA512, Hash::kSha512),
      Hmac(CKM_SHA512_HMAC, Hash::kSha512),
      Make(CKM_GENERIC_SECRET_KEY_GEN, CKF_GENERATE, CKK_GENERIC_SECRET, 1, 256,
           Family::kGenerateKey),
      Make(CKM_EC_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR | kCurves, CKK_EC, 160, 521,
           Family::kGenerateKeyPair),
      Ecdsa(CKM_ECDSA, Hash::kNone),
      Ecdsa(CKM_ECDSA_SHA1, Hash::kSha1),
      Ecdsa(CKM_ECDSA_SHA224, Hash::kSha224),
      Ecdsa(CKM_ECDSA_SHA256, Hash::kSha256),
      Ecdsa(CKM_ECDSA_SHA384, Hash::kSha384),
      Ecdsa(CKM_ECDSA_SHA512, Hash::kSha512),
      {CKM_ECDH1_DERIVE, CKF_DERIVE | kCurves, CKK_EC, 160, 521, Family::kEcdh1,
       ParameterRule::kEcdh1, Hash::kNone, CKM_ECDH1_DERIVE, false},
      Make(CKM_AES_KEY_GEN, CKF_GENERATE, CKK_AES, 16, 32, Family::kGenerateKey),
      Aes(CKM_AES_ECB, Family::kEcb, ParameterRule::kNone),
      Aes(CKM_AES_CBC, Family::kCbc, ParameterRule::kIv),
      Aes(CKM_AES_CBC_PAD, Family::kCbcPad, ParameterRule::kIv),
  };
}

Expected Des(CK_MECHANISM_TYPE type, Family family, ParameterRule parameter) {
  return {type,      kCryptWrap,  CKK_DES3, 16,   24, family,
          parameter, Hash::kNone, type,     true, 8,  {CKK_DES2}};
}
Expected Cmac(CK_MECHANISM_TYPE type, CK_KEY_TYPE key_type, CK_ULONG min_size, CK_ULONG max_size,
              std::vector<CK_KEY_TYPE> more) {
  return {type,
          kSignVerify,
          key_type,
          min_size,
          max_size,
          Family::kCmac,
          ParameterRule::kNone,
          Hash::kNone,
          type,
          true,
          0,
          std::move(more)};
}

Expected Dsa(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,         kSignVerify,          CKK_DSA, 512,     3072,
          Family::kDsa, ParameterRule::kNone, hash,    CKM_DSA, hash != Hash::kNone};
}
Expected HashDerive(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,
          CKF_DERIVE,
          CKK_GENERIC_SECRET,
          1,
          256,
          Family::kHashDerive,
          ParameterRule::kNone,
          hash,
          type,
          false,
          0,
          {CKK_AES, CKK_DES2, CKK_DES3}};
}

std::vector<Expected> ClassicExpected() {
  return {
      Make(CKM_RSA_X9_31_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, CKK_RSA, 1024, 4096,
           Family::kGenerateKeyPair),
      Rsa(CKM_RSA_X9_31, kSignVerify, Family::kRsaX931, ParameterRule::kNone, Hash::kNone,
          CKM_RSA_X9_31),
      Rsa(CKM_SHA1_RSA_X9_31, kSignVerify, Family::kRsaX931, ParameterRule::kNone, Hash::kSha1,
          CKM_SHA1_RSA_X9_31),
      Make(CKM_DSA_PARAMETER_GEN, CKF_GENERATE, CKK_DSA, 512, 3072, Family::kGenerateDomain),
      Make(CKM_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, CKK_DSA, 512, 3072,
           Family::kGenerateKeyPair),
      Dsa(CKM_DSA, Hash::kNone),
      Dsa(CKM_DSA_SHA1, Hash::kSha1),
      Make(CKM_DH_PKCS_PARAMETER_GEN, CKF_GENERATE, CKK_DH, 1024, 4096, Family::kGenerateDomain),
      Make(CKM_DH_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, CKK_DH, 1024, 4096,
           Family::kGenerateKeyPair),
      {CKM_DH_PKCS_DERIVE, CKF_DERIVE, CKK_DH, 1024, 4096, Family::kDh, ParameterRule::kPublicValue,
       Hash::kNone, CKM_DH_PKCS_DERIVE, false},
      {CKM_DES3_ECB_ENCRYPT_DATA,
       CKF_DERIVE,
       CKK_DES3,
       16,
       24,
       Family::kDataDerive,
       ParameterRule::kBlocks,
       Hash::kNone,
       CKM_DES3_ECB_ENCRYPT_DATA,
       false,
       8,
       {CKK_DES2}},
      HashDerive(CKM_SHA1_KEY_DERIVATION, Hash::kSha1),
      HashDerive(CKM_SHA224_KEY_DERIVATION, Hash::kSha224),
      HashDerive(CKM_SHA256_KEY_DERIVATION, Hash::kSha256),
      HashDerive(CKM_SHA384_KEY_DERIVATION, Hash::kSha384),
      HashDerive(CKM_SHA512_KEY_DERIVATION, Hash::kSha512),
      Make(CKM_IBM_TRANSPORTKEY, CKF_UNWRAP, kNoKey, 0, 0, Family::kTransportKey),
      {CKM_IBM_ATTRIBUTEBOUND_WRAP,
       CKF_WRAP | CKF_UNWRAP,
       CKK_RSA,
       0,
       0,
       Family::kBoundWrap,
       ParameterRule::kKeyHandle,
       Hash::kNone,
       CKM_IBM_ATTRIBUTEBOUND_WRAP,
       false,
       0,
       {CKK_AES}},
      Make(CKM_DES2_KEY_GEN, CKF_GENERATE, CKK_DES2, 16, 16, Family::kGenerateKey),
      Make(CKM_DES3_KEY_GEN, CKF_GENERATE, CKK_DES3, 24, 24, Family::kGenerateKey),
      Des(CKM_DES3_ECB, Family::kEcb, ParameterRule::kNone),
      Des(CKM_DES3_CBC, Family::kCbc, ParameterRule::kIv),
      Des(CKM_DES3_CBC_PAD, Family::kCbcPad, ParameterRule::kIv),
      Cmac(CKM_DES3_CMAC, CKK_DES3, 16, 24, {CKK_DES2}),
      Cmac(CKM_AES_CMAC, CKK_AES, 16, 32, {}),
      Cmac(CKM_IBM_CMAC, CKK_AES, 16, 32, {CKK_DES2, CKK_DES3}),
      Digest(CKM_SHA3_224, Hash::kSha3_224),
      Digest(CKM_SHA3_256, Hash::kSha3_256),
      Digest(CKM_SHA3_384, Hash::kSha3_384),
      Digest(CKM_SHA3_512, Hash::kSha3_512),
      Hmac(CKM_SHA3_224_HMAC, Hash::kSha3_224),
      Hmac(CKM_SHA3_256_HMAC, Hash::kSha3_256),
      Hmac(CKM_SHA3_384_HMAC, Hash::kSha3_384),
      Hmac(CKM_SHA3_512_HMAC, Hash::kSha3_512),
      Digest(CKM_IBM_SHA3_224, Hash::kSha3_224),
      Digest(CKM_IBM_SHA3_256, Hash::kSha3_256),
      Digest(CKM_IBM_SHA3_384, Hash::kSha3_384),
      Digest(CKM_IBM_SHA3_512, Hash::kSha3_512),
      Hmac(CKM_IBM_SHA3_224_HMAC, Hash::kSha3_224),
      Hmac(CKM_IBM_SHA3_256_HMAC, Hash::kSha3_256),
      Hmac(CKM_IBM_SHA3_384_HMAC, Hash::kSha3_384),
      Hmac(CKM_IBM_SHA3_512_HMAC, Hash::kSha3_512),
      Digest(CKM_IBM_SHA512_224, Hash::kSha512_224),
      Digest(CKM_IBM_SHA512_256, Hash::kSha512_256),
      Hmac(CKM_IBM_SHA512_224_HMAC, Hash::kSha512_224),
      Hmac(CKM_IBM_SHA512_256_HMAC, Hash::kSha512_256),
  };
}

std::vector<Expected> AllExpected() {
  std::vector<Expected> all = CommonExpected();
  std::ranges::copy(ClassicExpected(), std::back_inserter(all));
  std::ranges::copy(CurvesExpected(), std::back_inserter(all));
  std::ranges::sort(all, {}, &Expected::type);
  return all;
}

std::string NameOf(const ::testing::TestParamInfo<Expected>& info) {
  return std::string(NameOfMechanism(info.param.type));
}

class MechanismRowTest : public ::testing::TestWithParam<Expected> {};

TEST_P(MechanismRowTest, SaysWhatTheMechanismDoes) {
  const Expected& expected = GetParam();
  const MechanismRow* row = FindMechanism(expected.type);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->type, expected.type);
  EXPECT_EQ(row->flags, expected.flags);
  EXPECT_EQ(row->key_type, expected.key_type);
  EXPECT_EQ(row->min_key_size, expected.min_key_size);
  EXPECT_EQ(row->max_key_size, expected.max_key_size);
  EXPECT_EQ(row->family, expected.family);
  EXPECT_EQ(row->parameter, expected.parameter);
  EXPECT_EQ(row->hash, expected.hash);
  EXPECT_EQ(row->raw, expected.raw);
  EXPECT_EQ(row->multi_part, expected.multi_part);
  EXPECT_EQ(row->block_bytes, expected.block_bytes);
  EXPECT_THAT(row->more_key_types, ElementsAreArray(expected.more_key_types));
}

TEST_P(MechanismRowTest, ClaimsNoHardware) {
  EXPECT_EQ(FindMechanism(GetParam().type)->flags & CKF_HW, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, MechanismRowTest, ::testing::ValuesIn(AllExpected()), NameOf);

TEST(MechanismTableTest, OffersExactlyTheseMechanisms) {
  std::vector<CK_MECHANISM_TYPE> types;
  for (const MechanismRow& row : AllMechanisms()) types.push_back(row.type);
  std::vector<CK_MECHANISM_TYPE> expected;
  for (const Expected& row : AllExpected()) expected.push_back(row.type);
  EXPECT_THAT(types, ElementsAreArray(expected));
}

TEST(MechanismTableTest, AnUnknownTypeHasNoRow) {
  EXPECT_EQ(FindMechanism(CKM_MD5), nullptr);
  EXPECT_EQ(FindMechanism(CKM_AES_CBC_PAD + 1), nullptr);
  EXPECT_EQ(FindMechanism(CK_UNAVAILABLE_INFORMATION), nullptr);
}

CK_RV Check(CK_MECHANISM_TYPE type, CK_FLAGS flag) {
  const Status checked = CheckMechanism(FindMechanism(type), {type, {}}, flag);
  return checked.ok() ? CKR_OK : checked.error().rv;
}

TEST(CheckMechanismTest, TakesWhatTheRowAllows) { EXPECT_EQ(Check(CKM_ECDSA, CKF_SIGN), CKR_OK); }

TEST(CheckMechanismTest, UnknownTypeIsMechanismInvalid) {
  EXPECT_EQ(Check(CKM_MD5, CKF_DIGEST), CKR_MECHANISM_INVALID);
  EXPECT_EQ(Check(0xffffffffffffffff, CKF_SIGN), CKR_MECHANISM_INVALID);
}

TEST(CheckMechanismTest, FunctionThatTheMechanismDoesNotServeIsMechanismInvalid) {
  EXPECT_EQ(Check(CKM_ECDSA, CKF_ENCRYPT), CKR_MECHANISM_INVALID);
  EXPECT_EQ(Check(CKM_SHA256, CKF_SIGN), CKR_MECHANISM_INVALID);
  EXPECT_EQ(Check(CKM_SHA256_RSA_PKCS, CKF_WRAP), CKR_MECHANISM_INVALID);
  EXPECT_EQ(Check(CKM_SHA256_RSA_PKCS, CKF_SIGN_RECOVER), CKR_MECHANISM_INVALID);
}

TEST(CheckMechanismTest, ChecksTheParameter) {
  EXPECT_EQ(Check(CKM_AES_CBC, CKF_ENCRYPT), CKR_MECHANISM_PARAM_INVALID);
}

}  // namespace
}  // namespace gw
