// Tests for daemon/keystore/sqlite_keystore.h: a writer is killed at random instants, and the next
// one finds everything that was acknowledged and no half of anything. Power loss:
// power_loss_test.cc.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <map>
#include <random>

#include "tests/unit/keystore/crash_writer.h"

namespace gw {
namespace {

using testing::SizeIs;

// A writer process and the pipe it acknowledges through.
class CrashWriter {
 public:
  CrashWriter(const std::string& directory, Byte application) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
    std::string program = GW_CRASH_WRITER;
    std::string where = directory;
    std::string who = std::to_string(application);
    std::array<char*, 4> arguments{program.data(), where.data(), who.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, GW_CRASH_WRITER, &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    read_end_ = ends[0];
  }
  ~CrashWriter() { close(read_end_); }

  // nullopt: the writer is gone.
  std::optional<Acknowledgement> Next() {
    Acknowledgement done;
    return read(read_end_, &done, sizeof(done)) == sizeof(done) ? std::optional(done)
                                                                : std::nullopt;
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

// Acknowledged changes of one writer: request -> first number.
using Acknowledged = std::map<std::uint64_t, std::uint64_t>;

class SqliteCrashTest : public testing::Test {
 protected:
  SqliteCrashTest() : seed_(SeedOfTest()), chance_(seed_) {}

  // Lets a writer work for a random while and kills it.
  Acknowledged KillOne(Byte application) {
    CrashWriter writer(directory_.path(), application);
    Acknowledged acknowledged;
    // Some are killed at their first steps, before or while they make or recover the file.
    const auto count = chance_() % 4 == 0 ? 0 : chance_() % 120;
    while (acknowledged.size() < count) {
      const auto done = writer.Next();
      if (!done) break;
      acknowledged[done->request] = done->number;
    }
    const timespec a_little{0, static_cast<long>(chance_() % 20'000'000)};
    nanosleep(&a_little, nullptr);
    writer.Kill();
    while (const auto done = writer.Next()) acknowledged[done->request] = done->number;
    return acknowledged;
  }

  // What one writer left: nothing acknowledged is lost, and a request, its records and its setting
  // are there together, once.
  void Check(Keystore& keystore, const KeystoreContents& contents, Byte application,
             const Acknowledged& acknowledged) {
    std::map<std::string, std::vector<std::uint64_t>> numbers;
    for (const Record& record : contents.records) {
      numbers[LabelOf(record)].push_back(record.number);
    }
    for (const auto& [request, number] : acknowledged) {
      const FirstAnswer* answer = keystore.AnswerTo(RequestOf(request, application));
      ASSERT_NE(answer, nullptr) << "lost request " << request;
      ASSERT_THAT(answer->inserted, SizeIs(2));
      ASSERT_EQ(answer->inserted[0], number);
    }
    const std::uint64_t beyond = acknowledged.empty() ? 100 : acknowledged.rbegin()->first + 100;
    for (std::uint64_t request = 0; request < beyond; ++request) {
      const Mutation mutation = CrashMutation(application, request);
      const std::string name = LabelOf(mutation.puts[0]);
      const FirstAnswer* answer = keystore.AnswerTo(*mutation.request);
      const auto expected = answer == nullptr ? std::vector<std::uint64_t>{} : answer->inserted;
      ASSERT_EQ(numbers[name], expected) << name;
      ASSERT_EQ(contents.settings.contains(name), answer != nullptr) << name;
    }
  }

  // What a shim does whose reply was lost.
  void Repeat(Keystore& keystore, Byte application, const Acknowledged& acknowledged) {
    if (acknowledged.empty()) return;
    const auto& [request, number] = *acknowledged.rbegin();
    const auto repeat = CommitNow(keystore, CrashMutation(application, request));
    ASSERT_TRUE(repeat.ok()) << DetailOf(repeat);
    EXPECT_EQ(repeat->front(), number);
  }

  const TempDirectory directory_;
  const unsigned seed_;
  std::minstd_rand chance_;
};

TEST_F(SqliteCrashTest, KilledWriterLosesNothingItAcknowledgedAndLeavesNoHalves) {
  SCOPED_TRACE("GW_SEED=" + std::to_string(seed_));
  std::vector<Acknowledged> writers;
  std::size_t count = 0;
  for (Byte round = 0; round < 15; ++round) {
    writers.push_back(KillOne(round));
    count += writers.back().size();
    auto keystore = OpenSqliteKeystore(OptionsFor(directory_.path()));
    ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
    const auto contents = (*keystore)->Load();
    ASSERT_TRUE(contents.ok()) << DetailOf(contents);
    ASSERT_THAT(contents->refused, SizeIs(0));
    for (Byte writer = 0; writer <= round; ++writer) {
      ASSERT_NO_FATAL_FAILURE(Check(**keystore, *contents, writer, writers[writer]));
    }
    ASSERT_NO_FATAL_FAILURE(Repeat(**keystore, round, writers[round]));
    EXPECT_EQ((*keystore)->Load()->records.size(), contents->records.size());
  }
  EXPECT_GT(count, 0u);
  std::printf("15 kills, %zu acknowledged changes, GW_SEED=%u\n", count, seed_);
}

}  // namespace
}  // namespace gw
