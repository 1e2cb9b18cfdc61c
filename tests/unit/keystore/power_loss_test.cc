// Tests for daemon/keystore/sqlite_keystore.h: what the next daemon finds after a power loss, at
// each instant of a keystore's life. Every write, sync, truncation and name is recorded, then the
// disk is rebuilt as it may look after each of them and opened by a new daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/unit/keystore/disk_image.h"
#include "tests/unit/keystore/lives.h"

namespace gw {
namespace {

using disk::Event;
using disk::Keep;
using disk::Kind;

std::vector<Step> SecondLife() {
  std::vector<Step> steps;
  Mutation wipe = Insert({"8", "9"});
  wipe.wipes = {kPrivate};
  wipe.settings["slot.4.label"] = {};
  steps.push_back({wipe});
  // More than a thousand pages: brought from the log into the file at once, and the log begins
  // anew.
  steps.push_back({Large("10", 4u << 20)});
  steps.push_back({Insert({"11"})});
  Mutation remove = SettingOf("slot.5.label", Bytes{2});
  remove.removes = {10};
  steps.push_back({remove});
  steps.push_back({Insert({"12"}), Insert({"13"})});
  return steps;
}

// Everything that was done by all daemons so far, and the disk that saw it.
struct History {
  std::vector<Mutation> mutations;
  std::vector<Event> events;
};

// One daemon's life in `state`: opens, does `steps`, closes.
void Live(const std::string& state, const std::vector<Step>& steps, History& history) {
  disk::DiskLog log(state);
  log.Mark("begin");
  auto keystore = OpenSqliteKeystore(OptionsFor(state));
  ASSERT_TRUE(keystore.ok()) << DetailOf(keystore);
  ASSERT_TRUE((*keystore)->Load().ok());
  for (Step step : steps) {
    for (Mutation& mutation : step) {
      mutation.request = RequestOf(history.mutations.size() + 1);
      history.mutations.push_back(mutation);
      log.Mark("start");
    }
    const std::size_t count = step.size();
    for (const auto& answer : CommitAll(**keystore, std::move(step))) {
      ASSERT_TRUE(answer.ok()) << DetailOf(answer);
    }
    for (std::size_t i = 0; i < count; ++i) log.Mark("done");
  }
  keystore->reset();
  history.events = log.Take();
}

// Goes through the events of a history and looks at what power losses leave.
class Explorer {
 public:
  Explorer(const History& history, std::size_t already_done, unsigned seed)
      : history_(history), done_(already_done), started_(already_done), chance_(seed) {}

  // Plain writes are many and alike: about `writes` of them are looked at, everything else always.
  void Run(std::ptrdiff_t writes) {
    const auto is_write = [](const Event& event) { return event.kind == Kind::kWrite; };
    const auto stride = std::ranges::count_if(history_.events, is_write) / writes + 1;
    for (const Event& event : history_.events) {
      disk_.Apply(event);
      if (event.kind == Kind::kMark) Note(event.name);
      // What was there before is on disk.
      if (!begun_) continue;
      if (event.kind == Kind::kWrite && chance_() % static_cast<unsigned>(stride) != 0) continue;
      Look(Keep::kNothing);
      Look(Keep::kAll);
      Look(Keep::kSome);
      if (faults_.size() > 5) return;
    }
  }

  const std::vector<std::string>& faults() const { return faults_; }
  int images() const { return images_; }

 private:
  void Note(const std::string& mark) {
    begun_ = true;
    if (mark == "start") ++started_;
    if (mark == "done") ++done_;
  }

  void Look(Keep keep) {
    const QuickDirectory image;
    const auto seed = static_cast<unsigned>(chance_());
    std::minstd_rand chance(seed);
    disk_.WriteTo(image.state(), keep, chance);
    ++images_;
    const auto must = [this](std::size_t mutation) {
      if (mutation < done_) return Must::kBeThere;
      return mutation < started_ ? Must::kBeEither : Must::kBeAbsent;
    };
    const std::string fault = FaultAt(image.state(), history_.mutations, must);
    if (fault.empty()) return;
    static constexpr const char* kKept[] = {"nothing", "all", "some"};
    faults_.push_back("image " + std::to_string(images_) + ", " +
                      kKept[static_cast<std::size_t>(keep)] + " unsynced kept, " +
                      std::to_string(done_) + " acknowledged: " + fault);
  }

  const History& history_;
  disk::Disk disk_;
  std::size_t done_;
  std::size_t started_;
  std::minstd_rand chance_;
  std::vector<std::string> faults_;
  bool begun_ = false;
  int images_ = 0;
};

// As the disk was when the last of these marks was made.
disk::Disk DiskAtTheLast(const std::vector<Event>& events, const std::string& mark) {
  const auto is_mark = [&](const Event& event) {
    return event.kind == Kind::kMark && event.name == mark;
  };
  const auto last = std::find_if(events.rbegin(), events.rend(), is_mark).base();
  disk::Disk disk;
  for (auto event = events.begin(); event != last; ++event) disk.Apply(*event);
  return disk;
}

class PowerLossTest : public testing::Test {
 protected:
  void Explore(const History& history, std::size_t already_done) {
    Explorer explorer(history, already_done, seed_);
    explorer.Run(std::getenv("GW_LONG") != nullptr ? 1'000'000 : 60);
    EXPECT_THAT(explorer.faults(), testing::IsEmpty()) << "GW_SEED=" << seed_;
    std::printf("%zu events, %d images, GW_SEED=%u\n", history.events.size(), explorer.images(),
                seed_);
  }

  const unsigned seed_ = SeedOfTest();
};

TEST_F(PowerLossTest, NewKeystoreLosesNothingThatWasAcknowledged) {
  const QuickDirectory directory;
  History history;
  ASSERT_NO_FATAL_FAILURE(Live(directory.state(), FirstLife(), history));
  Explore(history, 0);
}

TEST_F(PowerLossTest, NextDaemonLosesNothingEither) {
  const QuickDirectory directory;
  History history;
  ASSERT_NO_FATAL_FAILURE(Live(directory.state(), FirstLife(), history));
  const std::size_t before = history.mutations.size();
  ASSERT_NO_FATAL_FAILURE(Live(directory.state(), SecondLife(), history));
  Explore(history, before);
}

// A daemon that was killed leaves a log that the next one brings into the file.
TEST_F(PowerLossTest, PowerLossDuringRecoveryLosesNothing) {
  const QuickDirectory killed;
  History history;
  ASSERT_NO_FATAL_FAILURE(Live(killed.state(), FirstLife(), history));
  const QuickDirectory directory;
  std::minstd_rand unused;
  DiskAtTheLast(history.events, "done").WriteTo(directory.state(), Keep::kAll, unused);
  ASSERT_TRUE(std::filesystem::exists(directory.state() + "/keystore.db-wal"));
  const std::size_t before = history.mutations.size();
  ASSERT_NO_FATAL_FAILURE(Live(directory.state(), {{Insert({"after"})}}, history));
  Explore(history, before);
}

// What a killed daemon wrote but had not synced is found by the next one, which then answers for
// it. Returns the log of the next one and which of the mutations it answers for.
std::pair<std::vector<Event>, std::vector<bool>> AnswersIn(const std::string& state,
                                                           const std::vector<Mutation>& mutations) {
  disk::DiskLog log(state);
  log.Mark("begin");
  auto keystore = OpenSqliteKeystore(OptionsFor(state));
  EXPECT_TRUE(keystore.ok()) << DetailOf(keystore);
  if (!keystore.ok()) return {};
  EXPECT_TRUE((*keystore)->Load().ok());
  std::vector<bool> answered;
  for (const Mutation& mutation : mutations) {
    answered.push_back((*keystore)->AnswerTo(*mutation.request) != nullptr);
  }
  return {log.Take(), answered};
}

TEST_F(PowerLossTest, WhatTheNextDaemonAnswersForIsOnDisk) {
  const QuickDirectory directory;
  History history;
  ASSERT_NO_FATAL_FAILURE(Live(directory.state(), FirstLife(), history));
  std::minstd_rand chance(seed_);
  disk::Disk disk;
  for (const Event& event : history.events) {
    disk.Apply(event);
    const QuickDirectory killed;
    disk.WriteTo(killed.state(), Keep::kAll, chance);
    if (!std::filesystem::exists(killed.state())) continue;
    const auto [log, answered] = AnswersIn(killed.state(), history.mutations);
    const auto must = [&answered = answered](std::size_t i) {
      return answered.at(i) ? Must::kBeThere : Must::kBeEither;
    };
    disk::Disk later = disk;
    later.Continue(log);
    const QuickDirectory image;
    later.WriteTo(image.state(), Keep::kNothing, chance);
    ASSERT_EQ(FaultAt(image.state(), history.mutations, must), "") << "GW_SEED=" << seed_;
  }
}

// That these tests can fail: what is committed without a sync is found lost.
TEST_F(PowerLossTest, CommitWithoutASyncIsLost) {
  const QuickDirectory directory;
  History history;
  ASSERT_NO_FATAL_FAILURE(Live(directory.state(), {{Insert({"1"})}}, history));
  disk::Disk disk;
  {
    disk::DiskLog log(directory.state());
    OtherProgram careless(directory.state() + "/keystore.db");
    ASSERT_EQ(careless.Run("PRAGMA synchronous = OFF; DELETE FROM request"), SQLITE_OK);
    for (const Event& event : log.Take()) disk.Apply(event);
  }
  std::minstd_rand chance(seed_);
  for (const auto& [keep, lost] : {std::pair{Keep::kNothing, true}, {Keep::kAll, false}}) {
    const QuickDirectory image;
    disk.WriteTo(image.state(), keep, chance);
    const auto must = [](std::size_t) { return Must::kBeThere; };
    EXPECT_EQ(FaultAt(image.state(), history.mutations, must).empty(), lost);
  }
}

}  // namespace
}  // namespace gw
