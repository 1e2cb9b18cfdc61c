// Room: tests. Mirrors emulator/crypto/dilithium/{key,scheme}.h: the known-answer tests, record by
// record and as complete files by their published hashes.
#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/scheme.h"
#include "emulator/crypto/hash.h"
#include "emulator/crypto/lattice/shake.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

class KatTest : public testing::TestWithParam<const char*> {
 protected:
  const StrengthRow& row_ = StrengthOfSet(GetParam());
  const std::vector<KatRecord> records_ = LoadKat(GetParam());
};

INSTANTIATE_TEST_SUITE_P(All, KatTest, testing::ValuesIn(kKatSets),
                         [](const auto& set) { return TestNameOf(set.param); });

TEST_P(KatTest, TheSeedGivesTheKeyPair) {
  for (const KatRecord& record : records_) {
    SCOPED_TRACE(record.count);
    const PrivateKey key = PrivateKey::FromSeed(row_, KeySeed(row_, record.seed));
    EXPECT_EQ(HexOf(key.public_key().raw()), HexOf(record.public_key));
    EXPECT_EQ(HexOf(key.raw()), HexOf(record.private_key));
  }
}

TEST_P(KatTest, SigningIsDeterministicAndGivesTheSignature) {
  for (const KatRecord& record : records_) {
    SCOPED_TRACE(record.count);
    const Result<PrivateKey> key = PrivateKey::FromRaw(row_, record.private_key);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(HexOf(Sign(*key, record.message)), HexOf(record.signature));
  }
}

TEST_P(KatTest, ThePublicKeyVerifiesTheSignature) {
  for (const KatRecord& record : records_) {
    SCOPED_TRACE(record.count);
    const Result<PublicKey> key = PublicKey::FromRaw(row_, record.public_key);
    ASSERT_TRUE(key.ok());
    EXPECT_TRUE(Verify(*key, record.message, record.signature).ok());
  }
}

// A file of the competition as its generator writes it, from one fixed seed.
struct CompleteFile {
  const char* strength;
  const char* title;  // first lines
  std::size_t records;
  const char* end;  // of a record
  const char* sha256;
};

void PrintTo(const CompleteFile& file, std::ostream* out) { *out << file.strength; }

constexpr CompleteFile kCompleteFiles[] = {
    // The submission to round 2 and the reference code of round 3.
    {"round 2 (6,5)", "# Dilithium4\n\n", 100, "\n",
     "4c2e6d7c8675e9345e3ab7036a4e9fb786549d242462ba9b68f58db94e84147a"},
    {"round 3 (4,4)", "# Dilithium2\n\n", 100, "\n",
     "38ed991c5ca11e39ab23945ca37af89e059d16c5474bf8ba96b15cb4e948af2a"},
    {"round 3 (6,5)", "# Dilithium3\n\n", 100, "\n",
     "8196b32212753f525346201ffec1c7a0a852596fa0b57bd4e2746231dab44d55"},
    {"round 3 (8,7)", "# Dilithium5\n\n", 100, "\n",
     "7ded97a6e6c809b43b54c248171d7504fa6a0cab651bf288bb00034782667481"},
    // PQClean's nistkat of dilithium3 and dilithium4 at round 2: the first record.
    {"round 2 (5,4)", "", 1, "",
     "900268789819cc81b03e6384d97336b7bc700a5a9ffd5d3c993deacb6fe7f5b6"},
    {"round 2 (6,5)", "", 1, "",
     "87844f967b4340d60dc4d83aac0f1d3a244fa8f9490017f72fd4969bba168f88"},
};

std::string Upper(ByteView bytes) {
  std::string hex = HexOf(bytes);
  std::ranges::transform(hex, hex.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return hex;
}

std::string RecordText(const StrengthRow& row, std::size_t count, ByteView seed, ByteView message) {
  const PrivateKey key = PrivateKey::FromSeed(row, KeySeed(row, seed));
  Bytes sm = Sign(key, message);
  EXPECT_TRUE(Verify(key.public_key(), message, sm).ok());
  Append(sm, message);
  return "count = " + std::to_string(count) + "\nseed = " + Upper(seed) +
         "\nmlen = " + std::to_string(message.size()) + "\nmsg = " + Upper(message) +
         "\npk = " + Upper(key.public_key().raw()) + "\nsk = " + Upper(key.raw()) +
         "\nsmlen = " + std::to_string(sm.size()) + "\nsm = " + Upper(sm) + "\n";
}

std::string FileText(const CompleteFile& file) {
  Bytes entropy(48);
  for (std::size_t i = 0; i < entropy.size(); ++i) entropy[i] = static_cast<Byte>(i);
  KatRandom random(entropy);
  std::string text = file.title;
  for (std::size_t count = 0; count < file.records; ++count) {
    const Bytes seed = random.Draw(48);
    const Bytes message = random.Draw(33 * (count + 1));
    text += RecordText(StrengthNamed(file.strength), count, seed, message) + file.end;
  }
  return text;
}

class CompleteKatTest : public testing::TestWithParam<CompleteFile> {};

INSTANTIATE_TEST_SUITE_P(All, CompleteKatTest, testing::ValuesIn(kCompleteFiles),
                         [](const auto& file) {
                           return TestNameOf(file.param.strength) + "x" +
                                  std::to_string(file.param.records);
                         });

TEST_P(CompleteKatTest, HasThePublishedHash) {
  EXPECT_EQ(HexOf(HashOnce(HashId::kSha256, ViewOf(FileText(GetParam())))), GetParam().sha256);
}

// IBM's chained tests of round 2 (mlca, KAT/*/PQCsignKAT_*_ck_full): the seed of each record is a
// hash of the one before, the message comes from the generator of the key. Published is the hash of
// the last record.
struct Chain {
  const char* strength;
  const char* end;
};

void PrintTo(const Chain& chain, std::ostream* out) { *out << chain.strength; }

constexpr Chain kChains[] = {
    {"round 2 (5,4)",
     "895d2dcd13e629896dc8ffb72eb4e026c7a3a440c6326df3ff7de4defccf58e4b33e90b5b5acff4166a2cc835afbd"
     "f"
     "80"},
    {"round 2 (6,5)",
     "eee2e9bb4ad04e024d8654d9d8b3cd677dcb5b0997e0fbfc3eb4bb77d4c7d2c9971e23507ea304cdee1c2a1dada39"
     "7"
     "6c"},
    {"round 2 (8,7)",
     "ed755e97408ca0d3c0f914484ec4580ea671d2d5b7a10d42ba8ed47b92c5e8a0ba9739a8b9610f4f1bdec89283eaa"
     "9"
     "a2"},
};

// The seed that follows record `count`.
WipedBytes NextSeed(const StrengthRow& row, ByteView seed, std::size_t count) {
  KatRandom random(seed);
  const PrivateKey key = PrivateKey::FromSeed(row, random.Draw(row.round.seed_bytes));
  const Bytes message = random.Draw(33 * (count + 1));
  const Bytes signature = Sign(key, message);
  EXPECT_TRUE(Verify(key.public_key(), message, signature).ok());
  return Shake256({message, key.public_key().raw(), key.raw(), signature, message}, 48);
}

class ChainedKatTest : public testing::TestWithParam<Chain> {};

INSTANTIATE_TEST_SUITE_P(All, ChainedKatTest, testing::ValuesIn(kChains),
                         [](const auto& chain) { return TestNameOf(chain.param.strength); });

TEST_P(ChainedKatTest, EndsInThePublishedHash) {
  const Bytes first = LoadRecord("dilithium-r2-87-chained", 0).seed;
  WipedBytes seed(first.begin(), first.end());
  for (std::size_t count = 0; count < 100; ++count) {
    seed = NextSeed(StrengthNamed(GetParam().strength), seed, count);
  }
  EXPECT_EQ(HexOf(seed), GetParam().end);
}

}  // namespace
}  // namespace gw::emulator::dilithium
