// What every engine behind daemon/keystore/keystore.h does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/keystore/memory_keystore.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// An engine, and how its contents are found again by the next daemon.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Keystore> Open() = 0;
  test::ManualClock clock;
};

class SqliteEngine final : public Engine {
 public:
  std::unique_ptr<Keystore> Open() override {
    SqliteOptions options = OptionsFor(directory_.path());
    options.clock = &clock;
    auto keystore = OpenSqliteKeystore(options);
    return keystore.ok() ? *std::move(keystore) : nullptr;
  }

 private:
  TempDirectory directory_;
};

class MemoryEngine final : public Engine {
 public:
  std::unique_ptr<Keystore> Open() override { return MakeMemoryKeystore({}, clock); }
};

using MakeEngine = std::unique_ptr<Engine> (*)();

class KeystoreContractTest : public testing::TestWithParam<std::pair<const char*, MakeEngine>> {
 protected:
  KeystoreContractTest() : engine_(GetParam().second()), keystore_(engine_->Open()) {}

  std::uint64_t Insert(Record record) {
    const auto numbers = CommitNow(*keystore_, PutOf(std::move(record)));
    EXPECT_TRUE(numbers.ok()) << DetailOf(numbers);
    return numbers.ok() ? numbers->front() : 0;
  }
  std::vector<std::string> Labels() { return LabelsIn(*keystore_); }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Keystore> keystore_;
};

INSTANTIATE_TEST_SUITE_P(
    Engines, KeystoreContractTest,
    testing::Values(std::pair{"Sqlite", MakeEngine([]() -> std::unique_ptr<Engine> {
                                return std::make_unique<SqliteEngine>();
                              })},
                    std::pair{"Memory", MakeEngine([]() -> std::unique_ptr<Engine> {
                                return std::make_unique<MemoryEngine>();
                              })}),
    [](const auto& chosen) { return std::string(chosen.param.first); });

TEST_P(KeystoreContractTest, NewKeystoreIsEmpty) {
  const auto contents = keystore_->Load();
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->records, IsEmpty());
  EXPECT_THAT(contents->settings, IsEmpty());
  EXPECT_THAT(contents->refused, IsEmpty());
}

TEST_P(KeystoreContractTest, InsertedRecordIsLoadedAsItWas) {
  Record record = MakeRecord("one", kPublic);
  record.attributes.Set(CKA_VALUE, Bytes{});
  record.attributes.SetBool(CKA_TOKEN, true);
  const std::uint64_t number = Insert(record);
  EXPECT_NE(number, 0u);
  const auto contents = keystore_->Load();
  ASSERT_EQ(contents->records.size(), 1u);
  const Record& loaded = contents->records.front();
  EXPECT_EQ(loaded.number, number);
  EXPECT_EQ(loaded.keystore, kPublic);
  EXPECT_EQ(loaded.attributes, record.attributes);
  EXPECT_EQ(loaded.key.octets, record.key.octets);
  EXPECT_EQ(loaded.version, 1u);
}

TEST_P(KeystoreContractTest, EmptyKeyAndEmptyLabelAreKept) {
  Record certificate = MakeRecord("");
  certificate.key.octets.clear();
  certificate.attributes.Remove(CKA_KEY_TYPE);
  Insert(certificate);
  const auto contents = keystore_->Load();
  ASSERT_EQ(contents->records.size(), 1u);
  EXPECT_TRUE(contents->records[0].key.empty());
  EXPECT_EQ(contents->records[0].attributes, certificate.attributes);
}

TEST_P(KeystoreContractTest, NumbersComeInTheOrderOfPuts) {
  const std::uint64_t old = Insert(MakeRecord("old"));
  Record replaced = MakeRecord("replaced");
  replaced.number = old;
  replaced.version = 2;
  Mutation mutation;
  mutation.puts = {MakeRecord("a"), replaced, MakeRecord("b")};
  const auto numbers = CommitNow(*keystore_, std::move(mutation));
  ASSERT_TRUE(numbers.ok());
  EXPECT_THAT(*numbers, ElementsAre(old + 1, old, old + 2));
}

TEST_P(KeystoreContractTest, ReplaceNeedsTheNextVersion) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  for (const std::uint64_t wrong : {0u, 1u, 3u}) {
    record.version = wrong;
    EXPECT_EQ(RvOf(CommitNow(*keystore_, PutOf(record))), CKR_DEVICE_ERROR) << wrong;
  }
  record.version = 2;
  record.attributes.SetText(CKA_LABEL, "two");
  EXPECT_TRUE(CommitNow(*keystore_, PutOf(record)).ok());
  EXPECT_THAT(Labels(), ElementsAre("two"));
  EXPECT_EQ(keystore_->Load()->records[0].version, 2u);
}

TEST_P(KeystoreContractTest, ReplaceOfARemovedRecordIsALostRace) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  Mutation remove;
  remove.removes = {record.number};
  ASSERT_TRUE(CommitNow(*keystore_, std::move(remove)).ok());
  record.version = 2;
  EXPECT_EQ(RvOf(CommitNow(*keystore_, PutOf(record))), CKR_DEVICE_ERROR);
  EXPECT_THAT(Labels(), IsEmpty());
}

TEST_P(KeystoreContractTest, LostRaceChangesNothing) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  record.version = 7;
  Mutation mutation;
  mutation.wipes = {kPublic};
  mutation.removes = {record.number + 1};
  mutation.puts = {MakeRecord("new"), record};
  mutation.settings["a"] = Bytes{1};
  Insert(MakeRecord("public", kPublic));
  EXPECT_EQ(RvOf(CommitNow(*keystore_, std::move(mutation))), CKR_DEVICE_ERROR);
  EXPECT_THAT(Labels(), ElementsAre("one", "public"));
  EXPECT_THAT(keystore_->Load()->settings, IsEmpty());
}

TEST_P(KeystoreContractTest, RacingReplacesHaveOneWinner) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  record.version = 2;
  std::vector<Mutation> mutations;
  for (int i = 0; i < 10; ++i) mutations.push_back(PutOf(record));
  int winners = 0;
  for (const auto& answer : CommitAll(*keystore_, std::move(mutations))) winners += answer.ok();
  EXPECT_EQ(winners, 1);
}

TEST_P(KeystoreContractTest, RewrappedRecordKeepsItsVersion) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  record.other.octets = CopyOf("under the next key");
  Mutation mutation;
  mutation.rewraps = {record};
  ASSERT_TRUE(CommitNow(*keystore_, std::move(mutation)).ok());
  const auto contents = keystore_->Load();
  ASSERT_EQ(contents->records.size(), 1u);
  EXPECT_EQ(contents->records[0].other.octets, record.other.octets);
  EXPECT_EQ(contents->records[0].key.octets, record.key.octets);
  EXPECT_EQ(contents->records[0].version, 1u);
}

TEST_P(KeystoreContractTest, RewrapOfAnotherVersionIsALostRaceAndChangesNothing) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  Record second = MakeRecord("two");
  second.number = Insert(second);
  Record changed = second;
  changed.version = 2;
  ASSERT_TRUE(CommitNow(*keystore_, PutOf(changed)).ok());
  record.other.octets = second.other.octets = CopyOf("next");
  Mutation mutation;
  mutation.rewraps = {record, second};
  EXPECT_EQ(RvOf(CommitNow(*keystore_, std::move(mutation))), CKR_DEVICE_ERROR);
  const auto contents = keystore_->Load();
  for (const Record& loaded : contents->records) EXPECT_TRUE(loaded.other.empty());
}

TEST_P(KeystoreContractTest, RewrapOfARemovedRecordBringsNothingBack) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  Mutation remove;
  remove.removes = {record.number};
  ASSERT_TRUE(CommitNow(*keystore_, std::move(remove)).ok());
  Mutation mutation;
  mutation.rewraps = {record};
  EXPECT_EQ(RvOf(CommitNow(*keystore_, std::move(mutation))), CKR_DEVICE_ERROR);
  EXPECT_THAT(Labels(), IsEmpty());
}

TEST_P(KeystoreContractTest, AnOtherBlobIsTakenBackByTheNextPutWithoutOne) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  record.other.octets = CopyOf("next");
  record.version = 2;
  ASSERT_TRUE(CommitNow(*keystore_, PutOf(record)).ok());
  EXPECT_FALSE(keystore_->Load()->records[0].other.empty());
  record.other.octets.clear();
  record.version = 3;
  ASSERT_TRUE(CommitNow(*keystore_, PutOf(record)).ok());
  EXPECT_TRUE(keystore_->Load()->records[0].other.empty());
}

TEST_P(KeystoreContractTest, SameRecordTwiceInOneMutationCountsUp) {
  Record record = MakeRecord("one");
  record.number = Insert(record);
  Record second = record;
  record.version = 2;
  second.version = 3;
  second.attributes.SetText(CKA_LABEL, "three");
  Mutation mutation;
  mutation.puts = {record, second};
  ASSERT_TRUE(CommitNow(*keystore_, std::move(mutation)).ok());
  EXPECT_THAT(Labels(), ElementsAre("three"));
}

TEST_P(KeystoreContractTest, RemoveOfAnUnknownNumberSucceeds) {
  Insert(MakeRecord("one"));
  Mutation mutation;
  mutation.removes = {4711};
  EXPECT_TRUE(CommitNow(*keystore_, std::move(mutation)).ok());
  EXPECT_THAT(Labels(), ElementsAre("one"));
}

TEST_P(KeystoreContractTest, WipeEmptiesOneKeystoreBeforePuts) {
  Insert(MakeRecord("private", kPrivate));
  Insert(MakeRecord("public", kPublic));
  Mutation mutation;
  mutation.wipes = {kPrivate};
  mutation.puts = {MakeRecord("after", kPrivate)};
  ASSERT_TRUE(CommitNow(*keystore_, std::move(mutation)).ok());
  EXPECT_THAT(Labels(), ElementsAre("public", "after"));
}

TEST_P(KeystoreContractTest, NumbersOfRemovedRecordsAreNotReused) {
  const std::uint64_t first = Insert(MakeRecord("one"));
  Mutation remove;
  remove.removes = {first};
  ASSERT_TRUE(CommitNow(*keystore_, std::move(remove)).ok());
  EXPECT_GT(Insert(MakeRecord("two")), first);
}

TEST_P(KeystoreContractTest, SettingsAreSetReplacedAndRemoved) {
  ASSERT_TRUE(CommitNow(*keystore_, SettingOf("slot.4.label", CopyOf("token"))).ok());
  ASSERT_TRUE(CommitNow(*keystore_, SettingOf("slot.4.pin", Bytes{1, 2})).ok());
  ASSERT_TRUE(CommitNow(*keystore_, SettingOf("slot.4.label", CopyOf("other"))).ok());
  EXPECT_EQ(keystore_->Load()->settings.at("slot.4.label"), CopyOf("other"));
  ASSERT_TRUE(CommitNow(*keystore_, SettingOf("slot.4.label", {})).ok());
  ASSERT_TRUE(CommitNow(*keystore_, SettingOf("never.there", {})).ok());
  const auto contents = keystore_->Load();
  EXPECT_EQ(contents->settings.size(), 1u);
  EXPECT_EQ(contents->settings.at("slot.4.pin"), (Bytes{1, 2}));
}

TEST_P(KeystoreContractTest, EmptyMutationSucceeds) {
  const auto numbers = CommitNow(*keystore_, Mutation{});
  ASSERT_TRUE(numbers.ok());
  EXPECT_THAT(*numbers, IsEmpty());
}

TEST_P(KeystoreContractTest, LargeBlobsAreKept) {
  Record record = MakeRecord("large");
  record.key.octets.assign(3u << 20, 0xa5);
  Insert(record);
  EXPECT_EQ(keystore_->Load()->records[0].key.octets, record.key.octets);
}

// --- requests that are done once ---

TEST_P(KeystoreContractTest, RequestThatWasNotDoneHasNoAnswer) {
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  Insert(MakeRecord("without a request"));
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_EQ(keystore_->AnswerTo(RequestId{}), nullptr);
}

TEST_P(KeystoreContractTest, AnswerNamesWhatWasInsertedAndNothingElse) {
  Record replaced = MakeRecord("old");
  replaced.number = Insert(replaced);
  replaced.version = 2;
  Mutation mutation;
  mutation.puts = {MakeRecord("a"), replaced, MakeRecord("b")};
  mutation.whole = false;
  const auto numbers = CommitNow(*keystore_, Once(std::move(mutation), RequestOf(1)));
  ASSERT_TRUE(numbers.ok());
  const FirstAnswer* answer = keystore_->AnswerTo(RequestOf(1));
  ASSERT_NE(answer, nullptr);
  EXPECT_THAT(answer->inserted, ElementsAre((*numbers)[0], (*numbers)[2]));
  EXPECT_FALSE(answer->whole);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(2)), nullptr);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1, 2)), nullptr) << "of another application";
}

TEST_P(KeystoreContractTest, RequestWithoutRecordsIsRememberedToo) {
  ASSERT_TRUE(CommitNow(*keystore_, Once(SettingOf("a", Bytes{1}), RequestOf(1))).ok());
  const FirstAnswer* answer = keystore_->AnswerTo(RequestOf(1));
  ASSERT_NE(answer, nullptr);
  EXPECT_THAT(answer->inserted, IsEmpty());
  EXPECT_TRUE(answer->whole);
}

TEST_P(KeystoreContractTest, RepeatGetsTheFirstNumbersAndChangesNothing) {
  Record replaced = MakeRecord("old");
  replaced.number = Insert(replaced);
  replaced.version = 2;
  replaced.attributes.SetText(CKA_LABEL, "changed");
  Mutation mutation;
  mutation.puts = {MakeRecord("new"), replaced};
  const auto first = CommitNow(*keystore_, Once(mutation, RequestOf(1)));
  ASSERT_TRUE(first.ok());
  mutation.settings["a"] = Bytes{1};
  for (int i = 0; i < 3; ++i) {
    const auto repeat = CommitNow(*keystore_, Once(mutation, RequestOf(1)));
    ASSERT_TRUE(repeat.ok()) << DetailOf(repeat);
    EXPECT_EQ(*repeat, *first);
  }
  EXPECT_THAT(Labels(), ElementsAre("changed", "new"));
  EXPECT_THAT(keystore_->Load()->settings, IsEmpty());
}

TEST_P(KeystoreContractTest, RepeatOnTheHeelsOfTheFirstIsDoneOnce) {
  std::vector<Mutation> mutations;
  for (int i = 0; i < 20; ++i) {
    mutations.push_back(Once(PutOf(MakeRecord("one")), RequestOf(i % 2 == 0 ? 1 : 2)));
  }
  const auto answers = CommitAll(*keystore_, std::move(mutations));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i].ok()) << i;
    EXPECT_EQ(*answers[i], *answers[i % 2]) << i;
  }
  EXPECT_NE(*answers[0], *answers[1]);
  EXPECT_THAT(Labels(), ElementsAre("one", "one"));
}

TEST_P(KeystoreContractTest, FailedRequestIsNotRememberedAndMayBeDoneLater) {
  Record stale = MakeRecord("stale");
  stale.number = 4711;
  Mutation mutation;
  mutation.puts = {MakeRecord("a"), stale};
  EXPECT_EQ(RvOf(CommitNow(*keystore_, Once(std::move(mutation), RequestOf(1)))), CKR_DEVICE_ERROR);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("b")), RequestOf(1))).ok());
  EXPECT_THAT(Labels(), ElementsAre("b"));
}

TEST_P(KeystoreContractTest, AnotherChangeUnderAUsedNumberIsRefused) {
  ASSERT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("one")), RequestOf(1))).ok());
  Mutation other;
  other.puts = {MakeRecord("a"), MakeRecord("b")};
  EXPECT_EQ(RvOf(CommitNow(*keystore_, Once(std::move(other), RequestOf(1)))), CKR_DEVICE_ERROR);
  EXPECT_THAT(Labels(), ElementsAre("one"));
}

TEST_P(KeystoreContractTest, AnswerSurvivesTheRemovalOfItsRecords) {
  const auto numbers = CommitNow(*keystore_, Once(PutOf(MakeRecord("one")), RequestOf(1)));
  Mutation remove;
  remove.removes = {numbers->front()};
  ASSERT_TRUE(CommitNow(*keystore_, Once(std::move(remove), RequestOf(2))).ok());
  EXPECT_THAT(keystore_->AnswerTo(RequestOf(1))->inserted, ElementsAre(numbers->front()));
  EXPECT_EQ(*CommitNow(*keystore_, Once(PutOf(MakeRecord("one")), RequestOf(1))), *numbers);
  EXPECT_THAT(Labels(), IsEmpty());
}

TEST_P(KeystoreContractTest, RequestThatIsTakenBackIsDoneAnew) {
  Mutation half = Once(PutOf(MakeRecord("half")), RequestOf(1));
  half.whole = false;
  const auto first = CommitNow(*keystore_, std::move(half));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("other")), RequestOf(2))).ok());
  Mutation back;
  back.removes = *first;
  back.forgets = RequestOf(1);
  ASSERT_TRUE(CommitNow(*keystore_, std::move(back)).ok());
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(2)), nullptr);
  const auto again = CommitNow(*keystore_, Once(PutOf(MakeRecord("anew")), RequestOf(1)));
  ASSERT_TRUE(again.ok());
  EXPECT_NE(*again, *first);
  EXPECT_THAT(Labels(), ElementsAre("other", "anew"));
  EXPECT_EQ(*CommitNow(*keystore_, Once(PutOf(MakeRecord("anew")), RequestOf(1))), *again);
}

TEST_P(KeystoreContractTest, AnswersAreForgottenInTime) {
  ASSERT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("one")), RequestOf(1))).ok());
  engine_->clock.Advance(std::chrono::minutes(4));
  ASSERT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("two")), RequestOf(2))).ok());
  engine_->clock.Advance(Keystore::kRequestMemory - std::chrono::minutes(4));
  EXPECT_NE(keystore_->AnswerTo(RequestOf(1)), nullptr);
  engine_->clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_NE(keystore_->AnswerTo(RequestOf(2)), nullptr);
  ASSERT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("one")), RequestOf(1))).ok());
  EXPECT_THAT(Labels(), ElementsAre("one", "two", "one"));
}

TEST_P(KeystoreContractTest, AnswerStaysWhereItIsUntilTheNextCommit) {
  ASSERT_TRUE(CommitNow(*keystore_, Once(PutOf(MakeRecord("one")), RequestOf(1))).ok());
  const FirstAnswer* answer = keystore_->AnswerTo(RequestOf(1));
  engine_->clock.Advance(2 * Keystore::kRequestMemory);
  EXPECT_EQ(keystore_->AnswerTo(RequestOf(1)), nullptr);
  EXPECT_EQ(answer->inserted.size(), 1u) << "not freed by looking";
}

TEST(MemoryKeystoreTest, StartsWithWhatItIsGiven) {
  KeystoreContents contents;
  contents.records.push_back(MakeRecord("seed"));
  contents.records[0].number = 12;
  contents.settings["a"] = Bytes{1};
  const auto keystore = MakeMemoryKeystore(std::move(contents));
  EXPECT_THAT(LabelsIn(*keystore), ElementsAre("seed"));
  EXPECT_EQ(CommitNow(*keystore, PutOf(MakeRecord("next")))->front(), 13u);
}

}  // namespace
}  // namespace gw
