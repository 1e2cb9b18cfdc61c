// Room: tests. The forms of blobs, and that nothing but what was sealed opens.
#include "emulator/blob/key_blob.h"

#include <gtest/gtest.h>

#include "emulator/blob/envelope.h"
#include "emulator/blob/spki.h"
#include "emulator/blob/state.h"
#include "emulator/engine/keys.h"
#include "tests/unit/emulator/support/material.h"

namespace gw::emulator {
namespace {

const CurveRow& Curve(std::string_view name) { return *FindCurve(ViewOf(name)); }

Key AesKey(std::size_t octets) {
  Key key;
  key.type = CKK_AES;
  key.bits = kEncryptRight | kDecryptRight;
  key.value = SecretBytes(Bytes(octets, 0x11));
  return key;
}

Key EcKey(CK_OBJECT_CLASS object_class, std::string_view curve, AttributeBits bits) {
  Key key;
  key.object_class = object_class;
  key.type = CKK_EC;
  key.bits = bits;
  key.pkey = PKey::GenerateEc(Curve(curve));
  return key;
}

class KeyBlobTest : public testing::Test {
 protected:
  MasterKey master_ = MasterKey(Bytes(32, 0x5a));
  MasterKey other_ = MasterKey(Bytes(32, 0xa5));
};

TEST_F(KeyBlobTest, SecretKeysComeBackWithTheirAttributes) {
  for (const std::size_t octets : {16U, 24U, 32U}) {
    const auto opened = OpenKey(master_, SealKey(master_, AesKey(octets)));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(CopyOf(opened->value.view()), Bytes(octets, 0x11));
    EXPECT_EQ(opened->type, CKK_AES);
    EXPECT_EQ(opened->bits, kEncryptRight | kDecryptRight);
  }
}

TEST_F(KeyBlobTest, TheClearHeaderIsThatOfTheCard) {
  const Bytes blob = SealKey(master_, AesKey(32));
  EXPECT_EQ(blob.size(), 256U);
  EXPECT_EQ(HexOf(ByteView(blob).first(32)), std::string(64, '0'));
  EXPECT_TRUE(Equal(ByteView(blob).subspan(32, 16), master_.wkid()));
  EXPECT_EQ(HexOf(ByteView(blob).subspan(48, 8)), "0000000000000c00");
  EXPECT_EQ(HexOf(ByteView(blob).subspan(56, 8)), "0000000000000001");
  EXPECT_EQ(HexOf(ByteView(blob).subspan(64, 2)), "1234");
}

TEST_F(KeyBlobTest, AnyChangedOctetIsNoticed) {
  const Bytes blob = SealKey(master_, AesKey(32));
  for (std::size_t at = 0; at < blob.size(); ++at) {
    Bytes changed = blob;
    changed[at] ^= 1;
    const auto opened = OpenKey(master_, changed);
    ASSERT_FALSE(opened.ok()) << "octet " << at;
    const bool in_wkid = at >= 32 && at < 48;
    EXPECT_EQ(opened.error().rv, in_wkid ? CKR_IBM_WKID_MISMATCH : CKR_ENCRYPTED_DATA_INVALID)
        << "octet " << at;
  }
}

TEST_F(KeyBlobTest, AnotherMasterKeyIsNamedAsSuch) {
  EXPECT_EQ(OpenKey(other_, SealKey(master_, AesKey(16))).error().rv, CKR_IBM_WKID_MISMATCH);
  const Bytes spki = SealKey(master_, EcKey(CKO_PUBLIC_KEY, "P-256", kVerifyRight));
  EXPECT_EQ(OpenKey(other_, spki).error().rv, CKR_IBM_WKID_MISMATCH);
}

TEST_F(KeyBlobTest, ShortAndEmptyBlobsAreRefused) {
  const Bytes blob = SealKey(master_, AesKey(16));
  for (std::size_t size = 1; size < blob.size(); size += 7) {
    EXPECT_FALSE(OpenKey(master_, ByteView(blob).first(size)).ok());
  }
  EXPECT_EQ(OpenKey(master_, {}).error().rv, CKR_KEY_HANDLE_INVALID);
}

TEST_F(KeyBlobTest, PrivateKeysComeBackWithTheirPublicHalf) {
  const Key key = EcKey(CKO_PRIVATE_KEY, "P-384", kSignRight);
  const auto opened = OpenKey(master_, SealKey(master_, key));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->pkey->Spki(), key.pkey->Spki());
  EXPECT_EQ(opened->object_class, CKO_PRIVATE_KEY);
}

// Sizes of published samples: 88 octets of SPKI and 128 of trailer, or 120 for an imported key.
TEST_F(KeyBlobTest, MacedSpkisHaveThePublishedSizes) {
  EXPECT_EQ(
      SealKey(master_, EcKey(CKO_PUBLIC_KEY, "SECP256K1", kVerifyRight | kLocal | kModifiable))
          .size(),
      216U);
  EXPECT_EQ(SealKey(master_, EcKey(CKO_PUBLIC_KEY, "SECP256K1", kVerifyRight | kModifiable)).size(),
            208U);
}

TEST_F(KeyBlobTest, TheTrailerSpellsTheAttributes) {
  const Bytes blob =
      SealKey(master_, EcKey(CKO_PUBLIC_KEY, "SECP256K1", kVerifyRight | kLocal | kModifiable));
  // 88 SPKI, 18 WKID, 34 session, 10 salt, 10 mode.
  EXPECT_EQ(HexOf(ByteView(blob).subspan(160, 22)),
            "0414"
            "10010000"
            "00008024"
            "00008024"
            "8001000a"
            "00000001");
}

TEST_F(KeyBlobTest, AnyChangedOctetOfAPublicKeyIsNoticed) {
  const Bytes blob = SealKey(master_, EcKey(CKO_PUBLIC_KEY, "P-256", kVerifyRight));
  for (std::size_t at = 0; at < blob.size(); ++at) {
    Bytes changed = blob;
    changed[at] ^= 1;
    const auto opened = OpenKey(master_, changed);
    EXPECT_FALSE(opened.ok()) << "octet " << at;
  }
}

TEST_F(KeyBlobTest, ABareSpkiOpensWithoutRights) {
  const Key key = EcKey(CKO_PUBLIC_KEY, "P-256", 0);
  const auto opened = OpenKey(master_, key.pkey->Spki());
  ASSERT_TRUE(opened.ok());
  EXPECT_FALSE(opened->maced);
}

// FIPS 197 appendix C.1 fixes nothing for the zero block; the value is that of NIST CAVS
// ECBVarKey-free "AES-128, zero key".
TEST_F(KeyBlobTest, CheckSumsAreCheckValueAndBitCount) {
  Key key = AesKey(16);
  key.value = SecretBytes(Bytes(16, 0));
  EXPECT_EQ(HexOf(CheckSumOf(key)), "66e94b00000080");
}

TEST_F(KeyBlobTest, StatesAndBlobsDoNotOpenAsEachOther) {
  OperationState state;
  state.key_blob = Bytes(10, 1);
  state.progress = Bytes(20, 2);
  state.mechanism = {CKM_RSA_PKCS_PSS, PssParams{CKM_SHA256, CKG_MGF1_SHA256, 32}};
  const Bytes sealed = SealState(master_, state);
  const auto opened = OpenState(master_, sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->progress, state.progress);
  EXPECT_EQ(std::get<PssParams>(opened->mechanism.params).salt_bytes, 32U);
  EXPECT_EQ(OpenKey(master_, sealed).error().rv, CKR_ENCRYPTED_DATA_INVALID);
  EXPECT_EQ(OpenState(master_, SealKey(master_, AesKey(16))).error().rv,
            CKR_ENCRYPTED_DATA_INVALID);
  EXPECT_EQ(OpenState(other_, sealed).error().rv, CKR_IBM_WKID_MISMATCH);
  EXPECT_EQ(OpenState(master_, {}).error().rv, CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(KeyBlobTest, ParametersOfEveryKindSurviveAState) {
  const MechanismParams all[] = {
      std::monostate{}, Bytes(16, 9), OaepParams{CKM_SHA_1, CKG_MGF1_SHA1, Bytes(3, 1)},
      PssParams{CKM_SHA512, CKG_MGF1_SHA512, 7}, Ecdh1Params{CKD_NULL, Bytes(2, 3), Bytes(65, 4)}};
  for (const MechanismParams& params : all) {
    OperationState state;
    state.mechanism.params = params;
    const auto opened = OpenState(master_, SealState(master_, state));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->mechanism.params.index(), params.index());
  }
}

TEST(DerSequenceSizeTest, ReadsLengthsOfBothForms) {
  EXPECT_EQ(DerSequenceSize(Hex("3000")), 2U);
  EXPECT_EQ(DerSequenceSize(Hex("30020500ff")), 4U);
  EXPECT_EQ(DerSequenceSize(Hex("30820002aabb")), 6U);
  EXPECT_FALSE(DerSequenceSize(Hex("30820003aabb")).has_value());
  EXPECT_FALSE(DerSequenceSize(Hex("3080")).has_value());
  EXPECT_FALSE(DerSequenceSize(Hex("3088ffffffffffffffff")).has_value());
  EXPECT_FALSE(DerSequenceSize(Hex("30")).has_value());
  EXPECT_FALSE(DerSequenceSize(Hex("0400")).has_value());
}

}  // namespace
}  // namespace gw::emulator
