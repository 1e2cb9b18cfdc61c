// Tests for daemon/keystore/sqlite_keystore.h: what the next daemon finds.
#include "daemon/keystore/sqlite_keystore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/keystore/faulty_vfs.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FixedClock : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return {}; }
  std::chrono::system_clock::time_point WallNow() const override {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(wall_ms));
  }
  std::int64_t wall_ms = 1'000;
};

TEST(SqliteKeystoreTest, RecordsAndSettingsAreThereAfterReopening) {
  const TempDirectory directory;
  {
    const auto keystore = OpenAt(directory.path());
    ASSERT_NE(keystore, nullptr);
    Mutation mutation;
    mutation.puts = {MakeRecord("one"), MakeRecord("two", kPublic)};
    mutation.settings["slot.4.label"] = CopyOf("token");
    ASSERT_TRUE(CommitNow(*keystore, std::move(mutation)).ok());
  }
  const auto keystore = OpenAt(directory.path());
  ASSERT_NE(keystore, nullptr);
  EXPECT_THAT(LabelsIn(*keystore), ElementsAre("one", "two"));
  EXPECT_EQ(keystore->Load()->settings.at("slot.4.label"), CopyOf("token"));
}

TEST(SqliteKeystoreTest, NumbersAreNotReusedAfterRemovalAndReopening) {
  const TempDirectory directory;
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    const auto keystore = OpenAt(directory.path());
    ASSERT_NE(keystore, nullptr);
    const auto numbers = CommitNow(*keystore, PutOf(MakeRecord("x")));
    ASSERT_TRUE(numbers.ok());
    EXPECT_GT(numbers->front(), last);
    last = numbers->front();
    Mutation mutation;
    if (round == 1) mutation.wipes = {kPrivate};
    mutation.removes = {last};
    ASSERT_TRUE(CommitNow(*keystore, std::move(mutation)).ok());
  }
}

TEST(SqliteKeystoreTest, NumbersOfAFailedMutationStayUsableAndInOrder) {
  const TempDirectory directory;
  const auto keystore = OpenAt(directory.path());
  Record stale = MakeRecord("stale");
  stale.number = 99;
  Mutation lost;
  lost.puts = {MakeRecord("a"), MakeRecord("b"), stale};
  std::vector<Mutation> mutations;
  mutations.push_back(std::move(lost));
  mutations.push_back(PutOf(MakeRecord("c")));
  const auto answers = CommitAll(*keystore, std::move(mutations));
  EXPECT_EQ(RvOf(answers[0]), CKR_DEVICE_ERROR);
  ASSERT_TRUE(answers[1].ok());
  EXPECT_THAT(LabelsIn(*keystore), ElementsAre("c"));
  EXPECT_EQ(keystore->Load()->records[0].number, answers[1]->front());
}

// What waits shares one sync, and each keeps its own answer.
TEST(SqliteKeystoreTest, WaitingMutationsShareOneTransaction) {
  const TempDirectory directory;
  SqliteOptions options = OptionsFor(directory.path());
  options.vfs = faulty::Vfs();
  options.busy_timeout = std::chrono::seconds(60);
  auto opened = OpenSqliteKeystore(options);
  ASSERT_TRUE(opened.ok()) << DetailOf(opened);
  Keystore& keystore = **opened;
  ASSERT_TRUE(CommitNow(keystore, PutOf(MakeRecord("first"))).ok());

  OtherProgram other(directory.database());
  ASSERT_EQ(other.Run("BEGIN IMMEDIATE"), SQLITE_OK);
  const int syncs_before = faulty::Syncs();
  boost::asio::io_context loop{1};
  constexpr std::size_t kCount = 200;
  std::vector<std::optional<CommitAnswer>> answers(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    Record record = MakeRecord("r" + std::to_string(i));
    if (i % 50 == 7) record.number = 1;  // with version 1 where 2 is due: a lost race
    boost::asio::co_spawn(loop, AwaitCommit(&keystore, PutOf(record), &answers[i]),
                          boost::asio::detached);
  }
  loop.poll();
  ASSERT_EQ(other.Run("ROLLBACK"), SQLITE_OK);
  loop.run();
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(answers[i].has_value());
    EXPECT_EQ(RvOf(*answers[i]), i % 50 == 7 ? CKR_DEVICE_ERROR : CKR_OK) << i;
  }
  // The one that was being tried and all the others: two transactions, some room for checkpoints.
  EXPECT_LE(faulty::Syncs() - syncs_before, 8);
  EXPECT_EQ(keystore.Load()->records.size(), 1 + kCount - 4);
}

TEST(SqliteKeystoreTest, StopFinishesWhatWasAccepted) {
  const TempDirectory directory;
  {
    auto keystore = OpenAt(directory.path());
    boost::asio::io_context loop{1};
    std::vector<std::optional<CommitAnswer>> answers(50);
    for (auto& answer : answers) {
      boost::asio::co_spawn(loop, AwaitCommit(keystore.get(), PutOf(MakeRecord("x")), &answer),
                            boost::asio::detached);
    }
    loop.poll();
    keystore->Stop();
    loop.run();
    for (const auto& answer : answers) EXPECT_TRUE(answer.has_value() && answer->ok());
    EXPECT_EQ(RvOf(CommitNow(*keystore, PutOf(MakeRecord("late")))), CKR_DEVICE_ERROR);
  }
  EXPECT_EQ(OpenAt(directory.path())->Load()->records.size(), 50u);
}

TEST(SqliteKeystoreTest, SeveralLoopsCommitAtOnce) {
  const TempDirectory directory;
  const auto keystore = OpenAt(directory.path());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) {
        EXPECT_TRUE(CommitNow(*keystore, PutOf(MakeRecord("x"))).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  keystore->Stop();
  EXPECT_EQ(keystore->Load()->records.size(), 100u);
}

TEST(SqliteKeystoreTest, TimesOfARowAreKept) {
  const TempDirectory directory;
  FixedClock clock;
  SqliteOptions options = OptionsFor(directory.path());
  options.clock = &clock;
  auto keystore = OpenSqliteKeystore(options);
  ASSERT_TRUE(keystore.ok());
  Record record = MakeRecord("one");
  record.number = CommitNow(**keystore, PutOf(record))->front();
  record.version = 2;
  clock.wall_ms = 2'000;
  ASSERT_TRUE(CommitNow(**keystore, PutOf(record)).ok());
  OtherProgram reader(directory.database());
  EXPECT_EQ(reader.Ask("SELECT created || ' ' || modified FROM object"), "1000 2000");
  EXPECT_THAT((*keystore)->Load()->refused, IsEmpty());
}

// What tools list and search by, without decoding anything.
TEST(SqliteKeystoreTest, ColumnsMirrorTheAttributes) {
  const TempDirectory directory;
  const auto keystore = OpenAt(directory.path());
  Record record = MakeRecord("one");
  record.attributes.SetText(CKA_UNIQUE_ID, "u-1");
  ASSERT_TRUE(CommitNow(*keystore, PutOf(record)).ok());
  OtherProgram reader(directory.database());
  EXPECT_EQ(
      reader.Ask("SELECT keystore || ' ' || class || ' ' || key_type || ' ' || label || ' ' ||"
                 " hex(id) || ' ' || unique_id || ' ' || version FROM object"),
      std::string(kPrivate) + " 3 3 one 010203 u-1 1");
}

TEST(SqliteKeystoreTest, DestroyedKeyLeavesNoTraceInTheFiles) {
  const TempDirectory directory;
  {
    const auto keystore = OpenAt(directory.path());
    Record record = MakeRecord("one");
    record.key.octets = CopyOf("PLANTED-KEY-BLOB-0123456789");
    const auto numbers = CommitNow(*keystore, PutOf(record));
    Mutation remove;
    remove.removes = {numbers->front()};
    ASSERT_TRUE(CommitNow(*keystore, std::move(remove)).ok());
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    EXPECT_EQ(ReadFile(entry.path()).find("PLANTED-KEY-BLOB"), std::string::npos) << entry.path();
  }
}

// --- rows changed by hand ---

struct Tampering {
  const char* name;
  const char* sql;
};

class TamperedRowTest : public testing::TestWithParam<Tampering> {};

INSTANTIATE_TEST_SUITE_P(
    Columns, TamperedRowTest,
    testing::Values(
        Tampering{"Keystore", "UPDATE object SET keystore = 'x' WHERE number = 2"},
        Tampering{"Class", "UPDATE object SET class = 2 WHERE number = 2"},
        Tampering{"KeyType", "UPDATE object SET key_type = NULL WHERE number = 2"},
        Tampering{"Label", "UPDATE object SET label = x'41' WHERE number = 2"},
        Tampering{"Id", "UPDATE object SET id = NULL WHERE number = 2"},
        Tampering{"UniqueId", "UPDATE object SET unique_id = x'41' WHERE number = 2"},
        Tampering{"Attributes",
                  "UPDATE object SET attributes = (SELECT attributes FROM object WHERE"
                  " number = 1) WHERE number = 2"},
        Tampering{"KeyBlob",
                  "UPDATE object SET key_blob = (SELECT key_blob FROM object WHERE"
                  " number = 1) WHERE number = 2"},
        Tampering{"Version", "UPDATE object SET version = 5 WHERE number = 2"},
        Tampering{"Created", "UPDATE object SET created = created - 1 WHERE number = 2"},
        Tampering{"Modified", "UPDATE object SET modified = modified + 1 WHERE number = 2"},
        Tampering{"Tag",
                  "UPDATE object SET tag = (SELECT tag FROM object WHERE number = 1)"
                  " WHERE number = 2"},
        Tampering{"EmptyTag", "UPDATE object SET tag = x'' WHERE number = 2"},
        Tampering{"Number", "UPDATE object SET number = 20 WHERE number = 2"}),
    [](const auto& chosen) { return std::string(chosen.param.name); });

TEST_P(TamperedRowTest, IsRefusedAndNamedAndTheOthersLoad) {
  const TempDirectory directory;
  {
    const auto keystore = OpenAt(directory.path());
    Mutation mutation;
    mutation.puts = {MakeRecord("one"), MakeRecord("two"), MakeRecord("three")};
    ASSERT_TRUE(CommitNow(*keystore, std::move(mutation)).ok());
  }
  OtherProgram hand(directory.database());
  ASSERT_EQ(hand.Run(GetParam().sql), SQLITE_OK);
  const auto keystore = OpenAt(directory.path());
  const auto contents = keystore->Load();
  ASSERT_TRUE(contents.ok());
  ASSERT_EQ(contents->records.size(), 2u);
  EXPECT_EQ(LabelOf(contents->records[0]), "one");
  EXPECT_EQ(LabelOf(contents->records[1]), "three");
  EXPECT_THAT(contents->refused, ElementsAre(HasSubstr("object 2")));
  EXPECT_EQ(hand.Ask("SELECT count(*) > 2 FROM object"), "1") << "left alone in the store";
}

TEST(SqliteKeystoreTest, RowMovedToAnotherKeystoreFileIsRefused) {
  const TempDirectory one;
  const TempDirectory two;
  ASSERT_TRUE(CommitNow(*OpenAt(one.path()), PutOf(MakeRecord("one"))).ok());
  ASSERT_TRUE(CommitNow(*OpenAt(two.path()), SettingOf("a", Bytes{1})).ok());
  OtherProgram hand(two.database());
  ASSERT_EQ(hand.Run("ATTACH '" + one.database() + "' AS one"), SQLITE_OK);
  ASSERT_EQ(hand.Run("INSERT INTO object SELECT * FROM one.object"), SQLITE_OK);
  const auto contents = OpenAt(two.path())->Load();
  EXPECT_THAT(contents->records, IsEmpty());
  EXPECT_THAT(contents->refused, ElementsAre(HasSubstr("integrity tag")));
}

TEST(SqliteKeystoreTest, TamperedSettingIsRefusedAndNamed) {
  const TempDirectory directory;
  {
    const auto keystore = OpenAt(directory.path());
    ASSERT_TRUE(CommitNow(*keystore, SettingOf("slot.4.so_pin", Bytes{1})).ok());
    ASSERT_TRUE(CommitNow(*keystore, SettingOf("slot.4.label", Bytes{2})).ok());
  }
  OtherProgram hand(directory.database());
  ASSERT_EQ(hand.Run("UPDATE setting SET value = x'03' WHERE name = 'slot.4.so_pin'"), SQLITE_OK);
  const auto contents = OpenAt(directory.path())->Load();
  EXPECT_EQ(contents->settings.size(), 1u);
  EXPECT_TRUE(contents->settings.contains("slot.4.label"));
  EXPECT_THAT(contents->refused, ElementsAre(HasSubstr("slot.4.so_pin")));
}

TEST(LookAtSqliteKeystoreTest, ReadsWhatADaemonIsUsingAndChangesNothing) {
  const TempDirectory directory;
  const auto keystore = OpenAt(directory.path());
  ASSERT_TRUE(CommitNow(*keystore, PutOf(MakeRecord("one"))).ok());
  const auto before = FilesIn(directory);
  const auto look = LookAtSqliteKeystore(OptionsFor(directory.path()));
  ASSERT_TRUE(look.ok()) << look.error().detail;
  EXPECT_FALSE(look->older_schema);
  ASSERT_EQ(look->contents.records.size(), 1u);
  EXPECT_EQ(LabelOf(look->contents.records[0]), "one");
  EXPECT_TRUE(FilesIn(directory) == before);
  EXPECT_TRUE(CommitNow(*keystore, PutOf(MakeRecord("two"))).ok());
}

TEST(LookAtSqliteKeystoreTest, NamesRowsThatWereEdited) {
  const TempDirectory directory;
  ASSERT_TRUE(CommitNow(*OpenAt(directory.path()), PutOf(MakeRecord("one"))).ok());
  OtherProgram hand(directory.database());
  ASSERT_EQ(hand.Run("UPDATE object SET label = x'78'"), SQLITE_OK);
  const auto look = LookAtSqliteKeystore(OptionsFor(directory.path()));
  ASSERT_TRUE(look.ok());
  EXPECT_THAT(look->contents.refused, ElementsAre(HasSubstr("object 1")));
}

TEST(LookAtSqliteKeystoreTest, MakesNothingWhereThereIsNone) {
  const TempDirectory directory;
  EXPECT_FALSE(HasSqliteKeystore(directory.path()));
  EXPECT_EQ(RvOf(LookAtSqliteKeystore(OptionsFor(directory.path()))), CKR_DEVICE_ERROR);
  EXPECT_EQ(RvOf(LookAtSqliteKeystore(OptionsFor(directory.File("sub")))), CKR_DEVICE_ERROR);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(LookAtSqliteKeystoreTest, RefusesWhatTheDaemonWouldRefuse) {
  const TempDirectory directory;
  ASSERT_TRUE(CommitNow(*OpenAt(directory.path()), PutOf(MakeRecord("one"))).ok());
  EXPECT_TRUE(HasSqliteKeystore(directory.path()));
  WriteFile(directory.key(), std::string(32, 'k'));
  const auto look = LookAtSqliteKeystore(OptionsFor(directory.path()));
  EXPECT_THAT(DetailOf(look), HasSubstr("does not belong"));
}

TEST(LookAtSqliteKeystoreTest, LeavesAnOlderSchemaForTheDaemon) {
  const TempDirectory directory;
  ASSERT_TRUE(CommitNow(*OpenAt(directory.path()), PutOf(MakeRecord("one"))).ok());
  OtherProgram hand(directory.database());
  ASSERT_EQ(hand.Run("PRAGMA user_version = 1"), SQLITE_OK);
  const auto look = LookAtSqliteKeystore(OptionsFor(directory.path()));
  ASSERT_TRUE(look.ok()) << look.error().detail;
  EXPECT_TRUE(look->older_schema);
  EXPECT_EQ(hand.Ask("PRAGMA user_version"), "1");
}

}  // namespace
}  // namespace gw
