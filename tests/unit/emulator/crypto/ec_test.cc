// Room: tests. Values: tests/vectors/ec; the signatures there were made without OpenSSL.
#include "emulator/crypto/ec.h"

#include <gtest/gtest.h>

#include <set>

#include "emulator/crypto/group.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

const CurveRow& CurveIn(const Vector& v) { return *FindCurveByOpensslName(v.Text("curve")); }
PKey PrivateIn(const Vector& v) { return *PKey::FromPrivate(CurveIn(v), v.Octets("priv")); }
PKey PublicIn(const Vector& v) { return *PKey::FromPublic(CurveIn(v), v.Octets("pub")); }

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

TEST(EcdsaTest, VerifiesSignaturesMadeElsewhere) {
  std::set<std::string> curves;
  for (const Vector& v : Vector::Load("ec/ecdsa.json").List("vectors")) {
    const Bytes data = v.Octets("data");
    EXPECT_EQ(RvOf(EcdsaVerify(PublicIn(v), data, v.Octets("sig"))), CKR_OK)
        << v.Text("curve") << " " << data.size();
    Bytes other = data;
    other[0] ^= 0x80;
    EXPECT_EQ(RvOf(EcdsaVerify(PublicIn(v), other, v.Octets("sig"))), CKR_SIGNATURE_INVALID);
    curves.insert(v.Text("curve"));
  }
  EXPECT_EQ(curves.size(), 20U);
}

TEST(EcdsaTest, SignsWhatVerifies) {
  for (const Vector& v : Vector::Load("ec/ecdsa.json").List("vectors")) {
    const Bytes data = v.Octets("data");
    const Result<Bytes> signature = EcdsaSign(PrivateIn(v), data);
    ASSERT_TRUE(signature.ok());
    EXPECT_EQ(signature->size(), CurveIn(v).signature_bytes());
    EXPECT_EQ(RvOf(EcdsaVerify(PublicIn(v), data, *signature)), CKR_OK) << v.Text("curve");
  }
}

TEST(EcdsaTest, OnlyTheLeadingBitsOfLongInputCount) {
  for (const Vector& v : Vector::Load("ec/ecdsa.json").List("vectors")) {
    Bytes data = v.Octets("data");
    if (data.size() * 8 < CurveIn(v).bits + 8) continue;
    data.back() ^= 1;
    EXPECT_EQ(RvOf(EcdsaVerify(PublicIn(v), data, v.Octets("sig"))), CKR_OK) << v.Text("curve");
  }
}

TEST(EcdsaTest, SignaturesOutOfRangeAreRefused) {
  for (const Vector& v : Vector::Load("ec/ecdsa.json").List("vectors")) {
    const PKey key = PublicIn(v);
    const Bytes data = v.Octets("data");
    const Bytes good = v.Octets("sig");
    const std::size_t half = good.size() / 2;
    for (const std::size_t from : {std::size_t{0}, half}) {
      Bytes bad = good;
      std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(from), half, Byte{0});
      EXPECT_EQ(RvOf(EcdsaVerify(key, data, bad)), CKR_SIGNATURE_INVALID);
      std::ranges::copy(BytesOfScalar(CurveIn(v), OrderOf(CurveIn(v))).view(),
                        bad.begin() + static_cast<std::ptrdiff_t>(from));
      EXPECT_EQ(RvOf(EcdsaVerify(key, data, bad)), CKR_SIGNATURE_INVALID);
      bad = good;
      bad[from + half - 1] ^= 1;
      EXPECT_EQ(RvOf(EcdsaVerify(key, data, bad)), CKR_SIGNATURE_INVALID);
    }
    EXPECT_EQ(RvOf(EcdsaVerify(key, data, ByteView(good).first(good.size() - 1))),
              CKR_SIGNATURE_LEN_RANGE);
    EXPECT_EQ(RvOf(EcdsaVerify(key, data, {})), CKR_SIGNATURE_LEN_RANGE);
  }
}

TEST(EcdhTest, GivesTheSecretsOfTheVectors) {
  std::set<std::string> curves;
  for (const Vector& v : Vector::Load("ec/ecdh.json").List("vectors")) {
    const PKey key = PrivateIn(v);
    EXPECT_EQ(key.Point(), v.Octets("pub")) << v.Text("curve");
    const Result<SecretBytes> secret = EcdhSecret(key, v.Octets("peer"));
    ASSERT_TRUE(secret.ok()) << v.Text("curve") << secret.error().detail;
    EXPECT_EQ(HexOf(secret->view()), v.Text("secret")) << v.Text("curve");
    curves.insert(v.Text("curve"));
  }
  EXPECT_EQ(curves.size(), 20U);
}

TEST(EcdhTest, PointsThatAreNoneAreRefused) {
  for (const Vector& v : Vector::Load("ec/ecdh.json").List("vectors")) {
    const PKey key = PrivateIn(v);
    const Bytes good = v.Octets("peer");
    Bytes off_curve = good;
    off_curve.back() ^= 1;
    Bytes compressed = CopyOf(ByteView(good).first(1 + CurveIn(v).field_bytes));
    compressed[0] = 0x02;
    for (const Bytes& bad : {off_curve, compressed, Bytes{}, Bytes{0x00}}) {
      EXPECT_EQ(RvOf(EcdhSecret(key, bad)), CKR_MECHANISM_PARAM_INVALID) << v.Text("curve");
    }
  }
}

TEST(XdhTest, GivesTheSecretsOfRfc7748) {
  const std::vector<Vector> vectors = Vector::Load("ec/xdh.json").List("vectors");
  EXPECT_EQ(vectors.size(), 4U);
  for (const Vector& v : vectors) {
    const PKey key = PrivateIn(v);
    EXPECT_EQ(key.Point(), v.Octets("pub"));
    const Result<SecretBytes> secret = XdhSecret(key, v.Octets("peer"));
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(HexOf(secret->view()), v.Text("secret"));
  }
}

TEST(XdhTest, PointsOfSmallOrderAndOtherLengthsAreRefused) {
  for (const Vector& v : Vector::Load("ec/xdh.json").List("vectors")) {
    const PKey key = PrivateIn(v);
    const std::size_t size = CurveIn(v).point_bytes();
    Bytes one(size, 0);
    one[0] = 1;
    for (const Bytes& bad :
         {Bytes(size, 0), one, Bytes(size - 1, 9), Bytes(size + 1, 9), Bytes{}}) {
      EXPECT_EQ(RvOf(XdhSecret(key, bad)), CKR_MECHANISM_PARAM_INVALID) << v.Text("curve");
    }
  }
}

TEST(EcTest, KeysOfAnotherKindOfCurveAreRefused) {
  for (const CurveRow& curve : CurveTable()) {
    const PKey key = PKey::GenerateEc(curve);
    const Bytes data(32, 1);
    const Bytes signature(curve.signature_bytes(), 1);
    if (curve.is_raw()) {
      EXPECT_EQ(RvOf(EcdsaSign(key, data)), CKR_KEY_TYPE_INCONSISTENT);
      EXPECT_EQ(RvOf(EcdsaVerify(key, data, signature)), CKR_KEY_TYPE_INCONSISTENT);
      EXPECT_EQ(RvOf(EcdhSecret(key, key.Point())), CKR_KEY_TYPE_INCONSISTENT);
    }
    if (curve.kind != CurveKind::kMontgomery) {
      EXPECT_EQ(RvOf(XdhSecret(key, key.Point())), CKR_KEY_TYPE_INCONSISTENT);
    }
  }
}

}  // namespace
}  // namespace gw::emulator
