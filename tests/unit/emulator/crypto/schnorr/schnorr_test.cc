// Room: tests. Values: tests/vectors/schnorr.
#include "emulator/crypto/schnorr/schnorr.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>

#include "emulator/crypto/group.h"
#include "emulator/crypto/schnorr/known_nonce.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

using enum SchnorrRule;

constexpr SchnorrRule kRules[] = {kCompressedMulti, kIsoEcsdsa, kIsoEcsdsaShort, kBsiEcSchnorr};
constexpr const char* kCurves[] = {"P-256", "SECP256K1", "BP-256R", "BP-256T"};

const CurveRow& Curve(std::string_view name) { return *FindCurve(ViewOf(name)); }
const CurveRow& CurveIn(const Vector& v) { return *FindCurveByOpensslName(v.Text("curve")); }

SchnorrRule RuleIn(const Vector& v) {
  static const std::map<std::string, SchnorrRule> kNames = {
      {"compr-multi", kCompressedMulti},
      {"iso-ecsdsa", kIsoEcsdsa},
      {"iso-ecsdsa-opt", kIsoEcsdsaShort},
      {"bsi-2012-ecschnorr", kBsiEcSchnorr},
  };
  return kNames.at(v.Text("scheme"));
}

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

void ExpectVector(const Vector& v, const CurveRow& curve, SchnorrRule rule) {
  const Result<PKey> private_key = PKey::FromPrivate(curve, v.Octets("priv"));
  const Result<PKey> public_key = PKey::FromPublic(curve, v.Octets("pub_uncompressed"));
  ASSERT_TRUE(private_key.ok() && public_key.ok());
  EXPECT_EQ(private_key->Point(), public_key->Point());
  const Bytes message = v.Octets("msg");
  const auto signature = SchnorrSignWithNonce(*private_key, rule, message, v.Octets("k"));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(HexOf(*signature), v.Text("sig"));
  for (const SchnorrRule tried : kRules) {
    EXPECT_EQ(RvOf(SchnorrVerify(*public_key, tried, message, v.Octets("sig"))),
              tried == rule ? CKR_OK : CKR_SIGNATURE_INVALID);
  }
}

TEST(SchnorrTest, GivesTheSignaturesOfZilliqa) {
  const std::vector<Vector> vectors =
      Vector::Load("schnorr/zilliqa-secp256k1.json").List("vectors");
  EXPECT_EQ(vectors.size(), 22U);
  for (const Vector& v : vectors) {
    SCOPED_TRACE(v.Number("index"));
    ExpectVector(v, Curve("SECP256K1"), kCompressedMulti);
    EXPECT_EQ(v.Text("r") + v.Text("s"), v.Text("sig"));
  }
}

TEST(SchnorrTest, GivesTheSignaturesOfEveryRuleOnEveryCurve) {
  const std::vector<Vector> vectors =
      Vector::Load("schnorr/ecsdsa-256bit-curves.json").List("vectors");
  EXPECT_EQ(vectors.size(), 52U);
  std::set<std::pair<std::string, std::string>> seen;
  for (const Vector& v : vectors) {
    SCOPED_TRACE(v.Text("scheme") + " " + v.Text("curve"));
    ExpectVector(v, CurveIn(v), RuleIn(v));
    seen.emplace(v.Text("scheme"), v.Text("curve"));
  }
  EXPECT_EQ(seen.size(), 16U);
}

TEST(SchnorrTest, RefusesWhatMustBeRefused) {
  std::size_t refused = 0;
  for (const Vector& group : Vector::Load("schnorr/ecsdsa-reject.json").List("groups")) {
    const auto key = PKey::FromPublic(CurveIn(group), group.Octets("pub_uncompressed"));
    ASSERT_TRUE(key.ok());
    for (const Vector& c : group.List("cases")) {
      ASSERT_EQ(c.Text("expect"), "reject");
      EXPECT_EQ(RvOf(SchnorrVerify(*key, RuleIn(group), group.Octets("msg"), c.Octets("sig"))),
                CKR_SIGNATURE_INVALID)
          << group.Text("scheme") << " " << group.Text("curve") << " " << c.Text("description");
      ++refused;
    }
  }
  EXPECT_EQ(refused, 80U);
}

TEST(SchnorrTest, SignaturesAreRandomAndHoldForTheirMessageAlone) {
  for (const char* name : kCurves) {
    const PKey key = PKey::GenerateEc(Curve(name));
    const PKey other = PKey::GenerateEc(Curve(name));
    for (const SchnorrRule rule : kRules) {
      const auto first = SchnorrSign(key, rule, ViewOf("abc"));
      const auto second = SchnorrSign(key, rule, ViewOf("abc"));
      ASSERT_TRUE(first.ok() && second.ok());
      EXPECT_NE(*first, *second);
      for (const Bytes& signature : {*first, *second}) {
        EXPECT_EQ(RvOf(SchnorrVerify(key, rule, ViewOf("abc"), signature)), CKR_OK);
        EXPECT_EQ(RvOf(SchnorrVerify(key, rule, ViewOf("abd"), signature)), CKR_SIGNATURE_INVALID);
        EXPECT_EQ(RvOf(SchnorrVerify(key, rule, {}, signature)), CKR_SIGNATURE_INVALID);
        EXPECT_EQ(RvOf(SchnorrVerify(other, rule, ViewOf("abc"), signature)),
                  CKR_SIGNATURE_INVALID);
      }
    }
  }
}

TEST(SchnorrTest, EveryBitOfASignatureCounts) {
  const PKey key = PKey::GenerateEc(Curve("BP-256R"));
  for (const SchnorrRule rule : kRules) {
    Bytes signature = *SchnorrSign(key, rule, ViewOf("abc"));
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
      const auto mask = static_cast<Byte>(1U << bit % 8);
      signature[bit / 8] ^= mask;
      EXPECT_EQ(RvOf(SchnorrVerify(key, rule, ViewOf("abc"), signature)), CKR_SIGNATURE_INVALID);
      signature[bit / 8] ^= mask;
    }
  }
}

// s*G and r*P cancel out for r = 1 and s = d or -d: whoever knows d must not get infinity accepted.
TEST(SchnorrTest, ACommitmentAtInfinityIsRefused) {
  for (const char* name : kCurves) {
    const PKey key = PKey::GenerateEc(Curve(name));
    const SecretBytes d = *key.PrivateValue();
    const SecretBignumPtr negated = NewSecretBignum();
    BN_sub(negated.get(), OrderOf(Curve(name)), SecretBignumOf(d.view()).get());
    Bytes one(32, 0);
    one.back() = 1;
    Bytes with_d = one;
    Append(with_d, d.view());
    Bytes with_negated = one;
    Append(with_negated, BytesOfScalar(Curve(name), negated.get()).view());
    for (const SchnorrRule rule : kRules) {
      EXPECT_EQ(RvOf(SchnorrVerify(key, rule, ViewOf("abc"), with_d)), CKR_SIGNATURE_INVALID);
      EXPECT_EQ(RvOf(SchnorrVerify(key, rule, ViewOf("abc"), with_negated)), CKR_SIGNATURE_INVALID);
    }
  }
}

TEST(SchnorrTest, RThatIsNotReducedIsRefusedWhereTheRuleReduces) {
  // On brainpool curves order + r often fits 32 octets for small r; find one that does.
  const CurveRow& curve = Curve("BP-256T");
  const PKey key = PKey::GenerateEc(curve);
  for (int tries = 0; tries < 200; ++tries) {
    Bytes signature = *SchnorrSign(key, kCompressedMulti, ViewOf("abc"));
    const SecretBignumPtr r = SecretBignumOf(ByteView(signature).first(32));
    BN_add(r.get(), r.get(), OrderOf(curve));
    if (BN_num_bits(r.get()) > 256) continue;
    BN_bn2binpad(r.get(), signature.data(), 32);
    EXPECT_EQ(RvOf(SchnorrVerify(key, kCompressedMulti, ViewOf("abc"), signature)),
              CKR_SIGNATURE_INVALID);
    return;
  }
  FAIL() << "no r small enough in 200 signatures";
}

TEST(SchnorrTest, SignaturesOfOtherLengthsAreRefused) {
  const PKey key = PKey::GenerateEc(Curve("P-256"));
  for (const std::size_t size : {0U, 1U, 32U, 63U, 65U, 66U, 128U}) {
    EXPECT_EQ(RvOf(SchnorrVerify(key, kIsoEcsdsa, ViewOf("abc"), Bytes(size, 1))),
              CKR_SIGNATURE_LEN_RANGE);
  }
}

TEST(SchnorrTest, KeysOfOtherCurvesAreRefused) {
  for (const CurveRow& curve : CurveTable()) {
    if (!curve.is_raw() && curve.bits == 256) continue;
    const PKey key = PKey::GenerateEc(curve);
    EXPECT_EQ(RvOf(SchnorrSign(key, kIsoEcsdsa, ViewOf("abc"))), CKR_CURVE_NOT_SUPPORTED);
    EXPECT_EQ(RvOf(SchnorrVerify(key, kIsoEcsdsa, ViewOf("abc"), Bytes(64, 1))),
              CKR_CURVE_NOT_SUPPORTED);
  }
}

TEST(SchnorrTest, OnlyAPrivateCurveKeySigns) {
  const PKey key = PKey::GenerateEc(Curve("P-256"));
  const PKey half = *PKey::FromPublic(Curve("P-256"), key.Point());
  EXPECT_EQ(RvOf(SchnorrSign(half, kIsoEcsdsa, ViewOf("abc"))), CKR_KEY_TYPE_INCONSISTENT);
  const PKey rsa = *PKey::GenerateRsa(1024, Bytes{1, 0, 1});
  EXPECT_EQ(RvOf(SchnorrSign(rsa, kIsoEcsdsa, ViewOf("abc"))), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(SchnorrVerify(rsa, kIsoEcsdsa, ViewOf("abc"), Bytes(64, 1))),
            CKR_KEY_TYPE_INCONSISTENT);
}

TEST(SchnorrTest, NoncesOutOfRangeAreRefused) {
  const CurveRow& curve = Curve("P-256");
  const PKey key = PKey::GenerateEc(curve);
  const Bytes order = CopyOf(BytesOfScalar(curve, OrderOf(curve)).view());
  for (const Bytes& nonce : {Bytes(32, 0), order, Bytes(32, 0xff), Bytes(31, 1), Bytes{}}) {
    EXPECT_EQ(RvOf(SchnorrSignWithNonce(key, kIsoEcsdsa, ViewOf("abc"), nonce)),
              CKR_ATTRIBUTE_VALUE_INVALID);
  }
}

TEST(SchnorrTest, TypesNameTheirRules) {
  EXPECT_EQ(*SchnorrRuleOf(5), kCompressedMulti);
  EXPECT_EQ(*SchnorrRuleOf(3), kIsoEcsdsa);
  EXPECT_EQ(*SchnorrRuleOf(3, kBsiEcSchnorr), kBsiEcSchnorr);
  for (const std::uint64_t type : {0ULL, 1ULL, 2ULL, 4ULL, 6ULL, 7ULL, ~0ULL}) {
    EXPECT_EQ(RvOf(SchnorrRuleOf(type)), CKR_MECHANISM_PARAM_INVALID) << type;
  }
}

TEST(SchnorrTest, DataKeyAndParameterTogetherHaveALimit) {
  EXPECT_EQ(RvOf(CheckSchnorrInput(24 * 1024 - 300, 296, 4)), CKR_OK);
  EXPECT_EQ(RvOf(CheckSchnorrInput(24 * 1024 - 300, 297, 4)), CKR_MECHANISM_INVALID);
  EXPECT_EQ(RvOf(CheckSchnorrInput(12 * 1024, 1, 0, 12 * 1024)), CKR_MECHANISM_INVALID);
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(RvOf(CheckSchnorrInput(kMost, kMost, kMost)), CKR_MECHANISM_INVALID);
  EXPECT_EQ(RvOf(CheckSchnorrInput(1, kMost, 1)), CKR_MECHANISM_INVALID);
}

}  // namespace
}  // namespace gw::emulator
