// Room: tests. CKM_IBM_ECDSA_OTHER over the wire. Values: tests/vectors/schnorr. What the emulator
// signs is verified by the RPC that the vectors have verified.
#include <algorithm>

#include "emulator/crypto/curves.h"
#include "emulator/crypto/pkey.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

using Ecsg = grep11::ECSGParm;

constexpr const char* kCurves[] = {"P-256", "SECP256K1", "BP-256R", "BP-256T"};
constexpr Ecsg::ECSGType kTypes[] = {Ecsg::CkEcsgIbmEcsdsaS256, Ecsg::CkEcsgIbmEcsdsaComprMulti};

grep11::Mechanism Schnorr(int type) {
  grep11::Mechanism mechanism = Mech(CKM_IBM_ECDSA_OTHER);
  mechanism.mutable_ecsgparameter()->set_type(static_cast<Ecsg::ECSGType>(type));
  return mechanism;
}

std::string SpkiIn(const Vector& v, const CurveRow& curve) {
  return Str(PKey::FromPublic(curve, v.Octets("pub_uncompressed"))->Spki());
}

// The rule that the card takes a type for; null for the rules that no type has.
const int* TypeOf(const std::string& scheme) {
  static constexpr int kS256 = 3;
  static constexpr int kComprMulti = 5;
  if (scheme == "iso-ecsdsa") return &kS256;
  return scheme == "compr-multi" ? &kComprMulti : nullptr;
}

class SchnorrRpcTest : public RpcTest {
 protected:
  PairBlobs Make(const char* curve) { return MakeEcPair(client(), curve); }
};

TEST_F(SchnorrRpcTest, ThePublishedSignaturesOfZilliqaVerify) {
  const CurveRow& curve = *FindCurve(ViewOf("SECP256K1"));
  for (const Vector& v : Vector::Load("schnorr/zilliqa-secp256k1.json").List("vectors")) {
    const std::string signature = Str(v.Octets("sig"));
    const std::string message = Str(v.Octets("msg"));
    EXPECT_EQ(Verify(Schnorr(5), SpkiIn(v, curve), message, signature), CKR_OK);
    EXPECT_EQ(Verify(Schnorr(3), SpkiIn(v, curve), message, signature), CKR_SIGNATURE_INVALID);
    EXPECT_EQ(Verify(Schnorr(5), SpkiIn(v, curve), message + "x", signature),
              CKR_SIGNATURE_INVALID);
  }
}

TEST_F(SchnorrRpcTest, EachTypeIsOneRuleOnEveryCurve) {
  std::size_t verified = 0;
  for (const Vector& v : Vector::Load("schnorr/ecsdsa-256bit-curves.json").List("vectors")) {
    const CurveRow& curve = *FindCurveByOpensslName(v.Text("curve"));
    const int* own = TypeOf(v.Text("scheme"));
    for (const int type : {3, 5}) {
      const bool good = own != nullptr && *own == type;
      EXPECT_EQ(Verify(Schnorr(type), SpkiIn(v, curve), Str(v.Octets("msg")), Str(v.Octets("sig"))),
                good ? CKR_OK : CKR_SIGNATURE_INVALID)
          << v.Text("scheme") << " " << v.Text("curve");
      verified += good ? 1 : 0;
    }
  }
  EXPECT_GT(verified, 8U);
}

TEST_F(SchnorrRpcTest, SignaturesOutOfRangeAreRefused) {
  for (const Vector& group : Vector::Load("schnorr/ecsdsa-reject.json").List("groups")) {
    const int* type = TypeOf(group.Text("scheme"));
    if (type == nullptr) continue;
    const CurveRow& curve = *FindCurveByOpensslName(group.Text("curve"));
    for (const Vector& c : group.List("cases")) {
      EXPECT_EQ(Verify(Schnorr(*type), SpkiIn(group, curve), Str(group.Octets("msg")),
                       Str(c.Octets("sig"))),
                CKR_SIGNATURE_INVALID)
          << c.Text("description");
    }
  }
}

TEST_F(SchnorrRpcTest, SignaturesVerifyByTheirTypeAlone) {
  for (const char* curve : kCurves) {
    const PairBlobs pair = Make(curve);
    for (const Ecsg::ECSGType type : kTypes) {
      for (const std::string& data : {std::string(), std::string("message")}) {
        const std::string signature = Sign(Schnorr(type), pair.private_blob, data);
        ASSERT_EQ(Rv(), CKR_OK) << curve << Why();
        EXPECT_EQ(signature.size(), 64U);
        EXPECT_EQ(Verify(Schnorr(type), pair.public_blob, data, signature), CKR_OK);
        EXPECT_EQ(Verify(Schnorr(8 - type), pair.public_blob, data, signature),
                  CKR_SIGNATURE_INVALID);
        EXPECT_NE(Sign(Schnorr(type), pair.private_blob, data), signature);
      }
    }
  }
}

TEST_F(SchnorrRpcTest, KeysOfTheVectorsSignAfterImport) {
  const CurveRow& curve = *FindCurve(ViewOf("SECP256K1"));
  const Vector v = Vector::Load("schnorr/zilliqa-secp256k1.json").List("vectors").front();
  const auto key = Import(PKey::FromPrivate(curve, v.Octets("priv"))->Pkcs8().view(),
                          Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}, {CKA_SIGN, true}}));
  ASSERT_EQ(Rv(), CKR_OK) << Why();
  const std::string signature = Sign(Schnorr(5), key.unwrappedbytes(), "message");
  EXPECT_EQ(Verify(Schnorr(5), SpkiIn(v, curve), "message", signature), CKR_OK);
}

TEST_F(SchnorrRpcTest, OnlyTheSingleRpcsHaveIt) {
  const PairBlobs pair = Make("P-256");
  SignOneShot(Schnorr(3), pair.private_blob, "data");
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
  SignInParts(Schnorr(3), pair.private_blob, "data");
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
  const std::string signature = Sign(Schnorr(3), pair.private_blob, "data");
  EXPECT_EQ(VerifyOneShot(Schnorr(3), pair.public_blob, "data", signature), CKR_MECHANISM_INVALID);
}

TEST_F(SchnorrRpcTest, ParametersOtherThanTheTwoTypesAreRefused) {
  const PairBlobs pair = Make("P-256");
  grep11::Mechanism foreign = Mech(CKM_IBM_ECDSA_OTHER);
  foreign.mutable_btcderiveparameter()->set_version(1);
  for (const grep11::Mechanism& mechanism :
       {Mech(CKM_IBM_ECDSA_OTHER), MechIv(CKM_IBM_ECDSA_OTHER, Bytes(4, 3)), foreign, Schnorr(0),
        Schnorr(4), Schnorr(Ecsg::CkEcsgIbmBls), Schnorr(-1)}) {
    Sign(mechanism, pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << mechanism.ShortDebugString();
    EXPECT_EQ(Verify(mechanism, pair.public_blob, "data", std::string(64, 's')),
              CKR_MECHANISM_PARAM_INVALID);
  }
  grep11::Mechanism ecdsa = Mech(CKM_ECDSA);
  ecdsa.mutable_ecsgparameter()->set_type(Ecsg::CkEcsgIbmEcsdsaS256);
  Sign(ecdsa, pair.private_blob, "data");
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(SchnorrRpcTest, OtherCurvesAndKeysAreRefused) {
  for (const char* curve : {"P-224", "P-384", "BP-320R", "BP-160T"}) {
    const PairBlobs pair = Make(curve);
    Sign(Schnorr(5), pair.private_blob, "data");
    EXPECT_EQ(Rv(), CKR_CURVE_NOT_SUPPORTED) << curve;
    EXPECT_EQ(Verify(Schnorr(5), pair.public_blob, "data", std::string(64, 's')),
              CKR_CURVE_NOT_SUPPORTED);
  }
  const auto edwards =
      GeneratePair(CKM_EC_KEY_PAIR_GEN, {}, Template({{CKA_EC_PARAMS, CopyOf("ed25519")}}));
  Sign(Schnorr(5), edwards.privkeybytes(), "data");
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Sign(Schnorr(5), MakeRsaPair(client(), 1024).private_blob, "data");
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
}

TEST_F(SchnorrRpcTest, LengthsOfSignaturesAreChecked) {
  const PairBlobs pair = Make("BP-256T");
  for (const std::size_t size : {0U, 63U, 65U, 128U}) {
    EXPECT_EQ(Verify(Schnorr(3), pair.public_blob, "data", std::string(size, 's')),
              CKR_SIGNATURE_LEN_RANGE);
  }
}

// Data, key and parameter (4 octets) together are at most 24 KB.
TEST_F(SchnorrRpcTest, DataThatDoesNotFitWithItsKeyIsRefused) {
  constexpr std::size_t kMost = std::size_t{24} * 1024;
  const PairBlobs pair = Make("P-256");
  const std::string most(kMost - 4 - pair.private_blob.size(), 'd');
  Sign(Schnorr(3), pair.private_blob, most);
  EXPECT_EQ(Rv(), CKR_OK) << Why();
  Sign(Schnorr(3), pair.private_blob, most + "d");
  EXPECT_EQ(Rv(), CKR_MECHANISM_INVALID);
  const std::string verifiable(kMost - 4 - pair.public_blob.size(), 'd');
  const std::string wrong(64, '\x01');
  EXPECT_EQ(Verify(Schnorr(3), pair.public_blob, verifiable, wrong), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(Verify(Schnorr(3), pair.public_blob, verifiable + "d", wrong), CKR_MECHANISM_INVALID);
}

// A type whose rule is not documented may be given another one.
struct S256Name {
  const char* option;
  const char* scheme;  // in the vectors
};
class S256RuleRpcTest : public RpcTest, public testing::WithParamInterface<S256Name> {
 protected:
  void SetUp() override {
    options().schnorr_s256 = GetParam().option;
    RpcTest::SetUp();
  }
};

INSTANTIATE_TEST_SUITE_P(All, S256RuleRpcTest,
                         testing::Values(S256Name{"iso-ecsdsa", "iso-ecsdsa"},
                                         S256Name{"iso-ecsdsa-opt", "iso-ecsdsa-opt"},
                                         S256Name{"bsi-ecschnorr", "bsi-2012-ecschnorr"}),
                         [](const auto& name) {
                           std::string text = name.param.option;
                           std::ranges::replace(text, '-', '_');
                           return text;
                         });

TEST_P(S256RuleRpcTest, IsTheOneOfTheOption) {
  for (const Vector& v : Vector::Load("schnorr/ecsdsa-256bit-curves.json").List("vectors")) {
    const CurveRow& curve = *FindCurveByOpensslName(v.Text("curve"));
    EXPECT_EQ(Verify(Schnorr(3), SpkiIn(v, curve), Str(v.Octets("msg")), Str(v.Octets("sig"))),
              v.Text("scheme") == GetParam().scheme ? CKR_OK : CKR_SIGNATURE_INVALID)
        << v.Text("scheme");
  }
  const PairBlobs pair = MakeEcPair(client(), "BP-256R");
  EXPECT_EQ(
      Verify(Schnorr(3), pair.public_blob, "data", Sign(Schnorr(3), pair.private_blob, "data")),
      CKR_OK);
}

}  // namespace
}  // namespace gw::emulator
