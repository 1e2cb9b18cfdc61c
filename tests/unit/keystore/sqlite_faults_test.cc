// Tests for daemon/keystore/sqlite_keystore.h: what goes wrong, and that it goes right again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/unit/keystore/faulty_vfs.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteFaultsTest : public testing::Test {
 protected:
  SqliteFaultsTest() {
    SqliteOptions options = OptionsFor(directory_.path());
    options.vfs = faulty::Vfs();
    options.busy_timeout = std::chrono::milliseconds(50);
    auto opened = OpenSqliteKeystore(options);
    EXPECT_TRUE(opened.ok()) << DetailOf(opened);
    keystore_ = *std::move(opened);
    EXPECT_TRUE(CommitNow(*keystore_, PutOf(MakeRecord("before"))).ok());
  }
  ~SqliteFaultsTest() override {
    faulty::FailWrites(0);
    faulty::FailSyncs(0);
  }

  CommitAnswer Put(std::string_view label) {
    return CommitNow(*keystore_, PutOf(MakeRecord(label)));
  }
  std::vector<std::string> LabelsAfterReopening() {
    keystore_.reset();
    keystore_ = OpenAt(directory_.path());
    return LabelsIn(*keystore_);
  }

  TempDirectory directory_;
  std::unique_ptr<Keystore> keystore_;
};

TEST_F(SqliteFaultsTest, FullDiskIsDeviceMemoryAndRecovers) {
  faulty::FailWrites(SQLITE_FULL);
  const auto answer = Put("lost");
  EXPECT_EQ(RvOf(answer), CKR_DEVICE_MEMORY);
  EXPECT_THAT(DetailOf(answer), HasSubstr("free space"));
  EXPECT_EQ(RvOf(Put("lost too")), CKR_DEVICE_MEMORY);
  faulty::FailWrites(0);
  EXPECT_TRUE(Put("after").ok());
  EXPECT_THAT(LabelsIn(*keystore_), ElementsAre("before", "after"));
  EXPECT_THAT(LabelsAfterReopening(), ElementsAre("before", "after"));
}

struct DiskError {
  const char* name;
  int code;
  const char* advice;
};

class SqliteDiskErrorTest : public SqliteFaultsTest,
                            public testing::WithParamInterface<DiskError> {};

INSTANTIATE_TEST_SUITE_P(Codes, SqliteDiskErrorTest,
                         testing::Values(DiskError{"Write", SQLITE_IOERR_WRITE, "kernel log"},
                                         DiskError{"ReadOnly", SQLITE_READONLY, "read-only"},
                                         DiskError{"Corrupt", SQLITE_CORRUPT,
                                                   "restore the last backup"}),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

TEST_P(SqliteDiskErrorTest, IsDeviceErrorAndRecovers) {
  faulty::FailWrites(GetParam().code);
  for (int i = 0; i < 3; ++i) {
    const auto answer = Put("lost");
    EXPECT_EQ(RvOf(answer), CKR_DEVICE_ERROR);
    EXPECT_THAT(DetailOf(answer), HasSubstr(GetParam().advice));
  }
  faulty::FailWrites(0);
  EXPECT_TRUE(Put("after").ok());
  EXPECT_THAT(LabelsAfterReopening(), ElementsAre("before", "after"));
}

TEST_F(SqliteFaultsTest, FailedSyncIsNotAcknowledgedAndRecovers) {
  faulty::FailSyncs(SQLITE_IOERR_FSYNC);
  EXPECT_EQ(RvOf(Put("not known")), CKR_DEVICE_ERROR);
  faulty::FailSyncs(0);
  EXPECT_TRUE(Put("after").ok());
  const auto labels = LabelsAfterReopening();
  EXPECT_THAT(labels, testing::Contains("before"));
  EXPECT_THAT(labels, testing::Contains("after"));
}

TEST_F(SqliteFaultsTest, LockedDatabaseIsDeviceErrorWithinTheTimeoutAndRecovers) {
  OtherProgram other(directory_.database());
  ASSERT_EQ(other.Run("BEGIN IMMEDIATE"), SQLITE_OK);
  const auto start = std::chrono::steady_clock::now();
  const auto answer = Put("lost");
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(RvOf(answer), CKR_DEVICE_ERROR);
  EXPECT_THAT(DetailOf(answer), HasSubstr("another program holds"));
  EXPECT_GE(took, std::chrono::milliseconds(40)) << "it did wait";
  EXPECT_LT(took, std::chrono::seconds(5));
  ASSERT_EQ(other.Run("COMMIT"), SQLITE_OK);
  EXPECT_TRUE(Put("after").ok());
  EXPECT_THAT(LabelsIn(*keystore_), ElementsAre("before", "after"));
}

TEST_F(SqliteFaultsTest, ReadersDoNotDisturb) {
  OtherProgram reader(directory_.database());
  ASSERT_EQ(reader.Run("BEGIN; SELECT * FROM object"), SQLITE_OK);
  EXPECT_TRUE(Put("one").ok());
  EXPECT_EQ(reader.Ask("SELECT count(*) FROM object"), "1") << "its own snapshot";
  EXPECT_TRUE(Put("two").ok());
  ASSERT_EQ(reader.Run("COMMIT"), SQLITE_OK);
  EXPECT_EQ(reader.Ask("SELECT count(*) FROM object"), "3");
}

TEST_F(SqliteFaultsTest, MovedDatabaseIsNotWrittenToAndWorksWhenItIsBack) {
  std::filesystem::rename(directory_.database(), directory_.File("away"));
  const auto answer = Put("lost");
  EXPECT_EQ(RvOf(answer), CKR_DEVICE_ERROR);
  EXPECT_THAT(DetailOf(answer), HasSubstr("moved or removed"));
  EXPECT_FALSE(std::filesystem::exists(directory_.database())) << "no new one is made";
  std::filesystem::rename(directory_.File("away"), directory_.database());
  EXPECT_TRUE(Put("after").ok());
  EXPECT_THAT(LabelsIn(*keystore_), ElementsAre("before", "after"));
}

TEST_F(SqliteFaultsTest, SchemaDestroyedByHandIsAnErrorNotACrash) {
  OtherProgram hand(directory_.database());
  ASSERT_EQ(hand.Run("DROP TABLE object"), SQLITE_OK);
  EXPECT_EQ(RvOf(Put("lost")), CKR_DEVICE_ERROR);
  EXPECT_EQ(RvOf(Put("lost")), CKR_DEVICE_ERROR);
  EXPECT_EQ(RvOf(keystore_->Load()), CKR_DEVICE_ERROR);
}

// A real limit of the kernel: writes beyond it fail with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t octets) {
    getrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit = before_;
    limit.rlim_cur = octets;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(SqliteSpaceTest, OneThatDoesNotFitLeavesTheOthersOfItsBatchAlone) {
  const TempDirectory directory;
  SqliteOptions options = OptionsFor(directory.path());
  options.busy_timeout = std::chrono::seconds(60);
  auto opened = OpenSqliteKeystore(options);
  ASSERT_TRUE(opened.ok());
  Record huge = MakeRecord("huge");
  huge.key.octets.assign(6u << 20, 0x5a);
  OtherProgram other(directory.database());
  ASSERT_EQ(other.Run("BEGIN IMMEDIATE"), SQLITE_OK);
  boost::asio::io_context loop{1};
  std::vector<std::optional<CommitAnswer>> answers(4);
  const std::vector<Record> records = {MakeRecord("opener"), MakeRecord("a"), huge,
                                       MakeRecord("b")};
  for (std::size_t i = 0; i < records.size(); ++i) {
    boost::asio::co_spawn(loop, AwaitCommit(opened->get(), PutOf(records[i]), &answers[i]),
                          boost::asio::detached);
  }
  loop.poll();
  {
    const FileSizeLimit limit(2u << 20);
    ASSERT_EQ(other.Run("ROLLBACK"), SQLITE_OK);
    loop.run();
  }
  EXPECT_EQ(RvOf(*answers[0]), CKR_OK);
  EXPECT_EQ(RvOf(*answers[1]), CKR_OK);
  EXPECT_EQ(RvOf(*answers[2]), CKR_DEVICE_MEMORY);
  EXPECT_EQ(RvOf(*answers[3]), CKR_OK);
  EXPECT_THAT(LabelsIn(**opened), ElementsAre("opener", "a", "b"));
  EXPECT_TRUE(CommitNow(**opened, PutOf(huge)).ok()) << "there is space again";
  EXPECT_THAT(LabelsIn(**opened), ElementsAre("opener", "a", "b", "huge"));
}

TEST(SqliteSpaceTest, NoSpaceForANewKeystoreIsSaid) {
  const TempDirectory directory;
  const FileSizeLimit limit(16);
  const auto opened = OpenSqliteKeystore(OptionsFor(directory.path()));
  EXPECT_FALSE(opened.ok());
  EXPECT_FALSE(std::filesystem::exists(directory.key())) << "no half of a key";
}

// A file system of one megabyte; only root may have one.
class SmallDisk {
 public:
  SmallDisk() {
    mounted_ = mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=1m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(directory_.path().c_str());
  }
  bool mounted() const { return mounted_; }
  std::string state() const { return directory_.File("state"); }

  // To the last octet.
  void Fill() {
    std::ofstream filler(directory_.File("filler"), std::ios::binary);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), 4096).flush()) {
    }
  }
  void Free() { std::filesystem::remove(directory_.File("filler")); }

 private:
  TempDirectory directory_;
  bool mounted_ = false;
};

TEST(SqliteSpaceTest, FullFileSystemIsDeviceMemoryAndRecovers) {
  SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "only root may mount";
  auto keystore = OpenAt(disk.state());
  ASSERT_NE(keystore, nullptr);
  ASSERT_TRUE(CommitNow(*keystore, Once(PutOf(MakeRecord("before")), RequestOf(1))).ok());
  disk.Fill();
  // The log has some room left from before.
  std::vector<std::string> stored = {"before"};
  CommitAnswer answer = RecordNumbers{};
  for (std::uint64_t i = 2; answer.ok() && i < 1000; ++i) {
    answer = CommitNow(*keystore, Once(PutOf(MakeRecord("full")), RequestOf(i)));
    if (answer.ok()) stored.push_back("full");
  }
  EXPECT_EQ(RvOf(answer), CKR_DEVICE_MEMORY);
  EXPECT_THAT(DetailOf(answer), HasSubstr("free space"));
  EXPECT_EQ(LabelsIn(*keystore), stored);
  disk.Free();
  ASSERT_TRUE(CommitNow(*keystore, PutOf(MakeRecord("after"))).ok());
  stored.push_back("after");
  EXPECT_EQ(LabelsIn(*keystore), stored);
  keystore = nullptr;
  keystore = OpenAt(disk.state());
  EXPECT_EQ(LabelsIn(*keystore), stored);
}

TEST(SqliteSpaceTest, StartOnAFullFileSystemSaysSoAndChangesNothing) {
  SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "only root may mount";
  ASSERT_TRUE(CommitNow(*OpenAt(disk.state()), PutOf(MakeRecord("before"))).ok());
  const std::string before = ReadFile(disk.state() + "/keystore.db");
  disk.Fill();
  const auto opened = OpenSqliteKeystore(OptionsFor(disk.state()));
  EXPECT_EQ(RvOf(opened), CKR_DEVICE_MEMORY);
  EXPECT_THAT(DetailOf(opened), HasSubstr("free space"));
  EXPECT_TRUE(ReadFile(disk.state() + "/keystore.db") == before);
  disk.Free();
  EXPECT_THAT(LabelsIn(*OpenAt(disk.state())), ElementsAre("before"));
}

}  // namespace
}  // namespace gw
