// Room: tests. Mirrors emulator/crypto/kyber/{key,scheme}.h: the known-answer tests.
#include <gtest/gtest.h>

#include "emulator/crypto/hash.h"
#include "emulator/crypto/kyber/scheme.h"
#include "tests/unit/emulator/crypto/kyber/vectors.h"
#include "tests/unit/emulator/support/kat_random.h"

namespace gw::emulator::kyber {
namespace {

class KyberKatTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ASSERT_EQ(records_.size(), 8U); }

  const StrengthRow& row_ = StrengthNamed(GetParam());
  const std::vector<KatRecord> records_ = LoadKat(GetParam());
};

INSTANTIATE_TEST_SUITE_P(All, KyberKatTest, testing::ValuesIn(kStrengths),
                         [](const auto& strength) { return std::string(strength.param); });

// Drawn in two steps, as the reference does; each step moves the generator on.
Bytes KeySeed(KatRandom& random) {
  Bytes seed = random.Draw(32);
  Append(seed, random.Draw(32));
  return seed;
}

TEST_P(KyberKatTest, TheSeedGivesTheKeyPairAndTheCiphertext) {
  for (const KatRecord& record : records_) {
    SCOPED_TRACE(record.count);
    KatRandom random(record.seed);
    const PrivateKey key = PrivateKey::FromSeed(row_, KeySeed(random));
    EXPECT_EQ(HexOf(key.public_key().raw()), HexOf(record.public_key));
    EXPECT_EQ(HexOf(key.raw()), HexOf(record.private_key));
    const Encapsulated made = EncapsulateFrom(key.public_key(), random.Draw(32));
    EXPECT_EQ(HexOf(made.ciphertext), HexOf(record.ciphertext));
    EXPECT_EQ(HexOf(made.secret.view()), HexOf(record.secret));
  }
}

TEST_P(KyberKatTest, ThePrivateKeyTakesTheSecretOut) {
  for (const KatRecord& record : records_) {
    SCOPED_TRACE(record.count);
    const Result<PrivateKey> key = PrivateKey::FromRaw(row_, record.private_key);
    ASSERT_TRUE(key.ok());
    const Result<SecretBytes> secret = Decapsulate(*key, record.ciphertext);
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(HexOf(secret->view()), HexOf(record.secret));
  }
}

std::string Upper(ByteView bytes) {
  std::string hex = HexOf(bytes);
  std::ranges::transform(hex, hex.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return hex;
}

// The first record of the competition's file as PQClean's nistkat of kyber768 and kyber1024 at
// round 2 prints it; its hash is published there.
TEST_P(KyberKatTest, TheFirstRecordHasThePublishedHash) {
  Bytes entropy(48);
  for (std::size_t i = 0; i < entropy.size(); ++i) entropy[i] = static_cast<Byte>(i);
  const Bytes seed = KatRandom(entropy).Draw(48);
  KatRandom random(seed);
  const PrivateKey key = PrivateKey::FromSeed(row_, KeySeed(random));
  const Encapsulated made = EncapsulateFrom(key.public_key(), random.Draw(32));
  const std::string text = "count = 0\nseed = " + Upper(seed) +
                           "\npk = " + Upper(key.public_key().raw()) +
                           "\nsk = " + Upper(key.raw()) + "\nct = " + Upper(made.ciphertext) +
                           "\nss = " + Upper(made.secret.view()) + "\n";
  EXPECT_EQ(HexOf(HashOnce(HashId::kSha256, ViewOf(text))),
            row_.k == 3 ? "d6dbb9399d1ba4ee2d986de3e54a461256b91d6c2f9b90ad2410cf41e09b64d1"
                        : "b4b4fc1c2cbbb182252d2822ccb8cb704bcfe876122635c5dfa48ddc09b6e73f");
}

}  // namespace
}  // namespace gw::emulator::kyber
