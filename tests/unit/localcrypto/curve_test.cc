// Tests for daemon/localcrypto/curve.h.
#include "daemon/localcrypto/curve.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/localcrypto/hex.h"

namespace gw {
namespace {

struct Expected {
  std::string_view name;
  std::string_view der;
  unsigned signature_bytes;
  std::size_t point_bytes;
};

// Source: GREP11 reference 10.3 and the published object identifiers (X9.62, SEC 2, RFC 5639,
// RFC 8410).
constexpr auto kExpected = std::to_array<Expected>({
    {"P-192", "06082a8648ce3d030101", 48, 49},
    {"P-224", "06052b81040021", 56, 57},
    {"P-256", "06082a8648ce3d030107", 64, 65},
    {"P-384", "06052b81040022", 96, 97},
    {"P-521", "06052b81040023", 132, 133},
    {"BP-160R", "06092b2403030208010101", 40, 41},
    {"BP-160T", "06092b2403030208010102", 40, 41},
    {"BP-192R", "06092b2403030208010103", 48, 49},
    {"BP-192T", "06092b2403030208010104", 48, 49},
    {"BP-224R", "06092b2403030208010105", 56, 57},
    {"BP-224T", "06092b2403030208010106", 56, 57},
    {"BP-256R", "06092b2403030208010107", 64, 65},
    {"BP-256T", "06092b2403030208010108", 64, 65},
    {"BP-320R", "06092b2403030208010109", 80, 81},
    {"BP-320T", "06092b240303020801010a", 80, 81},
    {"BP-384R", "06092b240303020801010b", 96, 97},
    {"BP-384T", "06092b240303020801010c", 96, 97},
    {"BP-512R", "06092b240303020801010d", 128, 129},
    {"BP-512T", "06092b240303020801010e", 128, 129},
    {"SECP256K1", "06052b8104000a", 64, 65},
    {"curve25519", "06032b656e", 0, 32},
    {"x448", "06032b656f", 0, 56},
    {"ed25519", "06032b6570", 64, 32},
    {"ed448", "06032b6571", 114, 57},
    {"BLS12-381", "060c2b0601040102820b87670302", 192, 97},
});

TEST(CurveTest, TableIsComplete) {
  const auto curves = AllCurves();
  ASSERT_EQ(curves.size(), kExpected.size());
  for (std::size_t i = 0; i < curves.size(); ++i) {
    EXPECT_EQ(curves[i].name, kExpected[i].name);
    EXPECT_EQ(HexOf(curves[i].der_oid), kExpected[i].der);
    EXPECT_EQ(2 * curves[i].order_bytes, kExpected[i].signature_bytes) << curves[i].name;
    EXPECT_EQ(curves[i].PointBytes(), kExpected[i].point_bytes) << curves[i].name;
  }
}

TEST(CurveTest, EveryRowIsFoundByItsNameAndItsOid) {
  for (const Curve& curve : AllCurves()) {
    EXPECT_EQ(FindCurve(ViewOf(curve.name)), &curve);
    EXPECT_EQ(FindCurve(curve.der_oid), &curve);
    if (curve.openssl_name.empty()) continue;
    EXPECT_EQ(FindCurve(ViewOf(curve.openssl_name)), &curve);
  }
}

TEST(CurveTest, AliasesFindTheSameRow) {
  const std::pair<const char*, const char*> pairs[] = {
      {"secp192r1", "P-192"},
      {"prime192v1", "P-192"},
      {"secp256r1", "P-256"},
      {"prime256v1", "P-256"},
      {"PRIME256V1", "P-256"},
      {"p-256", "P-256"},
      {"secp384r1", "P-384"},
      {"secp521r1", "P-521"},
      {"secp256k1", "SECP256K1"},
      {"brainpoolP256r1", "BP-256R"},
      {"brainpoolp512t1", "BP-512T"},
      {"X25519", "curve25519"},
      {"Ed25519", "ed25519"},
      {"edwards448", "ed448"},
      {"\x13\x0b"
       "curve25519",
       "curve25519"},
  };
  for (const auto& [alias, name] : pairs) {
    const Curve* curve = FindCurve(ViewOf(alias));
    ASSERT_NE(curve, nullptr) << alias;
    EXPECT_EQ(curve->name, name);
  }
}

TEST(CurveTest, PrintableStringIsAccepted) {
  const Curve* curve = FindCurve(FromHex("1305502d323536"));
  ASSERT_NE(curve, nullptr);
  EXPECT_EQ(curve->name, "P-256");
}

TEST(CurveTest, AnythingElseIsNoCurve) {
  EXPECT_EQ(FindCurve({}), nullptr);
  EXPECT_EQ(FindCurve(ViewOf("P-255")), nullptr);
  EXPECT_EQ(FindCurve(ViewOf(std::string_view("P-256\0", 6))), nullptr);
  EXPECT_EQ(FindCurve(FromHex("06082a8648ce3d03010700")), nullptr) << "bytes left over";
  EXPECT_EQ(FindCurve(FromHex("06082a8648ce3d0301")), nullptr) << "truncated";
  EXPECT_EQ(FindCurve(FromHex("06032b8104")), nullptr);
  EXPECT_EQ(FindCurve(FromHex("1305502d32353600")), nullptr) << "bytes left over";
  EXPECT_EQ(FindCurve(FromHex("1300")), nullptr) << "empty name";
}

TEST(CurveTest, LocalVerifyNeedsACurveThatSignsAndOpensslKnows) {
  for (const Curve& curve : AllCurves()) {
    const bool signs = curve.order_bytes != 0;
    EXPECT_EQ(curve.local_verify, signs && !curve.openssl_name.empty()) << curve.name;
    EXPECT_EQ(curve.openssl_name.empty(), curve.kind == CurveKind::kPairing) << curve.name;
  }
}

}  // namespace
}  // namespace gw
