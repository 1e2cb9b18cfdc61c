// Room: tests. ECDSA on every Weierstrass curve and EdDSA over the wire: against OpenSSL in both
// directions, and against tests/vectors/ec (signatures made without OpenSSL) and eddsa.
#include "emulator/crypto/curves.h"
#include "emulator/crypto/pkey.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

constexpr std::string_view kData = "twenty-eight octets of data.";

struct Hashed {
  CK_MECHANISM_TYPE type;
  const char* digest;
};
constexpr Hashed kEcdsa[] = {
    {CKM_ECDSA, nullptr},
    {CKM_ECDSA_SHA1, "SHA1"},
    {CKM_ECDSA_SHA224, "SHA224"},
    {CKM_ECDSA_SHA256, "SHA256"},
    {CKM_ECDSA_SHA384, "SHA384"},
    {CKM_ECDSA_SHA512, "SHA512"},
    {CKM_IBM_ECDSA_SHA224, "SHA224"},
    {CKM_IBM_ECDSA_SHA256, "SHA256"},
    {CKM_IBM_ECDSA_SHA384, "SHA384"},
    {CKM_IBM_ECDSA_SHA512, "SHA512"},
};

struct EdwardsCase {
  CK_MECHANISM_TYPE mechanism;
  const char* name;
  const char* openssl_type;
  const char* vectors;
  std::size_t signature_bytes;
};
constexpr EdwardsCase kEdwards[] = {
    {CKM_IBM_ED25519_SHA512, "ed25519", "ED25519", "eddsa/ed25519.json", 64},
    {CKM_IBM_ED448_SHA3, "ed448", "ED448", "eddsa/ed448.json", 114},
};

class CurveSignaturesRpcTest : public RpcTest {
 protected:
  PairBlobs Make(std::string_view curve) {
    const auto pair =
        GeneratePair(CKM_EC_KEY_PAIR_GEN, {}, Template({{CKA_EC_PARAMS, CopyOf(curve)}}));
    EXPECT_EQ(Rv(), CKR_OK) << curve << Why();
    return {pair.privkeybytes(), pair.pubkeybytes()};
  }
  std::string ImportSigner(const std::string& pkcs8) {
    const auto key =
        Import(ViewOf(pkcs8), Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}, {CKA_SIGN, true}}));
    EXPECT_EQ(Rv(), CKR_OK) << Why();
    return key.unwrappedbytes();
  }
};

template <typename Use>
void ForWeierstrassCurves(Use use) {
  for (const CurveRow& curve : CurveTable()) {
    if (curve.is_raw()) continue;
    SCOPED_TRACE(std::string(curve.ascii_name));
    use(curve);
  }
}

TEST_F(CurveSignaturesRpcTest, OpensslVerifiesEcdsaOfEveryCurveAndHash) {
  const std::string data(kData);
  ForWeierstrassCurves([&](const CurveRow& curve) {
    const PairBlobs pair = Make(curve.ascii_name);
    const PkeyPtr software = PublicKeyOf(pair.public_blob);
    ASSERT_NE(software, nullptr);
    for (const Hashed& c : kEcdsa) {
      const std::string signature = Sign(Mech(c.type), pair.private_blob, data);
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(signature.size(), curve.signature_bytes());
      EXPECT_TRUE(SoftwareVerify(software.get(), {.digest = c.digest}, data, signature))
          << NameOfMechanism(c.type);
      EXPECT_EQ(Verify(Mech(c.type), pair.public_blob, data, signature), CKR_OK);
      EXPECT_EQ(Verify(Mech(c.type), pair.public_blob, data.substr(1), signature),
                CKR_SIGNATURE_INVALID);
    }
  });
}

TEST_F(CurveSignaturesRpcTest, EcdsaOfOpensslVerifiesWithABareAndAnImportedKey) {
  const std::string data(kData);
  ForWeierstrassCurves([&](const CurveRow& curve) {
    const PkeyPtr software = NewSoftwareEc(curve.openssl_name);
    const std::string spki = SpkiOf(software.get());
    const std::string maced = ImportPublic(spki, Template({{CKA_VERIFY, true}}));
    for (const Hashed& c : kEcdsa) {
      const std::string signature = SoftwareSign(software.get(), {.digest = c.digest}, data);
      EXPECT_EQ(Verify(Mech(c.type), spki, data, signature), CKR_OK) << NameOfMechanism(c.type);
      EXPECT_EQ(Verify(Mech(c.type), maced, data, signature), CKR_OK);
    }
  });
}

TEST_F(CurveSignaturesRpcTest, EcdsaSignaturesMadeElsewhereVerify) {
  for (const Vector& v : Vector::Load("ec/ecdsa.json").List("vectors")) {
    const CurveRow& curve = *FindCurveByOpensslName(v.Text("curve"));
    const std::string spki = Str(PKey::FromPublic(curve, v.Octets("pub"))->Spki());
    EXPECT_EQ(Verify(Mech(CKM_ECDSA), spki, Str(v.Octets("data")), Str(v.Octets("sig"))), CKR_OK)
        << v.Text("curve");
  }
}

TEST_F(CurveSignaturesRpcTest, ImportedPrivateKeysSignOnEveryCurve) {
  const std::string data(kData);
  ForWeierstrassCurves([&](const CurveRow& curve) {
    const PkeyPtr software = NewSoftwareEc(curve.openssl_name);
    const std::string signature =
        Sign(Mech(CKM_ECDSA_SHA256), ImportSigner(Pkcs8Of(software.get())), data);
    EXPECT_TRUE(SoftwareVerify(software.get(), {.digest = "SHA256"}, data, signature));
  });
}

TEST_F(CurveSignaturesRpcTest, EcdsaInPartsAndInOneShotIsAsTheMechanismAllows) {
  const std::string data(kData);
  for (const char* name : {"BP-160T", "P-521", "BP-320R"}) {
    const PairBlobs pair = Make(name);
    for (const Hashed& c : kEcdsa) {
      const bool in_parts = c.digest != nullptr;
      const std::string one = SignOneShot(Mech(c.type), pair.private_blob, data);
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(VerifyOneShot(Mech(c.type), pair.public_blob, data, one), CKR_OK);
      EXPECT_EQ(VerifyInParts(Mech(c.type), pair.public_blob, data, one),
                in_parts ? CKR_OK : CKR_FUNCTION_NOT_SUPPORTED);
      const std::string parts = SignInParts(Mech(c.type), pair.private_blob, data);
      EXPECT_EQ(Rv(), in_parts ? CKR_OK : CKR_FUNCTION_NOT_SUPPORTED);
      if (!in_parts) continue;
      EXPECT_EQ(Verify(Mech(c.type), pair.public_blob, data, parts), CKR_OK);
    }
  }
}

TEST_F(CurveSignaturesRpcTest, EddsaGivesThePublishedSignatures) {
  for (const EdwardsCase& c : kEdwards) {
    std::size_t accepted = 0;
    for (const Vector& v : Vector::Load(c.vectors).List("vectors")) {
      const CurveRow& curve = *FindCurve(ViewOf(std::string_view(c.name)));
      const std::string spki = Str(PKey::FromPublic(curve, v.Octets("pub"))->Spki());
      const std::string message = Str(v.Octets("msg"));
      const std::string signature = Str(v.Octets("sig"));
      const bool good = v.Text("expect") == "accept";
      const CK_RV rv = Verify(Mech(c.mechanism), spki, message, signature);
      EXPECT_EQ(rv == CKR_OK, good) << c.name << " " << v.Number("index");
      if (!good) continue;
      const std::string key =
          ImportSigner(Str(PKey::FromPrivate(curve, v.Octets("priv"))->Pkcs8().view()));
      EXPECT_EQ(Sign(Mech(c.mechanism), key, message), signature) << v.Number("index");
      EXPECT_EQ(SignOneShot(Mech(c.mechanism), key, message), signature);
      ++accepted;
    }
    EXPECT_GT(accepted, 5U) << c.name;
  }
}

TEST_F(CurveSignaturesRpcTest, EddsaGoesBothWaysWithOpenssl) {
  for (const EdwardsCase& c : kEdwards) {
    for (const std::string& data : {std::string(), std::string(kData), std::string(100000, 'x')}) {
      const PairBlobs pair = Make(c.name);
      const PkeyPtr theirs = RawPublicKeyOf(c.openssl_type, pair.public_blob);
      ASSERT_NE(theirs, nullptr);
      const std::string signature = Sign(Mech(c.mechanism), pair.private_blob, data);
      ASSERT_EQ(Rv(), CKR_OK) << Why();
      EXPECT_EQ(signature.size(), c.signature_bytes);
      EXPECT_TRUE(SoftwareVerify(theirs.get(), {}, data, signature));
      EXPECT_EQ(VerifyOneShot(Mech(c.mechanism), pair.public_blob, data, signature), CKR_OK);

      const PkeyPtr software = NewSoftwareRaw(c.openssl_type);
      const std::string reverse = SoftwareSign(software.get(), {}, data);
      const std::string spki = RawSpkiOf(software.get());
      EXPECT_EQ(Verify(Mech(c.mechanism), spki, data, reverse), CKR_OK);
      EXPECT_EQ(Verify(Mech(c.mechanism), ImportPublic(spki, Template({{CKA_VERIFY, true}})), data,
                       reverse),
                CKR_OK);
      EXPECT_EQ(Verify(Mech(c.mechanism), spki, data + "x", reverse), CKR_SIGNATURE_INVALID);
    }
  }
}

TEST_F(CurveSignaturesRpcTest, EddsaHasNoPartsNoParameterAndOneLength) {
  for (const EdwardsCase& c : kEdwards) {
    const PairBlobs pair = Make(c.name);
    SignInParts(Mech(c.mechanism), pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_FUNCTION_NOT_SUPPORTED);
    const std::string signature = Sign(Mech(c.mechanism), pair.private_blob, "data");
    EXPECT_EQ(VerifyInParts(Mech(c.mechanism), pair.public_blob, "data", signature),
              CKR_FUNCTION_NOT_SUPPORTED);
    for (const std::string& other : {signature + "x", signature.substr(1), std::string()}) {
      EXPECT_EQ(Verify(Mech(c.mechanism), pair.public_blob, "data", other),
                CKR_SIGNATURE_LEN_RANGE);
    }
    Sign(MechIv(c.mechanism, Bytes(16)), pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  }
}

TEST_F(CurveSignaturesRpcTest, KeysOfAnotherKindAreRefusedAtOnce) {
  struct Case {
    const char* curve;
    CK_MECHANISM_TYPE mechanism;
  };
  constexpr Case kCases[] = {{"ed25519", CKM_ECDSA},
                             {"ed448", CKM_ECDSA_SHA256},
                             {"ed448", CKM_IBM_ED25519_SHA512},
                             {"ed25519", CKM_IBM_ED448_SHA3},
                             {"P-256", CKM_IBM_ED25519_SHA512},
                             {"x448", CKM_IBM_ED448_SHA3},
                             {"curve25519", CKM_ECDSA},
                             {"P-256", CKM_IBM_DILITHIUM},
                             {"P-256", CKM_RSA_PKCS}};
  for (const Case& c : kCases) {
    const PairBlobs pair = Make(c.curve);
    Sign(Mech(c.mechanism), pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT) << c.curve << " " << NameOfMechanism(c.mechanism);
    SignOneShot(Mech(c.mechanism), pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
    EXPECT_EQ(Verify(Mech(c.mechanism), pair.public_blob, "data", "signature"),
              CKR_KEY_TYPE_INCONSISTENT);
  }
  const PairBlobs rsa = MakeRsaPair(client(), 1024);
  for (const CK_MECHANISM_TYPE type :
       {CKM_ECDSA, CKM_IBM_ECDSA_SHA256, CKM_IBM_ED25519_SHA512, CKM_IBM_DILITHIUM}) {
    Sign(Mech(type), rsa.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT) << NameOfMechanism(type);
  }
}

TEST_F(CurveSignaturesRpcTest, TheWrongHalfOrAKeyWithoutTheRightDoesNotSign) {
  for (const EdwardsCase& c : kEdwards) {
    const PairBlobs pair = Make(c.name);
    Sign(Mech(c.mechanism), pair.public_blob, "data");
    EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
    Sign(Mech(c.mechanism), SetAttribute(pair.private_blob, CKA_SIGN, false), "data");
    EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  }
}

}  // namespace
}  // namespace gw::emulator
