// Tests for daemon/keystore/sqlite_keystore.h: octets of the file that changed by themselves. What
// is damaged is refused and named, whole files or single rows; nothing wrong is taken for right,
// nothing goes missing without a word, and what is refused is left as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

constexpr int kRecords = 60;
constexpr std::size_t kPageBytes = 4096;

class SqliteDamageTest : public testing::Test {
 protected:
  SqliteDamageTest() {
    const auto keystore = OpenAt(directory_.path());
    Mutation mutation;
    for (int i = 0; i < kRecords; ++i) {
      mutation.puts.push_back(MakeRecord("record " + std::to_string(i)));
      mutation.puts.back().key.octets.assign(static_cast<std::size_t>(i) * 50, 0x5a);
    }
    mutation.settings["slot.4.label"] = CopyOf("token");
    mutation.request = RequestOf(1);
    EXPECT_TRUE(CommitNow(*keystore, std::move(mutation)).ok());
    records_ = keystore->Load()->records;
  }

  // Changes 1 to 16 octets somewhere in `content`; every other time where a page begins, since that
  // is where the structure is.
  void Damage(std::string& content) {
    const std::size_t length = 1 + chance_() % 16;
    std::size_t offset = chance_() % (content.size() - length);
    if (chance_() % 2 == 0) offset = offset / kPageBytes * kPageBytes + chance_() % 32;
    for (std::size_t i = offset; i < offset + length; ++i) {
      content[i] = static_cast<char>(content[i] ^ static_cast<char>(1 + chance_() % 255));
    }
  }

  bool IsOneOfOurs(const Record& record) const {
    return std::ranges::any_of(records_, [&](const Record& ours) {
      return ours.number == record.number && ours.keystore == record.keystore &&
             ours.attributes == record.attributes && ours.key.octets == record.key.octets &&
             ours.version == record.version;
    });
  }

  // What the next daemon makes of the damaged file.
  void Look(const TempDirectory& damaged) {
    const auto before = FilesIn(damaged);
    const auto opened = OpenSqliteKeystore(OptionsFor(damaged.path()));
    if (!opened.ok()) {
      ++refused_files_;
      EXPECT_EQ(RvOf(opened), CKR_DEVICE_ERROR);
      EXPECT_THAT(DetailOf(opened), testing::HasSubstr("keystore"));
      EXPECT_TRUE(FilesIn(damaged) == before) << "a file was changed: " << DetailOf(opened);
      return;
    }
    const auto contents = (*opened)->Load();
    if (!contents.ok()) return;
    for (const Record& record : contents->records) EXPECT_TRUE(IsOneOfOurs(record));
    if (!contents->refused.empty()) ++refused_rows_;
    if (contents->refused.empty()) {
      EXPECT_EQ(contents->records.size(), records_.size());
      EXPECT_EQ(contents->settings.size(), 1u);
      EXPECT_NE((*opened)->AnswerTo(RequestOf(1)), nullptr);
    }
    EXPECT_TRUE(CommitNow(**opened, PutOf(MakeRecord("new"))).ok()) << "the rest works";
  }

  const TempDirectory directory_;
  const unsigned seed_ = SeedOfTest();
  std::minstd_rand chance_{seed_};
  std::vector<Record> records_;
  int refused_files_ = 0;
  int refused_rows_ = 0;
};

TEST_F(SqliteDamageTest, IsNamedAndNothingWrongIsTakenForRight) {
  SCOPED_TRACE("GW_SEED=" + std::to_string(seed_));
  const std::string intact = ReadFile(directory_.database());
  constexpr int kRounds = 120;
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    const TempDirectory damaged;
    std::filesystem::copy_file(directory_.key(), damaged.key());
    std::string content = intact;
    Damage(content);
    WriteFile(damaged.database(), content);
    SCOPED_TRACE("round " + std::to_string(round));
    Look(damaged);
  }
  EXPECT_GT(refused_files_, 0);
  EXPECT_GT(refused_rows_, 0);
  std::printf("%d files damaged: %d refused, %d with refused rows, GW_SEED=%u\n", kRounds,
              refused_files_, refused_rows_, seed_);
}

}  // namespace
}  // namespace gw
