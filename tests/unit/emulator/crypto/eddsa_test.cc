// Room: tests. Values: tests/vectors/eddsa.
#include "emulator/crypto/eddsa.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

const CurveRow& Curve(std::string_view name) { return *FindCurve(ViewOf(name)); }

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

// How many of the file's signatures were accepted.
std::size_t CheckFile(const char* file, const CurveRow& curve) {
  std::size_t accepted = 0;
  for (const Vector& v : Vector::Load(file).List("vectors")) {
    SCOPED_TRACE(v.Number("index"));
    const Bytes message = v.Octets("msg");
    const Bytes signature = v.Octets("sig");
    const PKey public_key = *PKey::FromPublic(curve, v.Octets("pub"));
    if (v.Text("expect") == "reject") {
      EXPECT_EQ(RvOf(EddsaVerify(public_key, message, signature)),
                signature.size() == curve.signature_bytes() ? CKR_SIGNATURE_INVALID
                                                            : CKR_SIGNATURE_LEN_RANGE);
      continue;
    }
    const PKey private_key = *PKey::FromPrivate(curve, v.Octets("priv"));
    EXPECT_EQ(private_key.Point(), v.Octets("pub"));
    const Result<Bytes> made = EddsaSign(private_key, message);
    EXPECT_TRUE(made.ok() && *made == signature);
    EXPECT_EQ(RvOf(EddsaVerify(public_key, message, signature)), CKR_OK);
    ++accepted;
  }
  return accepted;
}

TEST(EddsaTest, GivesTheSignaturesOfEd25519) {
  EXPECT_EQ(CheckFile("eddsa/ed25519.json", Curve("ed25519")), 20U);
}

TEST(EddsaTest, GivesTheSignaturesOfEd448AndRefusesTheBadOnes) {
  EXPECT_EQ(CheckFile("eddsa/ed448.json", Curve("ed448")), 13U);
}

TEST(EddsaTest, EveryBitOfASignatureCounts) {
  for (const char* name : {"ed25519", "ed448"}) {
    const PKey key = PKey::GenerateEc(Curve(name));
    Bytes signature = *EddsaSign(key, ViewOf("abc"));
    EXPECT_EQ(RvOf(EddsaVerify(key, ViewOf("abc"), signature)), CKR_OK);
    EXPECT_EQ(RvOf(EddsaVerify(key, ViewOf("abd"), signature)), CKR_SIGNATURE_INVALID);
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
      const auto mask = static_cast<Byte>(1U << bit % 8);
      signature[bit / 8] ^= mask;
      EXPECT_EQ(RvOf(EddsaVerify(key, ViewOf("abc"), signature)), CKR_SIGNATURE_INVALID) << bit;
      signature[bit / 8] ^= mask;
    }
  }
}

TEST(EddsaTest, OtherKeysAndLengthsAreRefused) {
  for (const CurveRow& curve : CurveTable()) {
    if (curve.kind == CurveKind::kEdwards) continue;
    const PKey key = PKey::GenerateEc(curve);
    EXPECT_EQ(RvOf(EddsaSign(key, ViewOf("abc"))), CKR_KEY_TYPE_INCONSISTENT);
    EXPECT_EQ(RvOf(EddsaVerify(key, ViewOf("abc"), Bytes(64, 1))), CKR_KEY_TYPE_INCONSISTENT);
  }
  const PKey key = PKey::GenerateEc(Curve("ed25519"));
  for (const std::size_t size : {0U, 63U, 65U, 114U}) {
    EXPECT_EQ(RvOf(EddsaVerify(key, ViewOf("abc"), Bytes(size, 1))), CKR_SIGNATURE_LEN_RANGE);
  }
  const PKey half = *PKey::FromPublic(Curve("ed25519"), key.Point());
  EXPECT_EQ(RvOf(EddsaSign(half, ViewOf("abc"))), CKR_KEY_TYPE_INCONSISTENT);
}

}  // namespace
}  // namespace gw::emulator
