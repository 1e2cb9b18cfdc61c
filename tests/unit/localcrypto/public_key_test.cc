// Tests for daemon/localcrypto/public_key.h: parsing and attributes.
#include "daemon/localcrypto/public_key.h"

#include <gtest/gtest.h>

#include "tests/unit/localcrypto/keys.h"

namespace gw {
namespace {

CK_RV ParseRv(ByteView spki) {
  const auto key = PublicKey::Parse(spki);
  return key.ok() ? CKR_OK : key.error().rv;
}

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

Bytes RsaSpki(std::string_view modulus, std::string_view exponent) {
  return JoinRsaSpki(FromHex(modulus), FromHex(exponent));
}

TEST(PublicKeyTest, RsaAttributesComeFromTheSpki) {
  const Bytes spki = RsaSpki(kModulus1024, "010001");
  const auto key = PublicKey::Parse(spki);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE((*key)->is_rsa());
  EXPECT_TRUE((*key)->computes_here());
  EXPECT_EQ((*key)->curve(), nullptr);
  EXPECT_EQ((*key)->Bits(), 1024u);
  EXPECT_EQ(HexOf((*key)->Modulus()), kModulus1024);
  EXPECT_EQ(HexOf((*key)->PublicExponent()), "010001");
  EXPECT_TRUE((*key)->EcPoint().empty());
  EXPECT_TRUE((*key)->EcParams().empty());
  EXPECT_TRUE(Equal((*key)->Spki(), spki));
}

TEST(PublicKeyTest, EcAttributesComeFromTheSpki) {
  const auto key = PublicKey::Parse(P256Spki());
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE((*key)->is_rsa());
  EXPECT_EQ((*key)->curve()->name, "P-256");
  EXPECT_EQ((*key)->Bits(), 256u);
  EXPECT_EQ((*key)->EcPoint(), UncompressedPoint(kP256X, kP256Y));
  EXPECT_EQ(HexOf((*key)->EcParams()), "06082a8648ce3d030107");
  EXPECT_TRUE((*key)->Modulus().empty());
  EXPECT_TRUE((*key)->PublicExponent().empty());
}

// GREP11 reference 4.2: octet strings with the HSM's MAC follow the SubjectPublicKeyInfo.
TEST(PublicKeyTest, TrailerOfTheHsmIsDropped) {
  const Bytes spki = P256Spki();
  Bytes blob = spki;
  Append(blob, FromHex("0410"));
  blob.resize(blob.size() + 16, 0xee);
  const auto key = PublicKey::Parse(blob);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(Equal((*key)->Spki(), spki));
}

TEST(PublicKeyTest, SecretKeyBlobIsNoPublicKey) {
  EXPECT_EQ(ParseRv(Bytes(256)), CKR_DEVICE_ERROR);
  EXPECT_EQ(ParseRv({}), CKR_DEVICE_ERROR);
}

TEST(PublicKeyTest, PointOffTheCurveIsRefused) {
  Bytes spki = P256Spki();
  spki.back() ^= 1;
  EXPECT_EQ(ParseRv(spki), CKR_DEVICE_ERROR);
}

TEST(PublicKeyTest, CompressedAndInfinitePointsAreRefused) {
  const Curve& curve = *FindCurve(ViewOf("P-256"));
  Bytes compressed{3};
  Append(compressed, FromHex(kP256X));
  EXPECT_EQ(ParseRv(JoinEcSpki(curve, compressed)), CKR_DEVICE_ERROR);
  EXPECT_EQ(ParseRv(JoinEcSpki(curve, Bytes{0})), CKR_DEVICE_ERROR);
  Bytes hybrid = UncompressedPoint(kP256X, kP256Y);
  hybrid[0] = 7;
  EXPECT_EQ(ParseRv(JoinEcSpki(curve, hybrid)), CKR_DEVICE_ERROR);
}

TEST(PublicKeyTest, ImpossibleRsaKeysAreRefused) {
  std::string even(kModulus1024);
  even.back() = '4';
  EXPECT_EQ(ParseRv(RsaSpki(even, "010001")), CKR_DEVICE_ERROR) << "even modulus";
  EXPECT_EQ(ParseRv(RsaSpki("c5", "03")), CKR_DEVICE_ERROR) << "modulus of 8 bits";
  EXPECT_EQ(ParseRv(RsaSpki("00", "03")), CKR_DEVICE_ERROR) << "modulus is 0";
  EXPECT_EQ(ParseRv(RsaSpki(kModulus1024, "00")), CKR_DEVICE_ERROR) << "exponent is 0";
  EXPECT_EQ(ParseRv(RsaSpki(kModulus1024, "01")), CKR_DEVICE_ERROR) << "exponent is 1";
  EXPECT_EQ(ParseRv(RsaSpki(kModulus1024, "010000")), CKR_DEVICE_ERROR) << "even exponent";
  EXPECT_EQ(ParseRv(RsaSpki(std::string(4098, 'f'), "03")), CKR_DEVICE_ERROR) << "16392 bits";
}

// OpenSSL computes only with small exponents beyond 3072 bits; the HSM has no such limit.
TEST(PublicKeyTest, LargeExponentGoesToTheHsm) {
  const std::string modulus(2 * 512, 'f');
  const auto key = PublicKey::Parse(RsaSpki(modulus, "010000000000000001"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->Bits(), 4096u);
  EXPECT_FALSE((*key)->computes_here());
  Mechanism mechanism;
  mechanism.type = CKM_RSA_PKCS;
  EXPECT_EQ(RvOf((*key)->Verify(mechanism, ViewOf("x"), Bytes(512))), CKR_MECHANISM_INVALID);
  EXPECT_EQ(RvOf((*key)->Encrypt(mechanism, ViewOf("x"))), CKR_MECHANISM_INVALID);
}

// RFC 8032 7.1, test 2.
TEST(PublicKeyTest, AnEdwardsKeyVerifiesMessages) {
  const Bytes point = FromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes signature = FromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  const auto spki = SpkiFromEc(ViewOf("ed25519"), point);
  ASSERT_TRUE(spki.ok());
  const auto key = PublicKey::Parse(*spki);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE((*key)->computes_here());
  EXPECT_EQ((*key)->EcPoint(), point);
  EXPECT_EQ(HexOf((*key)->EcParams()), "06032b6570");
  const Mechanism eddsa{CKM_IBM_ED25519_SHA512, {}};
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(RvOf((*key)->Verify(eddsa, FromHex("72"), signature)), CKR_OK);
    EXPECT_EQ(RvOf((*key)->Verify(eddsa, FromHex("73"), signature)), CKR_SIGNATURE_INVALID);
  }
  EXPECT_EQ(RvOf((*key)->Verify(eddsa, FromHex("72"), ByteView(signature).first(63))),
            CKR_SIGNATURE_LEN_RANGE);
  EXPECT_EQ(RvOf((*key)->Verify(Mechanism{CKM_ECDSA, {}}, ViewOf("x"), Bytes(64))),
            CKR_KEY_TYPE_INCONSISTENT);
}

TEST(PublicKeyTest, AMontgomeryKeyHasAttributesButDoesNotComputeHere) {
  const auto key = PublicKey::Parse(*SpkiFromEc(ViewOf("X25519"), Bytes(32, 0x42)));
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE((*key)->computes_here());
  EXPECT_EQ(HexOf((*key)->EcParams()), "06032b656e");
  EXPECT_EQ(RvOf((*key)->Verify(Mechanism{CKM_ECDSA, {}}, ViewOf("x"), Bytes(64))),
            CKR_MECHANISM_INVALID);
}

// Whatever one changed byte does, it never crashes, and a key that still parses stays usable.
TEST(PublicKeyTest, EveryAlteredByteIsSurvived) {
  for (Bytes spki : {P256Spki(), RsaSpki(kModulus1024, "010001")}) {
    int refused = 0;
    for (Byte& byte : spki) {
      for (const Byte mask : {Byte{1}, Byte{0x80}, Byte{0xff}}) {
        byte ^= mask;
        const auto key = PublicKey::Parse(spki);
        refused += key.ok() ? 0 : 1;
        EXPECT_TRUE(!key.ok() || (*key)->Spki().size() <= spki.size());
        byte ^= mask;
      }
    }
    EXPECT_GT(refused, 0);
    EXPECT_EQ(ParseRv(spki), CKR_OK);
  }
}

TEST(PublicKeyTest, EveryWeierstrassCurveOfTheTableParses) {
  for (const Curve& curve : AllCurves()) {
    if (curve.kind != CurveKind::kWeierstrass) continue;
    const std::string group(curve.openssl_name);
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pkey(EVP_EC_gen(group.c_str()),
                                                              EVP_PKEY_free);
    ASSERT_NE(pkey, nullptr) << curve.name;
    Byte* der = nullptr;
    const int size = i2d_PUBKEY(pkey.get(), &der);
    const Bytes spki(der, der + size);
    OPENSSL_free(der);
    const auto key = PublicKey::Parse(spki);
    ASSERT_TRUE(key.ok()) << curve.name << ": " << key.error().detail;
    EXPECT_EQ((*key)->curve(), &curve);
    const auto joined = SpkiFromEc(ViewOf(curve.name), (*key)->EcPoint());
    ASSERT_TRUE(joined.ok()) << curve.name;
    EXPECT_EQ(*joined, spki) << curve.name;
  }
}

TEST(SpkiFromTest, RsaDropsLeadingZeros) {
  const auto spki = SpkiFromRsa(FromHex("0000" + std::string(kModulus1024)), FromHex("00010001"));
  ASSERT_TRUE(spki.ok());
  EXPECT_EQ(*spki, RsaSpki(kModulus1024, "010001"));
}

TEST(SpkiFromTest, ValuesThatAreNoKeyAreTheCallersFault) {
  EXPECT_EQ(RvOf(SpkiFromRsa({}, FromHex("03"))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(SpkiFromRsa(FromHex(kModulus1024), {})), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(SpkiFromEc(ViewOf("P-256"), Bytes(64, 4))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(SpkiFromEc(ViewOf("P-256"), Bytes(65, 4))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(SpkiFromEc(ViewOf("P-257"), Bytes(65, 4))), CKR_CURVE_NOT_SUPPORTED);
}

}  // namespace
}  // namespace gw
