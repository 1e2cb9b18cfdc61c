// Room: tests. Keys on every curve, in and out of their encodings. Values: the SPKI heads are those
// of GREP11's published samples, the vector of RFC 8032 section 7.1 test 1.
#include "emulator/crypto/pkey.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <algorithm>

#include "emulator/crypto/group.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

const CurveRow& Curve(std::string_view name) { return *FindCurve(ViewOf(name)); }

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

Bytes With(Bytes octets, std::size_t at, Byte value) {
  octets.at(at) = value;
  return octets;
}

Bytes Appended(Bytes octets, Byte value) {
  octets.push_back(value);
  return octets;
}

TEST(PKeyTest, KeysOfEveryCurveComeBackFromEachOfTheirForms) {
  for (const CurveRow& curve : CurveTable()) {
    const PKey key = PKey::GenerateEc(curve);
    EXPECT_EQ(key.type(), CKK_EC);
    EXPECT_EQ(key.bits(), curve.bits);
    const Bytes point = key.Point();
    const Result<SecretBytes> value = key.PrivateValue();
    ASSERT_TRUE(value.ok()) << curve.ascii_name;
    EXPECT_EQ(value->size(), curve.private_bytes());

    const Result<PKey> from_pkcs8 = PKey::FromPkcs8(key.Pkcs8().view());
    const Result<PKey> from_spki = PKey::FromSpki(key.Spki());
    const Result<PKey> from_private = PKey::FromPrivate(curve, value->view());
    const Result<PKey> from_public = PKey::FromPublic(curve, point);
    for (const Result<PKey>* again : {&from_pkcs8, &from_spki, &from_private, &from_public}) {
      ASSERT_TRUE(again->ok()) << curve.ascii_name << " " << again->error().detail;
      EXPECT_EQ((*again)->curve(), &curve);
      EXPECT_EQ((*again)->Point(), point) << curve.ascii_name;
      EXPECT_EQ((*again)->Spki(), key.Spki()) << curve.ascii_name;
    }
    EXPECT_TRUE(Equal(from_private->Pkcs8().view(), key.Pkcs8().view())) << curve.ascii_name;
    EXPECT_TRUE(Equal(from_pkcs8->PrivateValue()->view(), value->view())) << curve.ascii_name;
    EXPECT_EQ(RvOf(from_spki->PrivateValue()), CKR_KEY_TYPE_INCONSISTENT);
    EXPECT_EQ(RvOf(from_public->PrivateValue()), CKR_KEY_TYPE_INCONSISTENT);
  }
}

TEST(PKeyTest, SpkisHaveTheSizesOfTheList) {
  for (const Vector& v : Vector::Load("curves-and-oids.json").List("curves")) {
    if (!v.Has("spki_bytes")) continue;
    const CurveRow& curve = *FindCurve(v.Octets("ec_params_der"));
    EXPECT_EQ(PKey::GenerateEc(curve).Spki().size(), v.Number("spki_bytes")) << curve.ascii_name;
  }
}

TEST(PKeyTest, RawCurvesHaveTheSpkiOfGrep11) {
  const Bytes point =
      OctetsOfHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const Result<PKey> key = PKey::FromPublic(Curve("ed25519"), point);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(HexOf(key->Spki()), "3033300e06072a8648ce3d020106032b6570032100" + HexOf(point));
  EXPECT_EQ(key->bits(), 255U);
  EXPECT_EQ(PKey::GenerateEc(Curve("ed448")).Spki().size(), 21U + 57U);
  EXPECT_EQ(PKey::GenerateEc(Curve("x448")).Spki().size(), 21U + 56U);
}

TEST(PKeyTest, AKnownSeedGivesItsPoint) {
  const Result<PKey> key = PKey::FromPrivate(
      Curve("ed25519"),
      OctetsOfHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(HexOf(key->Point()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST(PKeyTest, PrivateValuesOutOfRangeAreRefused) {
  for (const CurveRow& curve : CurveTable()) {
    EXPECT_EQ(RvOf(PKey::FromPrivate(curve, {})), CKR_ATTRIBUTE_VALUE_INVALID);
    EXPECT_EQ(RvOf(PKey::FromPrivate(curve, Bytes(curve.private_bytes() - 1, 1))),
              CKR_ATTRIBUTE_VALUE_INVALID);
    EXPECT_EQ(RvOf(PKey::FromPrivate(curve, Bytes(curve.private_bytes() + 1, 1))),
              CKR_ATTRIBUTE_VALUE_INVALID);
    if (curve.is_raw()) continue;
    EXPECT_EQ(RvOf(PKey::FromPrivate(curve, Bytes(curve.order_bytes(), 0))),
              CKR_ATTRIBUTE_VALUE_INVALID);
    EXPECT_EQ(RvOf(PKey::FromPrivate(curve, Bytes(curve.order_bytes(), 0xff))),
              CKR_ATTRIBUTE_VALUE_INVALID);
    const SecretBytes order = BytesOfScalar(curve, OrderOf(curve));
    EXPECT_EQ(RvOf(PKey::FromPrivate(curve, order.view())), CKR_ATTRIBUTE_VALUE_INVALID);
    Bytes below = CopyOf(order.view());
    below.back() = static_cast<Byte>(below.back() - 1);  // orders are odd
    EXPECT_TRUE(PKey::FromPrivate(curve, below).ok()) << curve.ascii_name;
  }
}

TEST(PKeyTest, PointsThatAreNoneAreRefused) {
  for (const CurveRow& curve : CurveTable()) {
    const Bytes point = PKey::GenerateEc(curve).Point();
    EXPECT_EQ(RvOf(PKey::FromPublic(curve, {})), CKR_PUBLIC_KEY_INVALID);
    EXPECT_EQ(RvOf(PKey::FromPublic(curve, Appended(point, 0))), CKR_PUBLIC_KEY_INVALID);
    EXPECT_EQ(RvOf(PKey::FromPublic(curve, ByteView(point).first(point.size() - 1))),
              CKR_PUBLIC_KEY_INVALID);
    if (curve.is_raw()) continue;
    EXPECT_EQ(RvOf(PKey::FromPublic(curve, Bytes{0x00})), CKR_PUBLIC_KEY_INVALID) << "infinity";
    const Byte flipped = static_cast<Byte>(point.back() ^ 1);
    EXPECT_EQ(RvOf(PKey::FromPublic(curve, With(point, point.size() - 1, flipped))),
              CKR_PUBLIC_KEY_INVALID)
        << curve.ascii_name;
    for (const Byte form : {Byte{0x02}, Byte{0x03}, Byte{0x06}, Byte{0x07}, Byte{0x00}}) {
      EXPECT_EQ(RvOf(PKey::FromPublic(curve, With(point, 0, form))), CKR_PUBLIC_KEY_INVALID);
    }
    Bytes outside(point.size(), 0xff);
    outside[0] = 0x04;
    EXPECT_EQ(RvOf(PKey::FromPublic(curve, outside)), CKR_PUBLIC_KEY_INVALID);
  }
}

TEST(PKeyTest, SpkisThatAreNoneAreRefused) {
  // P-256 with the point at infinity.
  EXPECT_EQ(
      RvOf(PKey::FromSpki(OctetsOfHex("3019301306072a8648ce3d020106082a8648ce3d03010703020000"))),
      CKR_PUBLIC_KEY_INVALID);
  // Ed25519 as RFC 8410 has it.
  const Bytes rfc8410 = OctetsOfHex(
      "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(RvOf(PKey::FromSpki(rfc8410)), CKR_KEY_TYPE_INCONSISTENT);
  for (const char* name : {"ed25519", "x448", "P-256", "BP-320T"}) {
    const Bytes spki = PKey::GenerateEc(Curve(name)).Spki();
    EXPECT_FALSE(PKey::FromSpki(Appended(spki, 0)).ok()) << name;
    EXPECT_FALSE(PKey::FromSpki(ByteView(spki).first(spki.size() - 1)).ok()) << name;
  }
  EXPECT_FALSE(PKey::FromSpki({}).ok());
}

TEST(PKeyTest, ACurveWithoutARowIsRefused) {
  // secp112r1, generator as point.
  const Bytes spki = OctetsOfHex(
      "3032301006072a8648ce3d020106052b81040006031e000409487239995a5ee76b55f9c2f098"
      "a89ce5af8724c0a23e0e0ff77500");
  EXPECT_EQ(RvOf(PKey::FromSpki(spki)), CKR_CURVE_NOT_SUPPORTED);
}

// A PrivateKeyInfo that leaves the public half to be computed.
TEST(PKeyTest, Pkcs8WithAScalarOutOfRangeIsRefused) {
  const CurveRow& curve = Curve("P-256");
  const Bytes head =
      OctetsOfHex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420");
  const auto read = [&head](ByteView scalar) {
    Bytes pkcs8 = head;
    Append(pkcs8, scalar);
    return PKey::FromPkcs8(pkcs8);
  };
  EXPECT_EQ(RvOf(read(Bytes(32, 0))), CKR_WRAPPED_KEY_INVALID);
  EXPECT_EQ(RvOf(read(Bytes(32, 0xff))), CKR_WRAPPED_KEY_INVALID);
  EXPECT_EQ(RvOf(read(BytesOfScalar(curve, OrderOf(curve)).view())), CKR_WRAPPED_KEY_INVALID);
  const PKey key = PKey::GenerateEc(curve);
  const Result<PKey> good = read(key.PrivateValue()->view());
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->Point(), key.Point());
}

TEST(PKeyTest, ExplicitParametersAreRefusedEvenThoseOfAKnownCurve) {
  const PKey key = PKey::GenerateEc(Curve("P-256"));
  const PkeyPtr copy(EVP_PKEY_dup(key.handle()));
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(copy.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                           OSSL_PKEY_EC_ENCODING_EXPLICIT),
            1);
  Byte* der = nullptr;
  const int size = i2d_PUBKEY(copy.get(), &der);
  ASSERT_GT(size, 200);
  const Bytes spki(der, der + size);
  OPENSSL_free(der);
  EXPECT_EQ(RvOf(PKey::FromSpki(spki)), CKR_CURVE_NOT_SUPPORTED);
}

// Whatever octet of an encoding is changed: an error or a key that works, never the process's end.
TEST(PKeyTest, ChangedEncodingsAreKeysOrErrors) {
  for (const char* name : {"P-256", "BP-160T", "ed25519", "x448"}) {
    const PKey key = PKey::GenerateEc(Curve(name));
    const Bytes spki = key.Spki();
    const Bytes pkcs8 = CopyOf(key.Pkcs8().view());
    for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
      for (std::size_t at = 0; at < spki.size(); ++at) {
        const auto changed = PKey::FromSpki(With(spki, at, static_cast<Byte>(spki[at] ^ change)));
        if (!changed) continue;
        EXPECT_EQ(changed->Point().size(), changed->curve()->point_bytes());
      }
      for (std::size_t at = 0; at < pkcs8.size(); ++at) {
        const auto changed =
            PKey::FromPkcs8(With(pkcs8, at, static_cast<Byte>(pkcs8[at] ^ change)));
        if (!changed) continue;
        EXPECT_EQ(changed->PrivateValue()->size(), changed->curve()->private_bytes());
      }
    }
  }
}

TEST(PKeyTest, HalvesThatDoNotFitAreRefused) {
  const PKey key = PKey::GenerateEc(Curve("P-256"));
  const PKey other = PKey::GenerateEc(Curve("P-256"));
  Bytes pkcs8 = CopyOf(key.Pkcs8().view());
  const Bytes point = key.Point();
  const auto at = std::search(pkcs8.begin(), pkcs8.end(), point.begin(), point.end());
  ASSERT_NE(at, pkcs8.end());
  std::ranges::copy(other.Point(), at);
  EXPECT_EQ(RvOf(PKey::FromPkcs8(pkcs8)), CKR_WRAPPED_KEY_INVALID);
}

}  // namespace
}  // namespace gw::emulator
