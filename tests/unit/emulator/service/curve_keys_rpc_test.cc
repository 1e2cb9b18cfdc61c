// Room: tests. Keys on every curve of GREP11's list over the wire: made, described, exported,
// imported, and what their rights may be. Values: curves-and-oids.json.
#include <openssl/asn1.h>

#include "emulator/crypto/curves.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

class CurveKeysRpcTest : public RpcTest {
 protected:
  PairBlobs Make(ByteView ec_params, const WireMap& private_template) {
    const auto pair = GeneratePair(CKM_EC_KEY_PAIR_GEN, private_template,
                                   Template({{CKA_EC_PARAMS, CopyOf(ec_params)}}));
    return {pair.privkeybytes(), pair.pubkeybytes()};
  }
  PairBlobs Make(std::string_view name) {
    return Make(ViewOf(name), Template({{CKA_EXTRACTABLE, true}}));
  }
  CK_RV MakeRv(std::string_view name, const WireMap& private_template,
               const WireMap& public_template) {
    GeneratePair(CKM_EC_KEY_PAIR_GEN, private_template,
                 Plus(public_template, {CKA_EC_PARAMS, CopyOf(name)}));
    return Rv();
  }
};

// What OpenSSL reads in the SPKI part.
PkeyPtr SoftwareKeyOf(const CurveRow& curve, const std::string& maced_spki) {
  return curve.is_raw() ? RawPublicKeyOf(curve.openssl_name, maced_spki) : PublicKeyOf(maced_spki);
}

// The point in a CKA_EC_POINT, which on Weierstrass curves is a DER OCTET STRING.
std::string PointIn(const CurveRow& curve, const std::string& ec_point) {
  if (curve.is_raw()) return ec_point;
  const auto* at = reinterpret_cast<const Byte*>(ec_point.data());
  ASN1_OCTET_STRING* string =
      d2i_ASN1_OCTET_STRING(nullptr, &at, static_cast<long>(ec_point.size()));
  if (string == nullptr) return {};
  std::string point(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                    static_cast<std::size_t>(ASN1_STRING_length(string)));
  ASN1_OCTET_STRING_free(string);
  return point;
}

TEST_F(CurveKeysRpcTest, EveryCurveOfTheListIsMadeByOidAndByName) {
  std::size_t made = 0;
  for (const Vector& listed : Vector::Load("curves-and-oids.json").List("curves")) {
    const Bytes oid = listed.Octets("ec_params_der");
    const CurveRow* curve = FindCurve(oid);
    Make(oid, {});
    if (curve == nullptr) {
      EXPECT_EQ(listed.Text("ibm_name"), "BLS12-381 (ET)");
      EXPECT_EQ(Rv(), CKR_CURVE_NOT_SUPPORTED);
      continue;
    }
    ASSERT_EQ(Rv(), CKR_OK) << listed.Text("ibm_name") << Why();
    const PairBlobs by_name = Make(curve->ascii_name);
    ASSERT_EQ(Rv(), CKR_OK) << curve->ascii_name << Why();
    for (const std::string& blob : {by_name.private_blob, by_name.public_blob}) {
      EXPECT_EQ(Attributes(blob, {CKA_EC_PARAMS}).at(CKA_EC_PARAMS).attributeb(), Str(oid));
    }
    ++made;
  }
  EXPECT_EQ(made, 24U);
}

TEST_F(CurveKeysRpcTest, BothHalvesAreDescribedAlike) {
  for (const CurveRow& curve : CurveTable()) {
    const PairBlobs pair = Make(curve.ascii_name);
    const PkeyPtr software = SoftwareKeyOf(curve, pair.public_blob);
    ASSERT_NE(software, nullptr) << curve.ascii_name;
    for (const std::string& blob : {pair.private_blob, pair.public_blob}) {
      const WireMap seen =
          Attributes(blob, {CKA_KEY_TYPE, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_SIGN});
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(seen.at(CKA_KEY_TYPE).attributei(), std::int64_t{CKK_EC});
      const std::string& spki = seen.at(CKA_PUBLIC_KEY_INFO).attributeb();
      EXPECT_TRUE(pair.public_blob.starts_with(spki)) << curve.ascii_name;
      EXPECT_EQ(pair.public_blob.size(), spki.size() + 128);
      EXPECT_EQ(PointIn(curve, seen.at(CKA_EC_POINT).attributeb()),
                spki.substr(spki.size() - curve.point_bytes()))
          << curve.ascii_name;
    }
    const std::string maced = Attributes(pair.private_blob, {CKA_IBM_MACED_PUBLIC_KEY_INFO})
                                  .at(CKA_IBM_MACED_PUBLIC_KEY_INFO)
                                  .attributeb();
    EXPECT_EQ(EVP_PKEY_eq(SoftwareKeyOf(curve, maced).get(), software.get()), 1);
  }
}

TEST_F(CurveKeysRpcTest, AnExportedKeyIsTheOneThatOpensslReadsAndComesBack) {
  for (const CurveRow& curve : CurveTable()) {
    const PairBlobs pair = Make(curve.ascii_name);
    const std::string pkcs8 = Export(pair.private_blob);
    ASSERT_EQ(Rv(), CKR_OK) << curve.ascii_name << Why();
    const PkeyPtr exported = FromPkcs8(pkcs8);
    ASSERT_NE(exported, nullptr) << curve.ascii_name;
    EXPECT_EQ(EVP_PKEY_eq(exported.get(), SoftwareKeyOf(curve, pair.public_blob).get()), 1);
    const auto again = Import(ViewOf(pkcs8), Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}}));
    ASSERT_EQ(Rv(), CKR_OK) << curve.ascii_name << Why();
    // The check sum: the MACed SPKI, then how many bits the key has.
    const std::string& sum = again.checksum();
    ASSERT_GT(sum.size(), 4U);
    EXPECT_EQ(EVP_PKEY_eq(SoftwareKeyOf(curve, sum).get(), exported.get()), 1);
    EXPECT_EQ(HexOf(ViewOf(sum).last(2)),
              HexOf(Bytes{static_cast<Byte>(curve.bits >> 8), static_cast<Byte>(curve.bits)}));
    EXPECT_EQ(Attributes(again.unwrappedbytes(), {CKA_EC_POINT}).at(CKA_EC_POINT).attributeb(),
              Attributes(pair.public_blob, {CKA_EC_POINT}).at(CKA_EC_POINT).attributeb());
  }
}

TEST_F(CurveKeysRpcTest, PublicKeysOfOpensslBecomeMacedOnes) {
  for (const CurveRow& curve : CurveTable()) {
    const PkeyPtr software =
        curve.is_raw() ? NewSoftwareRaw(curve.openssl_name) : NewSoftwareEc(curve.openssl_name);
    const std::string spki = curve.is_raw() ? RawSpkiOf(software.get()) : SpkiOf(software.get());
    const std::string maced = ImportPublic(spki, {});
    ASSERT_EQ(Rv(), CKR_OK) << curve.ascii_name << Why();
    EXPECT_TRUE(maced.starts_with(spki));
    EXPECT_EQ(maced.size(), spki.size() + 120);
    EXPECT_EQ(Attributes(maced, {CKA_EC_PARAMS}).at(CKA_EC_PARAMS).attributeb(),
              Str(curve.oid_der));
  }
}

// The form of RFC 8410 is not the card's.
TEST_F(CurveKeysRpcTest, RawKeysInAnotherFormAreNotImported) {
  for (const char* type : {"ED25519", "ED448", "X25519", "X448"}) {
    ImportPublic(SpkiOf(NewSoftwareRaw(type).get()), {});
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT) << type;
  }
  ImportPublic(RawSpkiOf(NewSoftwareRaw("ED25519").get()).substr(0, 52), {});
  EXPECT_EQ(Rv(), CKR_PUBLIC_KEY_INVALID);
}

TEST_F(CurveKeysRpcTest, WrappedKeysThatAreNoneOrOthersAreRefused) {
  const WireMap ec = Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}});
  const std::string pkcs8 = Pkcs8Of(NewSoftwareRaw("ED25519").get());
  Import(ViewOf(pkcs8), ec);
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  Import(ViewOf(pkcs8).first(pkcs8.size() - 1), ec);
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(ViewOf(pkcs8), Template({{CKA_KEY_TYPE, std::uint64_t{CKK_RSA}}}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_INVALID);
  Import(ViewOf(pkcs8), Plus(ec, {CKA_EC_PARAMS, CopyOf("ed25519")}));
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  Import(ViewOf(pkcs8), Plus(ec, {CKA_EC_PARAMS, CopyOf("ed448")}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  Import(ViewOf(pkcs8), Plus(ec, {CKA_EC_PARAMS, CopyOf("no curve")}));
  EXPECT_EQ(Rv(), CKR_CURVE_NOT_SUPPORTED);
  Import(ViewOf(Pkcs8Of(NewSoftwareEc("secp112r1").get())), ec);
  EXPECT_EQ(Rv(), CKR_CURVE_NOT_SUPPORTED);
  // A right that no key on the curve can have, seen only when the key is open.
  Import(ViewOf(pkcs8), Plus(ec, {CKA_DERIVE, true}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  Import(ViewOf(Pkcs8Of(NewSoftwareRaw("X448").get())), Plus(ec, {CKA_SIGN, true}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
}

TEST_F(CurveKeysRpcTest, RightsAreThoseThatTheCurveAllows) {
  const WireMap sign = Template({{CKA_SIGN, true}});
  const WireMap verify = Template({{CKA_VERIFY, true}});
  const WireMap derive = Template({{CKA_DERIVE, true}});
  const WireMap wallet = Template({{CKA_DERIVE, true}, {CKA_IBM_USE_AS_DATA, true}});
  const WireMap encrypt = Template({{CKA_ENCRYPT, true}});
  for (const CurveRow& curve : CurveTable()) {
    const std::string_view name = curve.ascii_name;
    const bool signs = curve.kind != CurveKind::kMontgomery;
    const bool derives = curve.kind != CurveKind::kEdwards;
    const auto expected = [](bool good) { return good ? CKR_OK : CKR_TEMPLATE_INCONSISTENT; };
    EXPECT_EQ(MakeRv(name, sign, {}), expected(signs)) << name;
    EXPECT_EQ(MakeRv(name, {}, verify), expected(signs)) << name;
    EXPECT_EQ(MakeRv(name, derive, {}), expected(derives)) << name;
    EXPECT_EQ(MakeRv(name, {}, derive), expected(derives)) << name;
    EXPECT_EQ(MakeRv(name, wallet, {}), expected(derives || name == "ed25519")) << name;
    EXPECT_EQ(MakeRv(name, encrypt, {}), CKR_TEMPLATE_INCONSISTENT) << name;
    EXPECT_EQ(MakeRv(name, {}, encrypt), CKR_TEMPLATE_INCONSISTENT) << name;
  }
}

TEST_F(CurveKeysRpcTest, ASilentTemplateGivesTheRightToSignAndToMontgomeryKeysNone) {
  for (const CurveRow& curve : CurveTable()) {
    const PairBlobs pair = Make(ViewOf(curve.ascii_name), {});
    const bool signs = curve.kind != CurveKind::kMontgomery;
    const WireMap own = Attributes(pair.private_blob, {CKA_SIGN, CKA_DERIVE});
    EXPECT_EQ(own.at(CKA_SIGN).attributetf(), signs) << curve.ascii_name;
    EXPECT_FALSE(own.at(CKA_DERIVE).attributetf());
    EXPECT_EQ(Attributes(pair.public_blob, {CKA_VERIFY}).at(CKA_VERIFY).attributetf(), signs);
  }
}

TEST_F(CurveKeysRpcTest, RightsAreNotChangedToWhatTheCurveForbids) {
  const PairBlobs agreeing = Make("x448");
  SetAttribute(agreeing.private_blob, CKA_SIGN, true);
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  SetAttribute(agreeing.private_blob, CKA_DERIVE, true);
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  const PairBlobs signing =
      Make(ViewOf("ed25519"), Template({{CKA_DERIVE, true}, {CKA_IBM_USE_AS_DATA, true}}));
  SetAttribute(signing.private_blob, CKA_IBM_USE_AS_DATA, false);
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
  SetAttribute(signing.private_blob, CKA_DERIVE, false);
  EXPECT_EQ(Rv(), CKR_OK) << Why();
}

TEST_F(CurveKeysRpcTest, SizesInTheListAreThoseOfItsCurves) {
  struct Case {
    CK_MECHANISM_TYPE type;
    std::uint64_t min, max;
  };
  constexpr Case kCases[] = {{CKM_EC_KEY_PAIR_GEN, 160, 521},    {CKM_ECDSA, 160, 521},
                             {CKM_IBM_ECDSA_SHA512, 160, 521},   {CKM_ECDH1_DERIVE, 160, 521},
                             {CKM_IBM_ED25519_SHA512, 255, 255}, {CKM_IBM_ED448_SHA3, 448, 448},
                             {CKM_IBM_EC_X25519, 255, 255},      {CKM_IBM_EC_X448, 448, 448},
                             {CKM_IBM_ECDSA_OTHER, 256, 256},    {CKM_IBM_BTC_DERIVE, 255, 256}};
  for (const Case& c : kCases) {
    grep11::GetMechanismInfoRequest request;
    request.set_mech(c.type);
    const auto info = client().Call(&grep11::Crypto::Stub::GetMechanismInfo, request).mechinfo();
    EXPECT_EQ(info.minkeysize(), c.min) << NameOfMechanism(c.type);
    EXPECT_EQ(info.maxkeysize(), c.max) << NameOfMechanism(c.type);
  }
}

}  // namespace
}  // namespace gw::emulator
