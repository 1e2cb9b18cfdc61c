// Tests for daemon/keystore/sqlite_keystore.h: an acknowledged record survives everything.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "tests/unit/keystore/faulty_vfs.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

// A writer process and the pipe it acknowledges through.
class CrashWriter {
 public:
  explicit CrashWriter(const std::string& directory) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
    std::string program = GW_CRASH_WRITER;
    std::string argument = directory;
    std::array<char*, 3> arguments{program.data(), argument.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, GW_CRASH_WRITER, &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    read_end_ = ends[0];
  }
  ~CrashWriter() { close(read_end_); }

  // The next acknowledged number; 0: the writer is gone.
  std::uint64_t Next() {
    std::uint64_t number = 0;
    return read(read_end_, &number, sizeof(number)) == sizeof(number) ? number : 0;
  }
  void Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << status;
  }

 private:
  pid_t pid_ = 0;
  int read_end_ = -1;
};

std::set<std::uint64_t> NumbersAt(const std::string& directory) {
  auto keystore = OpenSqliteKeystore(OptionsFor(directory));
  EXPECT_TRUE(keystore.ok()) << DetailOf(keystore);
  if (!keystore.ok()) return {};
  const auto contents = (*keystore)->Load();
  EXPECT_TRUE(contents.ok()) << DetailOf(contents);
  if (!contents.ok()) return {};
  EXPECT_TRUE(contents->refused.empty());
  std::set<std::uint64_t> numbers;
  for (const Record& record : contents->records) numbers.insert(record.number);
  return numbers;
}

TEST(SqliteCrashTest, KilledWriterLosesNothingItAcknowledged) {
  const TempDirectory directory;
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::minstd_rand chance(seed);
  std::set<std::uint64_t> acknowledged;
  for (int round = 0; round < 12; ++round) {
    CrashWriter writer(directory.path());
    const auto count = 1 + chance() % 150;
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t number = writer.Next();
      ASSERT_NE(number, 0u) << "round " << round;
      EXPECT_TRUE(acknowledged.insert(number).second) << number << " was given twice";
    }
    writer.Kill();
    while (const std::uint64_t number = writer.Next()) {
      EXPECT_TRUE(acknowledged.insert(number).second) << number << " was given twice";
    }
    const auto stored = NumbersAt(directory.path());
    for (const std::uint64_t number : acknowledged) {
      ASSERT_TRUE(stored.contains(number)) << "lost object " << number << " in round " << round;
    }
  }
}

// Commits until told to stop, and keeps what was acknowledged.
class BackgroundWriter {
 public:
  explicit BackgroundWriter(Keystore& keystore) : keystore_(keystore) {
    thread_ = std::thread([this] { Run(); });
  }
  ~BackgroundWriter() { Stop(); }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t acknowledged() const { return acknowledged_; }
  int failures() const { return failures_; }

 private:
  void Run() {
    for (int i = 0; !stop_; ++i) {
      const auto answer = CommitNow(keystore_, PutOf(MakeRecord("record " + std::to_string(i))));
      // Numbers rise by one here, so the highest says it all.
      if (answer.ok()) acknowledged_ = answer->front();
      if (!answer.ok()) ++failures_;
    }
  }

  Keystore& keystore_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<int> failures_ = 0;
  std::thread thread_;
};

TEST(SqliteCrashTest, PowerCutLosesNothingThatWasAcknowledged) {
  const TempDirectory directory;
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::minstd_rand chance(seed);
  SqliteOptions options = OptionsFor(directory.path());
  options.vfs = faulty::Vfs();
  auto keystore = OpenSqliteKeystore(options);
  ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
  BackgroundWriter writer(**keystore);
  std::uint64_t seen = 0;
  for (int cut = 0; cut < 30; ++cut) {
    while (writer.acknowledged() == seen) std::this_thread::yield();
    const TempDirectory image;
    const std::uint64_t acknowledged = seen = writer.acknowledged();
    faulty::PowerCut(directory.path(), image.path(), chance);
    const auto stored = NumbersAt(image.path());
    for (std::uint64_t number = 1; number <= acknowledged; ++number) {
      ASSERT_TRUE(stored.contains(number)) << "lost object " << number << " in cut " << cut;
    }
  }
  writer.Stop();
  EXPECT_EQ(writer.failures(), 0);
}

// The test above has to be able to fail: without syncs, a cut does lose records.
TEST(SqliteCrashTest, PowerCutNoticesUnsyncedWrites) {
  const TempDirectory directory;
  const TempDirectory image;
  std::minstd_rand chance(1);
  SqliteOptions options = OptionsFor(directory.path());
  options.vfs = faulty::Vfs();
  auto keystore = OpenSqliteKeystore(options);
  ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
  ASSERT_TRUE(CommitNow(**keystore, PutOf(MakeRecord("synced"))).ok());
  sqlite3* db = nullptr;
  ASSERT_EQ(
      sqlite3_open_v2(directory.database().c_str(), &db, SQLITE_OPEN_READWRITE, faulty::Vfs()),
      SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA synchronous = OFF; UPDATE object SET version = 9", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  bool lost = false;
  for (int cut = 0; cut < 20 && !lost; ++cut) {
    faulty::PowerCut(directory.path(), image.path(), chance);
    OtherProgram reader(image.database());
    lost = reader.Ask("SELECT version FROM object") == "1";
    std::filesystem::remove(image.File("keystore.db-wal"));
  }
  sqlite3_close(db);
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace gw
