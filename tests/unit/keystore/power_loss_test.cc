// Tests for daemon/keystore/sqlite_keystore.h: what the next daemon finds after a power loss, at
// each instant of a keystore's life. Every write, sync, truncation and name is recorded, then the
// disk is rebuilt as it may look after each of them and opened by a new daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "daemon/keystore/memory_keystore.h"
#include "tests/unit/keystore/disk_image.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using disk::Event;
using disk::Keep;
using disk::Kind;

// Memory is quick, and what is tested here does not depend on what is below.
class QuickDirectory {
 public:
  QuickDirectory() {
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    directory_ = std::make_unique<TempDirectory>();
  }
  // Not there yet: the daemon makes it.
  std::string state() const { return directory_->File("state"); }

 private:
  std::unique_ptr<TempDirectory> directory_;
};

// Mutations that are handed over together. Request i + 1 is mutation i of all steps.
using Step = std::vector<Mutation>;

Mutation Insert(std::vector<std::string> labels) {
  Mutation mutation;
  for (const std::string& label : labels) mutation.puts.push_back(MakeRecord(label));
  return mutation;
}

Record Changed(std::uint64_t number, std::uint64_t version, std::string_view label) {
  Record record = MakeRecord(label);
  record.number = number;
  record.version = version;
  return record;
}

Mutation Large(std::string_view label, std::size_t octets) {
  Mutation mutation = PutOf(MakeRecord(label));
  mutation.puts[0].key.octets.assign(octets, 0x5a);
  return mutation;
}

// One of each kind, and mixtures whose halves would show.
std::vector<Step> FirstLife() {
  std::vector<Step> steps;
  steps.push_back({Insert({"1"})});
  steps.push_back({Insert({"2", "3"})});
  steps.push_back({PutOf(Changed(1, 2, "1 changed"))});
  Mutation mixture = Insert({"4"});
  mixture.puts.push_back(Changed(2, 2, "2 changed"));
  mixture.removes = {3};
  mixture.settings["slot.4.label"] = CopyOf("token");
  mixture.whole = false;
  steps.push_back({mixture});
  steps.push_back({Insert({"5"}), Insert({"6", "7"}), SettingOf("slot.5.label", Bytes{1}),
                   PutOf(Changed(1, 3, "1 changed again"))});
  return steps;
}

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

bool Same(const Record& a, const Record& b) {
  return a.number == b.number && a.keystore == b.keystore && a.attributes == b.attributes &&
         a.key.octets == b.key.octets && a.version == b.version;
}

// Empty, or what is wrong with the keystore in `directory`: the first `done` mutations must be
// there, none but the first `started` may.
std::string FaultAt(const std::string& directory, const std::vector<Mutation>& mutations,
                    std::size_t done, std::size_t started) {
  auto keystore = OpenSqliteKeystore(OptionsFor(directory));
  if (!keystore.ok()) return "not opened: " + DetailOf(keystore);
  const auto contents = (*keystore)->Load();
  if (!contents.ok()) return "not loaded: " + DetailOf(contents);
  if (!contents->refused.empty()) return "refused: " + contents->refused.front();
  // What should be there: each mutation whose request is answered, done in memory.
  const auto expected = MakeMemoryKeystore();
  for (std::size_t i = 0; i < mutations.size(); ++i) {
    const std::string name = "mutation " + std::to_string(i + 1);
    const FirstAnswer* answer = (*keystore)->AnswerTo(RequestOf(i + 1));
    if (answer == nullptr && i < done) return name + " was acknowledged and is lost";
    if (answer == nullptr) continue;
    if (i >= started) return name + " was not even started";
    if (!CommitNow(*expected, mutations[i]).ok()) return name + " depends on what is lost";
    const FirstAnswer* right = expected->AnswerTo(RequestOf(i + 1));
    if (answer->inserted != right->inserted || answer->whole != right->whole) {
      return name + " has another answer";
    }
  }
  const auto right = expected->Load();
  if (!std::ranges::equal(contents->records, right->records, Same)) return "other objects";
  if (contents->settings != right->settings) return "other settings";
  return {};
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
    const std::string fault = FaultAt(image.state(), history_.mutations, done_, started_);
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
    EXPECT_EQ(FaultAt(image.state(), history.mutations, 1, 1).empty(), lost);
  }
}

}  // namespace
}  // namespace gw
