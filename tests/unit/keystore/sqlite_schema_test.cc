// Tests for daemon/keystore/sqlite_schema.h, through OpenSqliteKeystore: which files are taken, and
// that the others are left as they are.
#include "daemon/keystore/sqlite_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/core/attribute_codec.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Opens and expects a refusal that leaves the files as they were, octet for octet.
std::string RefusalAt(const TempDirectory& directory) {
  const auto before = FilesIn(directory);
  const auto opened = OpenSqliteKeystore(OptionsFor(directory.path()));
  EXPECT_EQ(RvOf(opened), CKR_DEVICE_ERROR);
  EXPECT_TRUE(FilesIn(directory) == before) << "a file was changed";
  return DetailOf(opened);
}

// A keystore of `count` records, closed.
void Fill(const TempDirectory& directory, int count) {
  const auto keystore = OpenAt(directory.path());
  ASSERT_NE(keystore, nullptr);
  Mutation mutation;
  for (int i = 0; i < count; ++i) mutation.puts.push_back(MakeRecord("r" + std::to_string(i)));
  ASSERT_TRUE(CommitNow(*keystore, std::move(mutation)).ok());
}

void Overwrite(const std::string& path, std::size_t offset, std::string_view octets) {
  std::string content = ReadFile(path);
  content.replace(offset, octets.size(), octets);
  WriteFile(path, content);
}

TEST(SqliteSchemaTest, NewFileSaysWhatItIs) {
  const TempDirectory directory;
  Fill(directory, 1);
  OtherProgram reader(directory.database());
  EXPECT_EQ(reader.Ask("PRAGMA application_id"), std::to_string(0x47573131));
  EXPECT_EQ(reader.Ask("PRAGMA user_version"), "4");
  EXPECT_EQ(reader.Ask("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(reader.Ask("PRAGMA integrity_check"), "ok");
}

TEST(SqliteSchemaTest, GarbageIsRefused) {
  for (const std::size_t size : {1u, 100u, 4096u, 20000u}) {
    const TempDirectory directory;
    WriteFile(directory.database(), std::string(size, 'x'));
    WriteFile(directory.key(), std::string(32, 'k'));
    EXPECT_THAT(RefusalAt(directory), HasSubstr("restore the last backup")) << size;
  }
}

TEST(SqliteSchemaTest, DamagedPageIsRefused) {
  const TempDirectory directory;
  Fill(directory, 500);
  const std::size_t size = ReadFile(directory.database()).size();
  ASSERT_GT(size, 20u * 4096);
  Overwrite(directory.database(), 12 * 4096, std::string(4096, '\xa5'));
  EXPECT_THAT(RefusalAt(directory), HasSubstr("damaged"));
}

TEST(SqliteSchemaTest, TruncatedFileIsRefused) {
  const TempDirectory directory;
  Fill(directory, 500);
  const std::string content = ReadFile(directory.database());
  WriteFile(directory.database(), std::string_view(content).substr(0, content.size() / 2));
  EXPECT_THAT(RefusalAt(directory), HasSubstr("damaged"));
}

// With a log that was never brought into the file, as after a kill.
TEST(SqliteSchemaTest, DamagedFileWithALogIsNotTouched) {
  const TempDirectory source;
  const TempDirectory directory;
  Fill(source, 500);
  const auto keystore = OpenAt(source.path());
  ASSERT_TRUE(CommitNow(*keystore, PutOf(MakeRecord("in the log"))).ok());
  for (const char* name : {"keystore.db", "keystore.db-wal", "keystore.key"}) {
    std::filesystem::copy_file(source.File(name), directory.File(name));
  }
  Overwrite(directory.database(), 12 * 4096, std::string(4096, '\xa5'));
  ASSERT_FALSE(ReadFile(directory.File("keystore.db-wal")).empty());
  EXPECT_THAT(RefusalAt(directory), HasSubstr("damaged"));
}

TEST(SqliteSchemaTest, DatabaseOfAnotherProgramIsRefused) {
  const TempDirectory directory;
  {
    OtherProgram other(directory.database());
    ASSERT_EQ(other.Run("CREATE TABLE mail (text)"), SQLITE_OK);
  }
  std::filesystem::permissions(directory.database(), std::filesystem::perms(0600));
  WriteFile(directory.key(), std::string(32, 'k'));
  EXPECT_THAT(RefusalAt(directory), HasSubstr("another program"));
}

TEST(SqliteSchemaTest, NewerSchemaIsRefused) {
  const TempDirectory directory;
  Fill(directory, 1);
  {
    OtherProgram other(directory.database());
    ASSERT_EQ(other.Run("PRAGMA user_version = 5"), SQLITE_OK);
  }
  EXPECT_THAT(RefusalAt(directory), HasSubstr("schema version 5"));
}

TEST(SqliteSchemaTest, KeyOfAnotherKeystoreIsRefused) {
  const TempDirectory directory;
  Fill(directory, 1);
  WriteFile(directory.key(), std::string(32, 'k'));
  EXPECT_THAT(RefusalAt(directory), HasSubstr("does not belong"));
}

TEST(SqliteSchemaTest, MissingKeyIsRefused) {
  const TempDirectory directory;
  Fill(directory, 1);
  std::filesystem::remove(directory.key());
  EXPECT_THAT(RefusalAt(directory), HasSubstr("keystore.key is missing"));
}

TEST(SqliteSchemaTest, LostKeyCheckIsRefused) {
  const TempDirectory directory;
  Fill(directory, 1);
  {
    OtherProgram hand(directory.database());
    ASSERT_EQ(hand.Run("DELETE FROM meta"), SQLITE_OK);
  }
  EXPECT_THAT(RefusalAt(directory), HasSubstr("key check"));
}

TEST(SqliteSchemaTest, LockedFileIsRefusedWithinTheTimeout) {
  const TempDirectory directory;
  Fill(directory, 1);
  OtherProgram other(directory.database());
  // Leaves the log and takes the whole file.
  ASSERT_EQ(other.Run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM object"),
            SQLITE_OK);
  SqliteOptions options = OptionsFor(directory.path());
  options.busy_timeout = std::chrono::milliseconds(50);
  const auto opened = OpenSqliteKeystore(options);
  EXPECT_EQ(RvOf(opened), CKR_DEVICE_ERROR);
  EXPECT_THAT(DetailOf(opened), HasSubstr("another program holds"));
}

// The check of a large file is cut off; what matters is read by Load in any case.
TEST(SqliteSchemaTest, CheckOfTheStructureIsBounded) {
  const TempDirectory directory;
  Fill(directory, 2000);
  SqliteOptions options = OptionsFor(directory.path());
  options.check_time = std::chrono::milliseconds(0);
  const auto opened = OpenSqliteKeystore(options);
  ASSERT_TRUE(opened.ok()) << DetailOf(opened);
  EXPECT_EQ((*opened)->Load()->records.size(), 2000u);
}

TEST(SqliteSchemaTest, BackupByTheSqliteToolIsAKeystore) {
  const TempDirectory directory;
  const TempDirectory restored;
  Fill(directory, 3);
  const auto running = OpenAt(directory.path());
  {
    OtherProgram tool(directory.database());
    ASSERT_EQ(tool.Run("VACUUM INTO '" + restored.database() + "'"), SQLITE_OK);
  }
  std::filesystem::permissions(restored.database(), std::filesystem::perms(0600));
  std::filesystem::copy_file(directory.key(), restored.key());
  const auto keystore = OpenSqliteKeystore(OptionsFor(restored.path()));
  ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
  EXPECT_THAT(LabelsIn(**keystore), ElementsAre("r0", "r1", "r2"));
}

// --- migrations ---

// A file of schema version 1 as the first version wrote it, with one object. Frozen: text, octets
// and tags, so that a change of the format is noticed. The keystore key is 32 octets 'k'.
constexpr const char* kVersion1 =
    "CREATE TABLE object ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  keystore TEXT NOT NULL,"
    "  class INTEGER NOT NULL,"
    "  key_type INTEGER,"
    "  label BLOB,"
    "  id BLOB,"
    "  unique_id BLOB,"
    "  attributes BLOB NOT NULL,"
    "  key_blob BLOB NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  tag BLOB NOT NULL,"
    "  created INTEGER NOT NULL,"
    "  modified INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX object_keystore ON object (keystore);"
    "CREATE TABLE meta ("
    "  name TEXT PRIMARY KEY,"
    "  value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('key_check', "
    "x'aea5ef66a46acdb9767368185ac66aeb2fef9633daf18e4fc70b86aced74a0e5');"
    "INSERT INTO object VALUES (5, '11111111-2222-3333-4444-555555555555', 3, 3, x'6f6c64', "
    "x'010203',"
    "  NULL, x'000000040000000000000000000000080000000000000003000000000000000300000003"
    "6f6c64000000000000010000000008000000000000000300000000000001020000000301"
    "0203', x'626c6f62206f66206f6c64', 1, "
    "x'2c9878361f221b6b64102a19276e681800971b82e974513b055ae02bf6b49c25', 1000, 1000);"
    "PRAGMA application_id = 1196896561;"
    "PRAGMA user_version = 1;"
    "PRAGMA journal_mode = WAL;";

// What version 2 added, as the program of that version left it, with one setting: the value 01 of
// "slot.4.label". Frozen like the above.
constexpr const char* kVersion2 =
    "CREATE TABLE setting ("
    "  name TEXT PRIMARY KEY,"
    "  value BLOB NOT NULL,"
    "  tag BLOB NOT NULL,"
    "  modified INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO setting VALUES ('slot.4.label', x'01', "
    "x'740833d2b155c9ce5583a69624b3baa28a29dbf55dca701b0546ee02e755050e', 1000);"
    "PRAGMA user_version = 2;";

void MakeFile(const TempDirectory& directory, std::initializer_list<const char*> versions) {
  WriteFile(directory.key(), std::string(32, 'k'));
  {
    OtherProgram first(directory.database());
    for (const char* version : versions) ASSERT_EQ(first.Run(version), SQLITE_OK);
  }
  std::filesystem::permissions(directory.database(), std::filesystem::perms(0600));
}

void MakeVersion1(const TempDirectory& directory) { MakeFile(directory, {kVersion1}); }

TEST(SqliteMigrationTest, Version1IsBroughtUpToDate) {
  const TempDirectory directory;
  MakeVersion1(directory);
  const auto keystore = OpenSqliteKeystore(OptionsFor(directory.path()));
  ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
  const auto contents = (*keystore)->Load();
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->refused, ElementsAre());
  ASSERT_EQ(contents->records.size(), 1u);
  EXPECT_EQ(contents->records[0].number, 5u);
  EXPECT_EQ(contents->records[0].attributes, MakeRecord("old").attributes);
  EXPECT_EQ(TextOf(contents->records[0].key.octets), "blob of old");
  EXPECT_TRUE(CommitNow(**keystore, SettingOf("a", Bytes{1})).ok());
  EXPECT_EQ(CommitNow(**keystore, PutOf(MakeRecord("new")))->front(), 6u);
  OtherProgram reader(directory.database());
  EXPECT_EQ(reader.Ask("PRAGMA user_version"), std::to_string(sqlite::CurrentSchemaVersion()));
}

TEST(SqliteMigrationTest, Version2KeepsItsRowsAndRemembersRequests) {
  const TempDirectory directory;
  MakeFile(directory, {kVersion1, kVersion2});
  auto keystore = OpenAt(directory.path());
  ASSERT_NE(keystore, nullptr);
  const auto contents = keystore->Load();
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->refused, ElementsAre());
  EXPECT_EQ(contents->settings.at("slot.4.label"), Bytes{1});
  EXPECT_THAT(LabelsIn(*keystore), ElementsAre("old"));
  EXPECT_EQ(CommitNow(*keystore, Once(PutOf(MakeRecord("new")), RequestOf(1)))->front(), 6u);
  keystore.reset();
  keystore = OpenAt(directory.path());
  EXPECT_THAT(LabelsIn(*keystore), ElementsAre("old", "new"));
  ASSERT_NE(keystore->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_THAT(keystore->AnswerTo(RequestOf(1))->inserted, ElementsAre(6));
  OtherProgram reader(directory.database());
  EXPECT_EQ(reader.Ask("PRAGMA user_version"), std::to_string(sqlite::CurrentSchemaVersion()));
}

TEST(SqliteMigrationTest, FailedMigrationLeavesTheOldVersion) {
  const TempDirectory directory;
  MakeVersion1(directory);
  {
    OtherProgram hand(directory.database());
    // Stands in the way of the table that version 2 adds.
    ASSERT_EQ(hand.Run("CREATE TABLE setting (x)"), SQLITE_OK);
  }
  EXPECT_EQ(RvOf(OpenSqliteKeystore(OptionsFor(directory.path()))), CKR_DEVICE_ERROR);
  OtherProgram hand(directory.database());
  EXPECT_EQ(hand.Ask("PRAGMA user_version"), "1");
  ASSERT_EQ(hand.Run("DROP TABLE setting"), SQLITE_OK);
  const auto keystore = OpenSqliteKeystore(OptionsFor(directory.path()));
  ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
  EXPECT_THAT(LabelsIn(**keystore), ElementsAre("old"));
}

}  // namespace
}  // namespace gw
