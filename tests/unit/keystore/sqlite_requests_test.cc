// Tests for daemon/keystore/sqlite_requests.h, through OpenSqliteKeystore: what the next daemon
// knows of the requests that were done.
#include "daemon/keystore/sqlite_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteRequestsTest : public testing::Test {
 protected:
  // The next daemon: opened and loaded.
  void Reopen() {
    keystore_.reset();
    SqliteOptions options = OptionsFor(directory_.path());
    options.clock = &clock_;
    auto opened = OpenSqliteKeystore(options);
    ASSERT_TRUE(opened.ok()) << DetailOf(opened);
    keystore_ = *std::move(opened);
    auto contents = keystore_->Load();
    ASSERT_TRUE(contents.ok()) << DetailOf(contents);
    contents_ = *std::move(contents);
  }
  CommitAnswer Put(std::uint64_t request) {
    return CommitNow(*keystore_, Once(PutOf(MakeRecord("x")), RequestOf(request)));
  }
  std::string CountOfRows() {
    return OtherProgram(directory_.database()).Ask("SELECT count(*) || '' FROM request");
  }

  TempDirectory directory_;
  test::ManualClock clock_;
  KeystoreContents contents_;
  std::unique_ptr<Keystore> keystore_;
};

TEST_F(SqliteRequestsTest, NextDaemonGivesTheFirstAnswer) {
  Reopen();
  Mutation mutation;
  mutation.puts = {MakeRecord("a"), MakeRecord("b")};
  mutation.whole = false;
  // Numbers are 64 bits without a sign.
  const RequestId request = RequestOf(0xffff'ffff'ffff'fffe, 0xcd);
  const auto numbers = CommitNow(*keystore_, Once(mutation, request));
  ASSERT_TRUE(numbers.ok());
  Reopen();
  const FirstAnswer* answer = keystore_->AnswerTo(request);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->inserted, *numbers);
  EXPECT_FALSE(answer->whole);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(0xffff'ffff'ffff'fffe)), nullptr);
  const auto repeat = CommitNow(*keystore_, Once(mutation, request));
  ASSERT_TRUE(repeat.ok());
  EXPECT_EQ(*repeat, *numbers);
  EXPECT_THAT(LabelsIn(*keystore_), ElementsAre("a", "b"));
}

TEST_F(SqliteRequestsTest, AgeGoesOnOverARestart) {
  Reopen();
  ASSERT_TRUE(Put(1).ok());
  clock_.Advance(std::chrono::minutes(4));
  ASSERT_TRUE(Put(2).ok());
  clock_.Advance(std::chrono::minutes(5));
  Reopen();
  EXPECT_NE(keystore_->AnswerTo(RequestOf(1)), nullptr);
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(2)), nullptr);
}

TEST_F(SqliteRequestsTest, OldRowsAreRemovedAtTheStart) {
  Reopen();
  ASSERT_TRUE(Put(1).ok());
  clock_.Advance(std::chrono::minutes(8));
  ASSERT_TRUE(Put(2).ok());
  clock_.Advance(std::chrono::minutes(3));
  Reopen();
  EXPECT_EQ(CountOfRows(), "1");
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(2)), nullptr);
}

TEST_F(SqliteRequestsTest, OldRowsAreRemovedWhileTheDaemonRunsAtMostOnceAMinute) {
  Reopen();
  ASSERT_TRUE(Put(1).ok());
  clock_.Advance(std::chrono::seconds(30));
  ASSERT_TRUE(Put(2).ok());
  clock_.Advance(Keystore::kRequestMemory - std::chrono::seconds(29));
  ASSERT_TRUE(Put(3).ok());
  EXPECT_EQ(CountOfRows(), "2") << "the first is gone";
  clock_.Advance(std::chrono::seconds(30));
  ASSERT_TRUE(Put(4).ok());
  EXPECT_EQ(CountOfRows(), "3") << "the second is old, but a minute is not over";
  clock_.Advance(std::chrono::seconds(31));
  // A change without a request does it too.
  ASSERT_TRUE(CommitNow(*keystore_, SettingOf("a", Bytes{1})).ok());
  EXPECT_EQ(CountOfRows(), "2");
}

TEST_F(SqliteRequestsTest, RowThatIsOldButThereIsStillNotDoneTwice) {
  Reopen();
  const auto numbers = Put(1);
  ASSERT_TRUE(numbers.ok());
  clock_.Advance(Keystore::kRequestMemory - std::chrono::seconds(30));
  ASSERT_TRUE(Put(2).ok());
  clock_.Advance(std::chrono::seconds(31));
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_EQ(*Put(1), *numbers);
}

// A clock that was set back must not make the memory forget.
TEST_F(SqliteRequestsTest, RowFromTheFutureIsKeptAsIfItWereNew) {
  clock_.Advance(std::chrono::hours(24));
  Reopen();
  ASSERT_TRUE(Put(1).ok());
  clock_.Advance(-std::chrono::hours(24));
  Reopen();
  EXPECT_NE(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_THAT(contents_.refused, IsEmpty());
}

TEST_F(SqliteRequestsTest, FailedChangeLeavesNoRow) {
  Reopen();
  Record stale = MakeRecord("stale");
  stale.number = 99;
  std::vector<Mutation> mutations;
  mutations.push_back(Once(PutOf(MakeRecord("a")), RequestOf(1)));
  mutations.push_back(Once(PutOf(stale), RequestOf(2)));
  mutations.push_back(Once(PutOf(MakeRecord("b")), RequestOf(3)));
  const auto answers = CommitAll(*keystore_, std::move(mutations));
  EXPECT_EQ(RvOf(answers[1]), CKR_DEVICE_ERROR);
  EXPECT_EQ(CountOfRows(), "2");
  Reopen();
  EXPECT_NE(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(2)), nullptr);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(3)), nullptr);
}

TEST_F(SqliteRequestsTest, FullDiskAtTheStartOnlyKeepsOldRows) {
  Reopen();
  ASSERT_TRUE(Put(1).ok());
  clock_.Advance(std::chrono::minutes(11));
  keystore_.reset();
  OtherProgram hand(directory_.database());
  // Stands for a disk that takes no write.
  ASSERT_EQ(hand.Run("CREATE TRIGGER no BEFORE DELETE ON request BEGIN SELECT RAISE(ABORT, 'no');"
                     " END"),
            SQLITE_OK);
  Reopen();
  EXPECT_THAT(LabelsIn(*keystore_), ElementsAre("x"));
  EXPECT_EQ(CountOfRows(), "1");
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
}

// --- rows changed by hand ---

struct Tampering {
  const char* name;
  const char* change;
};

class TamperedRequestTest : public SqliteRequestsTest,
                            public testing::WithParamInterface<Tampering> {};

INSTANTIATE_TEST_SUITE_P(
    Columns, TamperedRequestTest,
    testing::Values(Tampering{"Application", "application = zeroblob(16)"},
                    Tampering{"ShortApplication", "application = x'01'"},
                    Tampering{"Number", "number = 20"},
                    Tampering{"Inserted", "inserted = x'0000000000000009'"},
                    Tampering{"HalfANumber", "inserted = x'00000009'"},
                    Tampering{"Whole", "whole = 0"}, Tampering{"OtherWhole", "whole = 2"},
                    Tampering{"Done", "done = done + 1"},
                    Tampering{"Tag", "tag = (SELECT tag FROM request WHERE number = 1)"},
                    Tampering{"EmptyTag", "tag = x''"}),
    [](const auto& chosen) { return std::string(chosen.param.name); });

TEST_P(TamperedRequestTest, IsRefusedAndNamedAndTheRestGoesOn) {
  Reopen();
  for (std::uint64_t request = 1; request <= 3; ++request) ASSERT_TRUE(Put(request).ok());
  OtherProgram hand(directory_.database());
  ASSERT_EQ(hand.Run(std::string("UPDATE request SET ") + GetParam().change + " WHERE number = 2"),
            SQLITE_OK);
  Reopen();
  EXPECT_THAT(contents_.refused, ElementsAre(HasSubstr("of application")));
  EXPECT_EQ(contents_.records.size(), 3u);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(2)), nullptr);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(3)), nullptr);
  EXPECT_TRUE(Put(4).ok());
}

// What it says cannot be trusted, but that something was done can be.
TEST_F(SqliteRequestsTest, RequestWithATamperedRowIsNotDoneAgain) {
  Reopen();
  ASSERT_TRUE(Put(1).ok());
  OtherProgram hand(directory_.database());
  ASSERT_EQ(hand.Run("UPDATE request SET tag = x''"), SQLITE_OK);
  Reopen();
  std::vector<Mutation> mutations;
  mutations.push_back(Once(PutOf(MakeRecord("x")), RequestOf(1)));
  mutations.push_back(Once(PutOf(MakeRecord("y")), RequestOf(2)));
  const auto answers = CommitAll(*keystore_, std::move(mutations));
  EXPECT_EQ(RvOf(answers[0]), CKR_DEVICE_ERROR);
  EXPECT_THAT(DetailOf(answers[0]), HasSubstr("its row was changed"));
  EXPECT_TRUE(answers[1].ok());
  EXPECT_THAT(LabelsIn(*keystore_), ElementsAre("x", "y"));
}

}  // namespace
}  // namespace gw
