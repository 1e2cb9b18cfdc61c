// Room: tests. Keys by agreement over the wire, on every Weierstrass curve and on X25519 and X448:
// against OpenSSL, and against tests/vectors/ec.
#include "emulator/crypto/curves.h"
#include "emulator/crypto/pkey.h"
#include "emulator/crypto/symmetric.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

using Kdf = grep11::ECDH1DeriveParm;

class AgreementRpcTest : public RpcTest {
 protected:
  PairBlobs Make(std::string_view curve) {
    const auto pair = GeneratePair(CKM_EC_KEY_PAIR_GEN, Template({{CKA_DERIVE, true}}),
                                   Template({{CKA_EC_PARAMS, CopyOf(curve)}}));
    EXPECT_EQ(Rv(), CKR_OK) << curve << Why();
    return {pair.privkeybytes(), pair.pubkeybytes()};
  }
  std::string ImportBase(ByteView pkcs8) {
    const auto key =
        Import(pkcs8, Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}, {CKA_DERIVE, true}}));
    EXPECT_EQ(Rv(), CKR_OK) << Why();
    return key.unwrappedbytes();
  }
  // The whole secret, in clear.
  std::string Secret(const grep11::Mechanism& mechanism, const std::string& base) {
    const auto key = Derive(mechanism, base, kGeneric);
    EXPECT_EQ(Rv(), CKR_OK) << Why();
    return Export(key.newkeybytes());
  }

  const WireMap kGeneric =
      Template({{CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}}, {CKA_EXTRACTABLE, true}});
};

CK_MECHANISM_TYPE MechanismOf(const CurveRow& curve) {
  if (curve.kind == CurveKind::kWeierstrass) return CKM_ECDH1_DERIVE;
  return curve.field_bytes == 32 ? CKM_IBM_EC_X25519 : CKM_IBM_EC_X448;
}

// The point alone, which means no KDF.
grep11::Mechanism ByPoint(CK_MECHANISM_TYPE type, const std::string& point) {
  grep11::Mechanism mechanism = Mech(type);
  mechanism.set_parameterb(point);
  return mechanism;
}

grep11::Mechanism ByKdf(CK_MECHANISM_TYPE type, const std::string& point, int kdf,
                        const std::string& shared) {
  grep11::Mechanism mechanism = Mech(type);
  Kdf& parameter = *mechanism.mutable_ecdh1deriveparameter();
  parameter.set_kdf(static_cast<Kdf::KeyDerivationFunction>(kdf));
  parameter.set_publicdata(point);
  parameter.set_shareddata(shared);
  return mechanism;
}

// The octets of the point at the end of an SPKI without trailer.
std::string PointOf(const CurveRow& curve, const std::string& spki) {
  return spki.substr(spki.size() - curve.point_bytes());
}

PkeyPtr NewSoftware(const CurveRow& curve) {
  return curve.is_raw() ? NewSoftwareRaw(curve.openssl_name) : NewSoftwareEc(curve.openssl_name);
}
std::string SoftwareSpki(const CurveRow& curve, EVP_PKEY* key) {
  return curve.is_raw() ? RawSpkiOf(key) : SpkiOf(key);
}

template <typename Use>
void ForCurvesThatAgree(Use use) {
  for (const CurveRow& curve : CurveTable()) {
    if (curve.kind == CurveKind::kEdwards) continue;
    SCOPED_TRACE(std::string(curve.ascii_name));
    use(curve, MechanismOf(curve));
  }
}

TEST_F(AgreementRpcTest, OpensslComesToTheSameSecretOnEveryCurve) {
  ForCurvesThatAgree([&](const CurveRow& curve, CK_MECHANISM_TYPE type) {
    const PairBlobs own = Make(curve.ascii_name);
    const PkeyPtr own_public = curve.is_raw() ? RawPublicKeyOf(curve.openssl_name, own.public_blob)
                                              : PublicKeyOf(own.public_blob);
    const PkeyPtr peer = NewSoftware(curve);
    const std::string point = PointOf(curve, SoftwareSpki(curve, peer.get()));
    const std::string theirs = SoftwareAgree(peer.get(), own_public.get());
    ASSERT_EQ(theirs.size(), curve.field_bytes);
    EXPECT_EQ(Secret(ByPoint(type, point), own.private_blob), theirs);
    EXPECT_EQ(Secret(ByKdf(type, point, Kdf::CkdNull, {}), own.private_blob), theirs);
  });
}

TEST_F(AgreementRpcTest, TheSecretsAreThoseOfTheVectors) {
  std::size_t seen = 0;
  for (const char* file : {"ec/ecdh.json", "ec/xdh.json"}) {
    for (const Vector& v : Vector::Load(file).List("vectors")) {
      const CurveRow& curve = *FindCurveByOpensslName(v.Text("curve"));
      const std::string base =
          ImportBase(PKey::FromPrivate(curve, v.Octets("priv"))->Pkcs8().view());
      EXPECT_EQ(Secret(ByPoint(MechanismOf(curve), Str(v.Octets("peer"))), base),
                Str(v.Octets("secret")))
          << v.Text("curve");
      ++seen;
    }
  }
  EXPECT_GT(seen, 24U);
}

TEST_F(AgreementRpcTest, BothSidesDeriveTheSameKeyWithEveryKdf) {
  ForCurvesThatAgree([&](const CurveRow& curve, CK_MECHANISM_TYPE type) {
    const PairBlobs a = Make(curve.ascii_name);
    const PairBlobs b = Make(curve.ascii_name);
    const auto point_of = [&](const PairBlobs& pair) {
      return PointOf(curve, pair.public_blob.substr(0, pair.public_blob.size() - 128));
    };
    const WireMap aes =
        Template({{CKA_KEY_TYPE, std::uint64_t{CKK_AES}}, {CKA_VALUE_LEN, std::uint64_t{16}}});
    std::string before;
    for (const int kdf : {1, 2, 5, 6, 7, 8}) {
      const std::string shared = kdf == 1 ? "" : "info";
      const auto at_a = Derive(ByKdf(type, point_of(b), kdf, shared), a.private_blob, aes);
      ASSERT_EQ(Rv(), CKR_OK) << kdf << Why();
      const auto at_b = Derive(ByKdf(type, point_of(a), kdf, shared), b.private_blob, aes);
      ASSERT_EQ(at_a.checksum().size(), 7U);
      EXPECT_EQ(at_a.checksum(), at_b.checksum()) << kdf;
      EXPECT_NE(at_a.checksum(), before);
      before = at_a.checksum();
    }
  });
}

// X9.63 with one round, hashed by hand: SHA-256(secret || 00000001 || info).
TEST_F(AgreementRpcTest, TheKdfIsThatOfX963) {
  const CurveRow& curve = *FindCurve(ViewOf("x448"));
  const PairBlobs own = Make("x448");
  const PkeyPtr peer = NewSoftware(curve);
  const std::string point = PointOf(curve, RawSpkiOf(peer.get()));
  std::string input = Secret(ByPoint(CKM_IBM_EC_X448, point), own.private_blob);
  input += std::string("\0\0\0\1", 4) + "info";
  const auto key = Derive(ByKdf(CKM_IBM_EC_X448, point, Kdf::CkdSha256Kdf, "info"),
                          own.private_blob, Plus(kGeneric, {CKA_VALUE_LEN, std::uint64_t{32}}));
  Byte digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ASSERT_EQ(EVP_Digest(input.data(), input.size(), digest, &size, EVP_sha256(), nullptr), 1);
  EXPECT_EQ(Export(key.newkeybytes()), Str(ByteView(digest, size)));
}

TEST_F(AgreementRpcTest, PointsThatAreNoneOfTheCurveAreRefused) {
  ForCurvesThatAgree([&](const CurveRow& curve, CK_MECHANISM_TYPE type) {
    const PairBlobs own = Make(curve.ascii_name);
    const std::string good = PointOf(curve, SoftwareSpki(curve, NewSoftware(curve).get()));
    std::vector<std::string> bad = {"", good + "x", good.substr(1), std::string(good.size(), '\0')};
    if (!curve.is_raw()) {
      bad.push_back(good);
      bad.back().back() ^= 1;
      bad.push_back("\x04" + std::string(1, static_cast<char>(good.size())) + good);
    }
    for (const std::string& point : bad) {
      Derive(ByPoint(type, point), own.private_blob, kGeneric);
      EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << HexOf(ViewOf(point));
    }
  });
}

TEST_F(AgreementRpcTest, ParametersOfAnotherKindAreRefused) {
  const PairBlobs own = Make("curve25519");
  const std::string point(32, '\x09');
  grep11::Mechanism none = Mech(CKM_IBM_EC_X25519);
  grep11::Mechanism foreign = Mech(CKM_IBM_EC_X25519);
  foreign.mutable_btcderiveparameter()->set_version(1);
  for (const grep11::Mechanism& mechanism :
       {none, foreign, ByKdf(CKM_IBM_EC_X25519, point, 3, ""),
        ByKdf(CKM_IBM_EC_X25519, point, 0, ""), ByKdf(CKM_IBM_EC_X25519, point, 1, "shared"),
        ByKdf(CKM_IBM_EC_X25519, point, 2, std::string(1025, 's'))}) {
    Derive(mechanism, own.private_blob, kGeneric);
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << mechanism.ShortDebugString();
  }
}

TEST_F(AgreementRpcTest, LengthsThatTheSecretDoesNotHaveAreRefused) {
  const PairBlobs own = Make("curve25519");
  const std::string point =
      PointOf(*FindCurve(ViewOf("curve25519")), RawSpkiOf(NewSoftwareRaw("X25519").get()));
  const auto derive = [&](std::uint64_t octets, int kdf) {
    Derive(ByKdf(CKM_IBM_EC_X25519, point, kdf, ""), own.private_blob,
           Plus(kGeneric, {CKA_VALUE_LEN, octets}));
    return Rv();
  };
  EXPECT_EQ(derive(32, 1), CKR_OK);
  EXPECT_EQ(derive(33, 1), CKR_KEY_SIZE_RANGE);
  EXPECT_EQ(derive(33, 6), CKR_OK);
  EXPECT_EQ(derive(0, 1), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(derive(257, 6), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST_F(AgreementRpcTest, KeysOfAnotherKindOrHalfOrWithoutTheRightAreRefused) {
  struct Case {
    const char* curve;
    CK_MECHANISM_TYPE mechanism;
  };
  constexpr Case kCases[] = {{"P-256", CKM_IBM_EC_X25519},
                             {"x448", CKM_IBM_EC_X25519},
                             {"curve25519", CKM_IBM_EC_X448},
                             {"curve25519", CKM_ECDH1_DERIVE}};
  for (const Case& c : kCases) {
    Derive(ByPoint(c.mechanism, std::string(32, '\x09')), Make(c.curve).private_blob, kGeneric);
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT) << c.curve;
  }
  const PairBlobs own = Make("x448");
  const std::string point =
      PointOf(*FindCurve(ViewOf("x448")), RawSpkiOf(NewSoftwareRaw("X448").get()));
  Derive(ByPoint(CKM_IBM_EC_X448, point), own.public_blob, kGeneric);
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Derive(ByPoint(CKM_IBM_EC_X448, point), "", kGeneric);
  EXPECT_EQ(Rv(), CKR_KEY_HANDLE_INVALID);
  Derive(ByPoint(CKM_IBM_EC_X448, point), SetAttribute(own.private_blob, CKA_DERIVE, false),
         kGeneric);
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

}  // namespace
}  // namespace gw::emulator
