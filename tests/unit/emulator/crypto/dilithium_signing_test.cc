// Room: tests. Mirrors emulator/crypto/dilithium/{attempt,scheme}.h: each attempt of a signature
// against the intermediate values of round 2, the rare ways a signature can take, and random ones.
#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/attempt.h"
#include "emulator/crypto/dilithium/rounding.h"
#include "emulator/crypto/dilithium/sampling.h"
#include "emulator/crypto/dilithium/scheme.h"
#include "emulator/crypto/dilithium/signature.h"
#include "emulator/crypto/hash.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

using Json = nlohmann::json;

std::vector<std::int32_t> FirstEight(const Poly& poly) { return {poly.begin(), poly.begin() + 8}; }

// [position, coefficient] of the first eight that are not zero.
Json FirstOnes(const Poly& poly) {
  Json ones = Json::array();
  for (std::size_t n = 0; n < kCoefficients && ones.size() < 8; ++n) {
    if (poly[n] != 0) ones.push_back({n, poly[n]});
  }
  return ones;
}

std::string ResultText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccepted:
      return "accept";
    case Verdict::kLowPart:
      return "reject:low-bits(w - c*s2) norm";
    case Verdict::kZ:
      return "reject:z norm";
    case Verdict::kT0:
      return "reject:c*t0 norm";
    case Verdict::kHints:
      return "reject:hint count";
  }
  return "";
}

PrivateKey KeyOf(const std::string& set, std::size_t count) {
  Result<PrivateKey> key =
      PrivateKey::FromRaw(StrengthOfSet(set), LoadRecord(set, count).private_key);
  EXPECT_TRUE(key.ok());
  return *std::move(key);
}

class AttemptsTest : public testing::TestWithParam<std::size_t> {
 protected:
  const Json record_ = LoadJson("dilithium-r2-intermediates.json").at("records").at(GetParam());
  const Json& expected_ = record_.at("sign");
  const KatRecord kat_ = LoadRecord(record_.at("set"), record_.at("count"));
  const PrivateKey key_ = KeyOf(record_.at("set"), kat_.count);
  const StrengthRow& row_ = key_.strength();
  const WipedBytes mu_ = Shake256({key_.public_key().tr(), kat_.message}, row_.round.mu_bytes);
  const WipedBytes rhoprime_ = Shake256({key_.key(), mu_}, row_.round.mu_bytes);
};

INSTANTIATE_TEST_SUITE_P(All, AttemptsTest, testing::Range(std::size_t{0}, std::size_t{5}));

TEST_P(AttemptsTest, TheHashesAreTheExpectedOnes) {
  EXPECT_EQ(HexOf(key_.public_key().tr()), record_.at("keygen").at("tr"));
  EXPECT_EQ(HexOf(mu_), expected_.at("mu"));
  EXPECT_EQ(HexOf(rhoprime_), expected_.at("rhoprime_crh_key_mu"));
  const auto sha256 = [](ByteView bytes) { return HexOf(HashOnce(HashId::kSha256, bytes)); };
  EXPECT_EQ(sha256(key_.public_key().raw()), record_.at("pk_sha256"));
  EXPECT_EQ(sha256(key_.raw()), record_.at("sk_sha256"));
  const Bytes signature = Sign(key_, kat_.message);
  EXPECT_EQ(sha256(signature), expected_.at("sig_sha256"));
  EXPECT_EQ(HexOf(ByteView(signature).last(40)), expected_.at("challenge_encoding_last40"));
}

TEST_P(AttemptsTest, EachAttemptGoesTheExpectedWay) {
  const Json& iterations = expected_.at("iterations");
  for (std::size_t number = 0; number < iterations.size(); ++number) {
    SCOPED_TRACE(number);
    const Json& expected = iterations[number];
    EXPECT_EQ(number * row_.l, expected.at("nonce_start"));
    EXPECT_EQ(FirstEight(SampleMask(row_, rhoprime_, number * row_.l)[0]),
              expected.at("y_0_first8"));
    const Attempt attempt = TryToSign(key_, mu_, rhoprime_, number);
    EXPECT_EQ(HexOf(HashOnce(HashId::kSha256, attempt.high)), expected.at("w1_packed_sha256"));
    EXPECT_EQ(FirstOnes(attempt.challenge.poly), expected.at("c_first8_nonzero"));
    EXPECT_EQ(ResultText(attempt.verdict), expected.at("result"));
    EXPECT_EQ(attempt.verdict == Verdict::kAccepted, number + 1 == iterations.size());
    if (attempt.verdict != Verdict::kAccepted) continue;
    EXPECT_EQ(CountHints(attempt.hints), expected.at("hint_count"));
    EXPECT_EQ(FirstEight(attempt.z[0]), expected.at("z_0_first8"));
  }
}

TEST(DilithiumCornerTest, RareWaysLeadToTheExpectedSignature) {
  const PrivateKey key = KeyOf("dilithium-r2-65", 0);
  const Json vectors = LoadJson("dilithium-r2-65-corner.json").at("vectors");
  ASSERT_EQ(vectors.size(), 5U);
  for (const Json& vector : vectors) {
    SCOPED_TRACE(vector.at("note"));
    ASSERT_EQ(vector.at("key"), "count 0 of dilithium-r2-65.rsp");
    const Bytes message = BytesAt(vector, "msg");
    EXPECT_EQ(TextOf(message), vector.at("msg_ascii"));
    const Bytes signature = Sign(key, message);
    EXPECT_EQ(HexOf(signature), vector.at("sig"));
    EXPECT_TRUE(Verify(key.public_key(), message, signature).ok());
  }
}

TEST(DilithiumRandomizedTest, SignaturesOfRandomizedSignersVerify) {
  const Json vectors = LoadJson("dilithium-r2-randomized-verify.json").at("vectors");
  ASSERT_EQ(vectors.size(), 4U);
  for (const Json& vector : vectors) {
    const std::string set = vector.at("set");
    const Bytes raw = BytesAt(vector, "pk");
    const Result<PublicKey> key = PublicKey::FromRaw(StrengthOfSet(set), raw);
    ASSERT_TRUE(key.ok());
    const Bytes signature = BytesAt(vector, "sig");
    EXPECT_TRUE(Verify(*key, BytesAt(vector, "msg"), signature).ok());
    for (const KatRecord& record : LoadKat(set)) {
      EXPECT_NE(record.signature, signature);
    }
  }
}

Bytes SignWithSeed(const PrivateKey& key, ByteView message, ByteView rhoprime) {
  const StrengthRow& row = key.strength();
  const WipedBytes mu = Shake256({key.public_key().tr(), message}, row.round.mu_bytes);
  Attempt attempt;
  std::size_t number = 0;
  do {
    attempt = TryToSign(key, mu, rhoprime, number++);
  } while (attempt.verdict != Verdict::kAccepted);
  return PackSignature(row, {attempt.challenge.encoded, attempt.z, attempt.hints});
}

// The seed that a randomized signer draws is the next number of the record's generator.
TEST(DilithiumRandomizedTest, WithTheirSeedTheyComeOutTheSame) {
  std::size_t reproduced = 0;
  const Json vectors = LoadJson("dilithium-r2-randomized-verify.json").at("vectors");
  for (const Json& vector : vectors) {
    for (const KatRecord& record : LoadKat(vector.at("set"))) {
      if (record.public_key != BytesAt(vector, "pk")) continue;
      const PrivateKey key = KeyOf(vector.at("set"), record.count);
      KatRandom random(record.seed);
      random.Draw(key.strength().round.seed_bytes);
      const Bytes rhoprime = random.Draw(key.strength().round.mu_bytes);
      EXPECT_EQ(HexOf(SignWithSeed(key, BytesAt(vector, "msg"), rhoprime)), vector.at("sig"));
      ++reproduced;
    }
  }
  EXPECT_EQ(reproduced, 4U);
}

TEST(DilithiumRandomizedTest, OursDifferAndVerify) {
  for (const StrengthRow& row : StrengthTable()) {
    SCOPED_TRACE(row.name);
    const PrivateKey key = PrivateKey::Generate(row);
    const Bytes first = Sign(key, ViewOf("message"), Signing::kRandomized);
    const Bytes second = Sign(key, ViewOf("message"), Signing::kRandomized);
    EXPECT_NE(first, second);
    EXPECT_TRUE(Verify(key.public_key(), ViewOf("message"), first).ok());
    EXPECT_TRUE(Verify(key.public_key(), ViewOf("message"), second).ok());
    EXPECT_FALSE(Verify(PrivateKey::Generate(row).public_key(), ViewOf("message"), first).ok());
  }
}

TEST(DilithiumRandomizedTest, MessagesOfAnyLengthAreSigned) {
  const PrivateKey key = PrivateKey::Generate(StrengthNamed("round 2 (6,5)"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20}) {
    const Bytes message(size, 0x61);
    const Bytes signature = Sign(key, message);
    EXPECT_EQ(Sign(key, message), signature);
    EXPECT_TRUE(Verify(key.public_key(), message, signature).ok());
  }
}

}  // namespace
}  // namespace gw::emulator::dilithium
