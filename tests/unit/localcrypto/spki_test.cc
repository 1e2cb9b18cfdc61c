// Tests for daemon/localcrypto/spki.h.
#include "daemon/localcrypto/spki.h"

#include <gtest/gtest.h>

#include "daemon/localcrypto/public_key.h"
#include "tests/unit/localcrypto/hex.h"
#include "tests/unit/localcrypto/keys.h"

namespace gw {
namespace {

CK_RV SplitRv(ByteView bytes) {
  const auto parts = SplitSpki(bytes);
  return parts.ok() ? CKR_OK : parts.error().rv;
}

TEST(SpkiTest, RsaIsTakenApartAsItWasJoined) {
  const Bytes spki = JoinRsaSpki(FromHex(kModulus1024), FromHex("010001"));
  const auto parts = SplitSpki(spki);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->curve, nullptr);
  EXPECT_EQ(HexOf(parts->modulus), kModulus1024);
  EXPECT_EQ(HexOf(parts->exponent), "010001");
  EXPECT_EQ(parts->whole.size(), spki.size());
}

TEST(SpkiTest, LengthIsThatOfTheFirstSequence) {
  const Bytes spki = P256Spki();
  Bytes with_trailer = spki;
  Append(with_trailer, FromHex("0410000102030405060708090a0b0c0d0e0f"));
  EXPECT_EQ(SpkiLength(with_trailer), spki.size());
  EXPECT_EQ(SpkiLength({}), 0u);
  EXPECT_EQ(SpkiLength(ByteView(spki).first(spki.size() - 1)), 0u);
  EXPECT_EQ(SpkiLength(FromHex("0400")), 0u);
}

TEST(SpkiTest, EveryTruncationIsRefused) {
  for (const Bytes& spki : {P256Spki(), JoinRsaSpki(FromHex(kModulus1024), FromHex("03"))}) {
    for (std::size_t size = 0; size < spki.size(); ++size) {
      EXPECT_EQ(SplitRv(ByteView(spki).first(size)), CKR_DEVICE_ERROR) << size;
    }
  }
}

// Each element of the structure, spoilt by hand.
TEST(SpkiTest, EveryBrokenElementIsRefused) {
  const std::string_view cases[] = {
      "3000",                                                        // empty
      "30023000",                                                    // no bit string
      "3006300003020001",                                            // no algorithm, left over
      "30123009060728ce3d02010101030500040102",                      // unknown OID shape
      "3013300d06092a864886f70d010101050003020030",                  // RSA key truncated
      "301b300d06092a864886f70d0101010500030a003007020103020103ff",  // left over in the bits
      "301a300d06092a864886f70d01010105000309003006020183020103",    // negative modulus
      "3019300d06092a864886f70d010101050103080030050201030201",      // parameters not NULL
  };
  for (const std::string_view hex : cases) EXPECT_NE(SplitRv(FromHex(hex)), CKR_OK) << hex;
}

TEST(SpkiTest, AbsentRsaParametersAreTolerated) {
  const Bytes key = FromHex("3006020123020103");
  Bytes spki = FromHex("3018300b06092a864886f70d010101030900");
  Append(spki, key);
  EXPECT_EQ(SplitRv(spki), CKR_OK);
}

TEST(SpkiTest, OtherAlgorithmsAndCurvesAreNamed) {
  // RFC 8410 form of Ed25519: the algorithm itself is the curve.
  Bytes ed25519 = FromHex("302a300506032b6570032100");
  ed25519.resize(ed25519.size() + 32);
  EXPECT_EQ(SplitRv(ed25519), CKR_KEY_TYPE_INCONSISTENT);
  // sect163k1, 1.3.132.0.1.
  EXPECT_EQ(SplitRv(FromHex("3017301006072a8648ce3d020106052b8104000103030004ff")),
            CKR_CURVE_NOT_SUPPORTED);
}

TEST(SpkiTest, EdwardsKeysOfTheHsmAreTakenApart) {
  // GREP11 reference 4.1: id-ecPublicKey with the curve as parameter.
  Bytes spki = FromHex("3033300e06072a8648ce3d020106032b6570032100");
  spki.resize(spki.size() + 32, 0x11);
  spki[1] = 0x33;
  const auto parts = SplitSpki(spki);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->curve->name, "ed25519");
  EXPECT_EQ(parts->point.size(), 32u);
}

TEST(SpkiTest, LatticeKeysAreTakenApartByTheirStrength) {
  // Kyber round 2 768; what is in the bits is the HSM's.
  const Bytes spki = FromHex("3014300f060b2b0601040102820b0503030500030100");
  const auto parts = SplitSpki(spki);
  ASSERT_TRUE(parts.ok()) << parts.error().detail;
  EXPECT_EQ(parts->strength, FindLatticeStrength(FromHex("060b2b0601040102820b050303")));
  EXPECT_EQ(parts->curve, nullptr);
  const auto key = PublicKey::Parse(spki);
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE((*key)->is_rsa());
  EXPECT_FALSE((*key)->computes_here());
  EXPECT_EQ(SplitRv(FromHex("3012300d060b2b0601040102820b050303030100")), CKR_DEVICE_ERROR)
      << "no NULL";
}

TEST(SpkiTest, BareCurvesAreJoinedByRfc8410) {
  const Bytes point(32, 0x11);
  const Curve& curve = *FindCurve(ViewOf("ed25519"));
  EXPECT_EQ(HexOf(JoinBareSpki(curve, point)), "302a300506032b6570032100" + HexOf(point));
  const auto key = PublicKey::Parse(JoinEcSpki(curve, point));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->StandardSpki(), JoinBareSpki(curve, point));
  EXPECT_EQ((*PublicKey::Parse(P256Spki()))->StandardSpki(), P256Spki());
}

}  // namespace
}  // namespace gw
