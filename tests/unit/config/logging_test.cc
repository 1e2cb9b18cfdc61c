// Where log lines go and what they look like.
#include "daemon/config/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "daemon/core/log.h"

namespace gw {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class LoggingTest : public ::testing::Test {
 protected:
  LoggingTest() {
    unsetenv("JOURNAL_STREAM");
    std::string pattern = ::testing::TempDir() + "gw-log-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~LoggingTest() override {
    SetUpLogging({});
    std::filesystem::remove_all(directory_);
  }

  std::string path() const { return directory_ + "/grep11d.log"; }

  static std::string Content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  std::string directory_;
};

TEST_F(LoggingTest, ALineHasTimeLevelProcessAndThread) {
  SetUpLogging({LogLevel::kInfo, path()});
  log::Warn("disk {} full", 7);
  EXPECT_THAT(
      Content(path()),
      MatchesRegex("20[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9][0-9][0-9]Z warning " +
                   std::to_string(getpid()) + "/[0-9]+ disk 7 full\n"));
}

TEST_F(LoggingTest, TheFileIsAppendedToAndNotForEverybody) {
  SetUpLogging({LogLevel::kInfo, path()});
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0007, 0u);
  log::Info("one");
  SetUpLogging({LogLevel::kInfo, path()});
  log::Info("two");
  EXPECT_THAT(Content(path()), HasSubstr("one\n"));
  EXPECT_THAT(Content(path()), HasSubstr("two\n"));
}

struct LevelCase {
  LogLevel level;
  std::vector<std::string> shown;
};

TEST_F(LoggingTest, LevelsOfTheVendorLetThroughWhatTheyName) {
  const std::vector<LevelCase> cases = {
      {LogLevel::kFatal, {"fatal"}},
      {LogLevel::kError, {"fatal", "error"}},
      {LogLevel::kWarning, {"fatal", "error", "warning"}},
      {LogLevel::kInfo, {"fatal", "error", "warning", "info"}},
      {LogLevel::kDebug, {"fatal", "error", "warning", "info", "debug"}},
      {LogLevel::kTrace, {"fatal", "error", "warning", "info", "debug", "trace"}},
  };
  for (const LevelCase& one : cases) {
    std::filesystem::remove(path());
    SetUpLogging({one.level, path()});
    log::Critical("x");
    log::Error("x");
    log::Warn("x");
    log::Info("x");
    log::Debug("x");
    spdlog::trace("x");
    std::istringstream lines(Content(path()));
    std::vector<std::string> shown;
    std::string time, level, ids, text;
    while (lines >> time >> level >> ids >> text) shown.push_back(level);
    EXPECT_EQ(shown, one.shown);
  }
}

TEST_F(LoggingTest, ControlCharactersCannotMakeLinesOfTheirOwn) {
  SetUpLogging({LogLevel::kInfo, path()});
  log::Info("label {}", "a\nb\r\x1b[31m\x7f caf\xc3\xa9");
  EXPECT_THAT(Content(path()), HasSubstr("label a\\nb\\x0d\\x1b[31m\\x7f caf\xc3\xa9\n"));
}

TEST_F(LoggingTest, WithoutAFileLinesGoToStandardError) {
  ::testing::internal::CaptureStderr();
  SetUpLogging({});
  log::Error("no file");
  const std::string out = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(out, MatchesRegex("20.*Z error [0-9]+/[0-9]+ no file\n"));
}

TEST_F(LoggingTest, UnderSystemdLinesCarryTheirPriority) {
  ::testing::internal::CaptureStderr();
  struct stat info {};
  ASSERT_EQ(fstat(STDERR_FILENO, &info), 0);
  const std::string stream = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  setenv("JOURNAL_STREAM", stream.c_str(), 1);
  SetUpLogging({LogLevel::kTrace, ""});
  log::Critical("a");
  log::Error("b");
  log::Warn("c");
  log::Info("d");
  log::Debug("e");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "<2>a\n<3>b\n<4>c\n<6>d\n<7>e\n");
}

TEST_F(LoggingTest, AnInheritedJournalStreamOfSomebodyElseIsNotBelieved) {
  ::testing::internal::CaptureStderr();
  setenv("JOURNAL_STREAM", "1:2", 1);
  SetUpLogging({});
  log::Error("b");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), MatchesRegex("20.* error .* b\n"));
}

TEST_F(LoggingTest, AFileThatCannotBeOpenedIsSaidAndStandardErrorIsUsed) {
  ::testing::internal::CaptureStderr();
  SetUpLogging({LogLevel::kWarning, directory_ + "/none/grep11d.log"});
  log::Error("goes on");
  const std::string out = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(out, HasSubstr("none/grep11d.log: No such file or directory; logging to standard "
                             "error instead"));
  EXPECT_THAT(out, HasSubstr("goes on\n"));
}

TEST_F(LoggingTest, AFullDiskSendsTheLineToStandardError) {
  ::testing::internal::CaptureStderr();
  SetUpLogging({LogLevel::kWarning, "/dev/full"});
  log::Error("not lost");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("not lost\n"));
}

TEST_F(LoggingTest, APipeThatNobodyReadsDoesNotHoldUpTheDaemon) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  ::testing::internal::CaptureStderr();
  SetUpLogging({LogLevel::kWarning, path()});
  log::Error("goes on");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("goes on\n"));
}

TEST_F(LoggingTest, ReopenFollowsARotatedFile) {
  SetUpLogging({LogLevel::kInfo, path()});
  log::Info("before");
  std::filesystem::rename(path(), path() + ".1");
  log::Info("between");
  ReopenLog();
  log::Info("after");
  EXPECT_THAT(Content(path() + ".1"), HasSubstr("between\n"));
  EXPECT_THAT(Content(path() + ".1"), Not(HasSubstr("after")));
  EXPECT_THAT(Content(path()), HasSubstr("after\n"));
}

TEST_F(LoggingTest, AReopenThatFailsKeepsTheOldFile) {
  SetUpLogging({LogLevel::kInfo, path()});
  std::filesystem::rename(directory_, directory_ + ".moved");
  ReopenLog();
  log::Info("after");
  std::filesystem::rename(directory_ + ".moved", directory_);
  EXPECT_THAT(Content(path()), HasSubstr("cannot be opened again: No such file or directory"));
  EXPECT_THAT(Content(path()), HasSubstr("after\n"));
}

TEST_F(LoggingTest, ReopenTakesUpAFileThatCouldNotBeOpenedAtFirst) {
  const std::string late = directory_ + "/late/grep11d.log";
  ::testing::internal::CaptureStderr();
  SetUpLogging({LogLevel::kInfo, late});
  std::filesystem::create_directory(directory_ + "/late");
  ReopenLog();
  log::Info("after");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("after")));
  EXPECT_THAT(Content(late), HasSubstr("after\n"));
}

TEST_F(LoggingTest, ReopenWithoutAFileDoesNothing) {
  ::testing::internal::CaptureStderr();
  SetUpLogging({});
  ReopenLog();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST_F(LoggingTest, ThreadsMayLogWhileTheTargetChanges) {
  constexpr int kLines = 500;
  SetUpLogging({LogLevel::kInfo, path()});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int line = 0; line < kLines; ++line) log::Info("line");
    });
  }
  for (int i = 0; i < 50; ++i) i % 2 == 0 ? ReopenLog() : SetUpLogging({LogLevel::kInfo, path()});
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(Content(path()));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_THAT(line, HasSubstr(" line"));
  EXPECT_EQ(count, 4 * kLines);
}

}  // namespace
}  // namespace gw
