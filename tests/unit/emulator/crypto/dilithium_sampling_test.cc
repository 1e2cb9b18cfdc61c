// Room: tests. Mirrors emulator/crypto/dilithium/{shake,sampling}.h: what comes out of the seeds,
// against the intermediate values of round 2. Round 3 has none; its key pairs and signatures show
// the same.
#include "emulator/crypto/dilithium/sampling.h"

#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/rounding.h"
#include "emulator/crypto/hash.h"
#include "emulator/crypto/lattice/shake.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

std::vector<std::int32_t> FirstEight(const Poly& poly) { return {poly.begin(), poly.begin() + 8}; }

std::string HashOfCoefficients(const PolyVec& vector) {
  Bytes octets;
  for (const Poly& poly : vector) {
    for (const std::int32_t x : poly) {
      for (unsigned shift = 0; shift < 32; shift += 8)
        octets.push_back(static_cast<Byte>(x >> shift));
    }
  }
  return HexOf(HashOnce(HashId::kSha256, octets));
}

// The seeds of a record, and the values that are expected of them.
struct Expanded {
  explicit Expanded(const nlohmann::json& record)
      : row(StrengthOfSet(record.at("set"))),
        kat(LoadRecord(record.at("set"), record.at("count"))),
        seed(KeySeed(row, kat.seed)),
        rhoprime(ByteView(seed).subspan(kRhoBytes, row.round.noise_seed_bytes)),
        expected(record.at("keygen")) {}

  const StrengthRow& row;
  const KatRecord kat;
  const Bytes seed;
  const ByteView rhoprime;
  const nlohmann::json expected;
};

class IntermediatesTest : public testing::TestWithParam<std::size_t> {
 protected:
  const Expanded given_{LoadJson("dilithium-r2-intermediates.json").at("records").at(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(All, IntermediatesTest, testing::Range(std::size_t{0}, std::size_t{5}));

TEST_P(IntermediatesTest, TheSeedFallsIntoThreeParts) {
  EXPECT_EQ(HexOf(ByteView(given_.seed).first(kRhoBytes)), given_.expected.at("rho"));
  EXPECT_EQ(HexOf(given_.rhoprime), given_.expected.at("rhoprime"));
  EXPECT_EQ(HexOf(ByteView(given_.seed).last(kKeyBytes)), given_.expected.at("key"));
}

TEST_P(IntermediatesTest, TheMatrixIsTheExpectedOne) {
  const PolyVec matrix = SampleMatrix(given_.row, ByteView(given_.seed).first(kRhoBytes));
  EXPECT_EQ(FirstEight(matrix.front()), given_.expected.at("A_0_0_first8"));
  EXPECT_EQ(FirstEight(matrix.back()), given_.expected.at("A_last_first8"));
  EXPECT_EQ(HashOfCoefficients(matrix), given_.expected.at("A_sha256_le32_rowmajor"));
}

TEST_P(IntermediatesTest, TheSecretsAreTheExpectedOnes) {
  const StrengthRow& row = given_.row;
  EXPECT_EQ(FirstEight(SampleSecret(row, given_.rhoprime, 0, row.l)[0]),
            given_.expected.at("s1_0_first8"));
  EXPECT_EQ(FirstEight(SampleSecret(row, given_.rhoprime, row.l, row.k)[0]),
            given_.expected.at("s2_0_first8"));
}

TEST(DilithiumShakeTest, GivesTheValuesOfFips202) {
  // The empty message.
  Bytes out(16);
  ShakeInto(Shake::k128, {}, out);
  EXPECT_EQ(HexOf(out), "7f9c2ba4e88f827d616045507605853e");
  EXPECT_EQ(HexOf(Shake256({}, 16)), "46b9dd2b0ba88d13233b3feb743eeb24");
}

TEST(DilithiumShakeTest, PartsAreOneMessage) {
  EXPECT_EQ(Shake256({ViewOf("ab"), {}, ViewOf("c")}, 40), Shake256({ViewOf("abc")}, 40));
}

TEST(DilithiumShakeTest, AStreamThatIsTooShortComesAgainAndLonger) {
  std::vector<std::size_t> sizes;
  ReadStream(Shake::k256, {ViewOf("abc")}, 3, [&](ByteView stream) {
    const WipedBytes expected = Shake256({ViewOf("abc")}, stream.size());
    EXPECT_TRUE(Equal(stream, expected));
    sizes.push_back(stream.size());
    return stream.size() > 10;
  });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 6, 12}));
}

TEST(DilithiumSamplingTest, EverythingIsInItsRange) {
  const Bytes seed(64, 0x5a);
  for (const StrengthRow& row : StrengthTable()) {
    SCOPED_TRACE(row.name);
    EXPECT_FALSE(AnyReaches(SampleMatrix(row, ByteView(seed).first(kRhoBytes)), kQ));
    const PolyVec secret = SampleSecret(row, seed, 0, 50);
    EXPECT_FALSE(AnyReaches(secret, row.eta + 1));
    EXPECT_TRUE(AnyReaches(secret, row.eta));
    EXPECT_FALSE(AnyReaches(SampleMask(row, seed, 65535), row.gamma1 + 1));
  }
}

TEST(DilithiumSamplingTest, AChallengeHasItsWeight) {
  for (const StrengthRow& row : StrengthTable()) {
    for (Byte i = 0; i < 100; ++i) {
      std::size_t weight = 0;
      const Bytes seed(32, i);
      for (const std::int32_t x : SampleChallenge(row, seed, {})) {
        EXPECT_LE(x * x, 1);
        weight += x != 0 ? 1 : 0;
      }
      EXPECT_EQ(weight, row.tau) << row.name;
    }
  }
}

}  // namespace
}  // namespace gw::emulator::dilithium
