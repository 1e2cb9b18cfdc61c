// Processes: that they start together, that their work adds up, and that one which fails, dies or
// hangs ends nothing else.
#include "bench/load/crew.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "tests/unit/bench/fake_target.h"

namespace gw::bench {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CK_RV Succeed() { return CKR_OK; }

// Sleeps until a signal kills the process.
CK_RV Hang() {
  for (;;) pause();
}

std::unique_ptr<Totals> TotalsOf(const Board& board) {
  auto totals = std::make_unique<Totals>();
  board.AddUp(*totals);
  return totals;
}

TEST(CrewTest, ProcessesAndThreadsDoExactlyTheCount) {
  Options options = SmallRun();
  options.processes = 3;
  options.threads = 2;
  options.count = 1001;
  Board board(3, 6);
  Crew crew(options, board, TargetThat(Succeed));
  ASSERT_TRUE(crew.Launch());
  crew.Begin();
  EXPECT_EQ(crew.AwaitEnd([] {}), RunEnd::kComplete);
  EXPECT_EQ(TotalsOf(board)->Operations(), 1001u);
  EXPECT_THAT(crew.failures(), IsEmpty());
}

TEST(CrewTest, EachProcessLeavesANote) {
  Options options = SmallRun();
  options.processes = 2;
  Board board(2, 2);
  Crew crew(options, board, TargetThat(Succeed));
  ASSERT_TRUE(crew.Launch());
  crew.Begin();
  crew.AwaitEnd([] {});
  EXPECT_NE(board.processes()[0].pid, board.processes()[1].pid);
  for (const ProcessNote& note : board.processes()) {
    EXPECT_EQ(note.attach_ns, 5000u);
    EXPECT_GE(note.setup_ns, 1u);
    EXPECT_GT(note.memory.rss_kib, 0u);
  }
}

TEST(CrewTest, ATargetThatCannotOpenIsReportedInItsOwnWords) {
  const Options options = SmallRun();
  Board board(1, 1);
  Crew crew(options, board, [](const Options&) -> Result<std::unique_ptr<Target>> {
    return UpstreamError(CKR_PIN_INCORRECT, "C_Login");
  });
  EXPECT_FALSE(crew.Launch());
  EXPECT_THAT(crew.failures(), Contains(HasSubstr("C_Login (CKR_PIN_INCORRECT)")));
  EXPECT_EQ(crew.failures().size(), 1u);
}

TEST(CrewTest, ATargetThatNeverOpensIsGivenUp) {
  Options options = SmallRun();
  options.grace = 50ms;
  Board board(1, 1);
  Crew crew(options, board, [](const Options&) -> Result<std::unique_ptr<Target>> {
    Hang();
    return InternalError("unreachable");
  });
  EXPECT_FALSE(crew.Launch());
  EXPECT_THAT(crew.failures(), Contains(HasSubstr("not all processes were ready")));
}

TEST(CrewTest, AProcessThatCrashesIsNamedAndTheOthersGoOn) {
  Options options = SmallRun();
  options.processes = 2;
  options.count = 2000;
  Board board(2, 2);
  // Whoever draws the first ticket dies in its call; the board keeps what it had recorded.
  const auto crash_once = [&board] {
    if (board.tickets(0).fetch_add(1) == 0) raise(SIGKILL);
    return CK_RV{CKR_OK};
  };
  Crew crew(options, board, TargetThat(crash_once));
  ASSERT_TRUE(crew.Launch());
  crew.Begin();
  EXPECT_EQ(crew.AwaitEnd([] {}), RunEnd::kComplete);
  EXPECT_THAT(crew.failures(), Contains(HasSubstr("Killed")));
  EXPECT_EQ(TotalsOf(board)->Operations(), 1999u);
}

TEST(CrewTest, AProcessThatHangsIsKilledAfterTheGrace) {
  Options options = SmallRun();
  options.count = 0;
  options.duration = 10ms;
  options.grace = 50ms;
  Board board(1, 1);
  Crew crew(options, board, TargetThat(Hang));
  ASSERT_TRUE(crew.Launch());
  crew.Begin();
  EXPECT_EQ(crew.AwaitEnd([] {}), RunEnd::kHung);
  EXPECT_THAT(crew.failures(), Contains(HasSubstr("hung")));
}

TEST(CrewTest, AnInterruptEndsTheRunEarlyAndKeepsTheFigures) {
  Options options = SmallRun();
  options.count = 0;
  options.duration = 1h;
  Board board(1, 1);
  Crew crew(options, board, TargetThat(Succeed));
  ASSERT_TRUE(crew.Launch());
  crew.Begin();
  while (TotalsOf(board)->Operations() == 0) std::this_thread::yield();
  kill(getpid(), SIGINT);
  EXPECT_EQ(crew.AwaitEnd([] {}), RunEnd::kInterrupted);
  EXPECT_GT(TotalsOf(board)->Operations(), 0u);
  EXPECT_THAT(crew.failures(), IsEmpty());
}

TEST(CrewTest, NoChildOutlivesTheCrew) {
  Options options = SmallRun();
  Board board(1, 1);
  pid_t child = 0;
  {
    Crew crew(options, board, TargetThat(Hang));
    ASSERT_TRUE(crew.Launch());
    crew.Begin();
    child = board.processes()[0].pid;
    ASSERT_EQ(kill(child, 0), 0);
  }
  EXPECT_EQ(kill(child, 0), -1);
}

}  // namespace
}  // namespace gw::bench
