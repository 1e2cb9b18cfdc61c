// The vault and the table of operations by themselves, compiled into the test: against models, and
// as a child sees them that was forked at any instant.
#include <gmock/gmock.h>

#include <atomic>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "pkcs11-shim/buffer.h"
#include "pkcs11-shim/operations.h"
#include "pkcs11-shim/vault.h"
#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using shim::Kind;
using shim::Operations;
using shim::Vault;
using Model = std::map<std::uint32_t, std::string>;

constexpr std::uint8_t kId[wire::kApplicationIdBytes] = {'i', 'd'};

// As the shim gets them: without the length that ends a reply.
std::string Plain(const std::vector<Update>& updates) {
  const std::string body = Updates(updates);
  return body.substr(0, body.size() - 4);
}

wire::Octets OctetsOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct StringBuffer {
  std::string text;
  std::uint8_t* Extend(std::size_t more) {
    text.resize(text.size() + more);
    return reinterpret_cast<std::uint8_t*>(text.data() + text.size() - more);
  }
};

Model Contents(const Vault& vault) {
  StringBuffer buffer;
  buffer.text.reserve(vault.EncodedBytes());
  wire::Writer<StringBuffer> writer(buffer);
  vault.Encode(writer);
  EXPECT_EQ(buffer.text.size(), vault.EncodedBytes());
  const wire::Octets all = OctetsOf(buffer.text);
  wire::Reader reader(all.data, all.size);
  Model contents;
  const std::uint32_t count = reader.U32();
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t id = reader.U32();
    const wire::Octets record = reader.Bytes();
    contents[id] = std::string(reinterpret_cast<const char*>(record.data), record.size);
  }
  EXPECT_TRUE(reader.AtEnd());
  return contents;
}

bool Store(Vault& vault, std::vector<Update> updates) {
  const std::string text = Plain(updates);
  return Vault::Sound(OctetsOf(text)) && vault.Apply(OctetsOf(text));
}

TEST(VaultTest, TheHigherVersionCountsInWhateverOrder) {
  Vault vault;
  ASSERT_TRUE(vault.Replace(kId, OctetsOf(Plain({{1, 1, "owner"}}))));
  ASSERT_TRUE(Store(vault, {{2, 7, "seven"}}));
  ASSERT_TRUE(Store(vault, {{2, 5, "five"}}));
  ASSERT_TRUE(Store(vault, {{3, 9, ""}}));  // deleted before its making is seen
  ASSERT_TRUE(Store(vault, {{3, 8, "made"}}));
  EXPECT_EQ(Contents(vault), (Model{{1, "owner"}, {2, "seven"}}));
  ASSERT_TRUE(Store(vault, {{3, 10, "made again"}, {2, 11, ""}}));
  EXPECT_EQ(Contents(vault), (Model{{1, "owner"}, {3, "made again"}}));
  vault.Drop();
}

TEST(VaultTest, AfterARestoreVersionsBeginAnew) {
  Vault vault;
  ASSERT_TRUE(vault.Replace(kId, OctetsOf(Plain({{1, 100, "owner"}, {2, 200, "old"}}))));
  ASSERT_TRUE(Store(vault, {{3, 300, ""}}));
  vault.BeginVersions();
  ASSERT_TRUE(Store(vault, {{2, 1, "new"}, {3, 2, "three"}}));
  EXPECT_EQ(Contents(vault), (Model{{1, "owner"}, {2, "new"}, {3, "three"}}));
  vault.Drop();
}

TEST(VaultTest, AnotherApplicationHasItsOwnRecordsAlone) {
  Vault vault;
  EXPECT_TRUE(vault.empty());
  EXPECT_FALSE(Store(vault, {{1, 1, "nobody's"}}));
  ASSERT_TRUE(vault.Replace(kId, OctetsOf(Plain({{1, 1, "owner"}, {9, 2, "nine"}}))));
  EXPECT_EQ(std::memcmp(vault.id(), kId, sizeof(kId)), 0);
  constexpr std::uint8_t kOtherId[wire::kApplicationIdBytes] = {'o'};
  ASSERT_TRUE(vault.Replace(kOtherId, OctetsOf(Plain({{1, 1, "other"}}))));
  EXPECT_EQ(std::memcmp(vault.id(), kOtherId, sizeof(kOtherId)), 0);
  EXPECT_EQ(Contents(vault), (Model{{1, "other"}}));
  vault.Drop();
  EXPECT_TRUE(vault.empty());
  EXPECT_EQ(vault.MappedBytes(), 0u);
}

TEST(VaultTest, UpdatesThatBreakARuleAreNotSound) {
  const std::string good = Plain({{1, 1, "owner"}, {2, 2, ""}});
  EXPECT_TRUE(Vault::Sound(OctetsOf(good)));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(Vault::Sound(OctetsOf(good.substr(0, size)))) << size;
  EXPECT_FALSE(Vault::Sound(OctetsOf(good + "x")));
  EXPECT_FALSE(Vault::Sound(OctetsOf(Plain({{0, 1, "no id"}}))));
  EXPECT_TRUE(Vault::Sound(OctetsOf(Plain({{1u << 20, 1, "the largest"}}))));
  EXPECT_FALSE(Vault::Sound(OctetsOf(Plain({{(1u << 20) + 1, 1, "beyond"}}))));
  EXPECT_FALSE(Vault::Sound(OctetsOf(U32(0xFFFFFFFF))));
  EXPECT_FALSE(Vault::Sound(OctetsOf(U32(1) + U32(1) + U64(1) + U32(0xFFFFFFFF) + "r")));
}

TEST(VaultTest, TheLargestIdHasItsPlace) {
  Vault vault;
  ASSERT_TRUE(vault.Replace(kId, OctetsOf(Plain({{1, 1, "owner"}, {1u << 20, 1, "last"}}))));
  EXPECT_EQ(Contents(vault), (Model{{1, "owner"}, {1u << 20, "last"}}));
  vault.Drop();
}

// Puts, deletions and late arrivals of any size, against a map; and no more memory than a few times
// what is alive.
TEST(VaultTest, AgreesWithAMapUnderChurn) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Vault vault;
  ASSERT_TRUE(vault.Replace(kId, {}));
  Model model;
  std::map<std::uint32_t, std::uint64_t> versions;
  std::uint64_t version = 0;
  const int rounds = kSanitized ? 3'000 : 30'000;
  for (int round = 0; round < rounds; ++round) {
    const std::uint32_t id =
        1 + static_cast<std::uint32_t>(random() % (static_cast<unsigned>(round) % 1000 + 1));
    // Up to twenty places too late.
    Update update = {id, ++version + 20 - random() % 20, {}};
    if (random() % 3 != 0) update.record.assign(1 + random() % 4000, static_cast<char>(random()));
    ASSERT_TRUE(Store(vault, {update}));
    if (update.version <= versions[id]) continue;
    versions[id] = update.version;
    if (update.record.empty()) {
      model.erase(id);
    } else {
      model[id] = update.record;
    }
    if (round % 500 != 0) continue;
    ASSERT_TRUE(Contents(vault) == model) << round;
    std::size_t alive = 0;
    for (const auto& [number, record] : model) alive += record.size() + 16;
    EXPECT_LE(vault.MappedBytes(), 6 * alive + (256u << 10)) << round;
  }
  EXPECT_TRUE(Contents(vault) == model);
  vault.Drop();
}

// What a record of this id may look like: its length and letter tell each other.
std::string RecordOf(std::uint32_t id, std::uint64_t version) {
  return std::string(1 + version % 3000, static_cast<char>('a' + (id + version % 3000) % 26));
}

bool IsWhole(std::uint32_t id, const std::string& record) {
  return !record.empty() && record == RecordOf(id, record.size() - 1);
}

// Sees what a child sees: every record is one that was stored, the first is always there, and the
// child can take them over and let go of them.
int LookAsAChild(Vault& vault) {
  if (vault.empty()) return 1;
  const Model contents = Contents(vault);
  if (!contents.contains(1)) return 2;
  for (const auto& [id, record] : contents)
    if (!IsWhole(id, record)) return 3;
  if (!vault.Replace(kId, OctetsOf(Plain({{1, 1, "mine"}})))) return 4;
  if (Contents(vault) != Model{{1, "mine"}}) return 5;
  vault.Drop();
  return 0;
}

// A run of changes, made beforehand: a thread that allocates under the forks would lend a child a
// sanitizer's allocator in any state.
struct Changes {
  std::string first;  // another application,
  std::vector<std::string> then;
};

std::vector<Changes> MakeRuns() {
  std::mt19937 random(1);
  std::vector<Changes> runs(50);
  for (Changes& run : runs) {
    run.first = Plain({{1, 1, RecordOf(1, random() % 3000)}});
    for (std::uint64_t version = 2; version < 100; ++version) {
      // The largest make the root grow.
      const auto id = static_cast<std::uint32_t>(1 + random() % 200);
      const bool deletes = id != 1 && random() % 4 == 0;
      run.then.push_back(
          Plain({{id, version, deletes ? std::string() : RecordOf(id, random() % 3000)}}));
    }
  }
  return runs;
}

TEST(VaultTest, AChildForkedAtAnyInstantFindsItWhole) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer does not follow into a child of threads";
#endif
  const std::vector<Changes> runs = MakeRuns();
  Vault vault;
  ASSERT_TRUE(vault.Replace(kId, OctetsOf(runs[0].first)));
  std::atomic<bool> stop = false;
  std::thread churn([&] {
    for (std::size_t i = 0; !stop; ++i) {
      const Changes& run = runs[i % runs.size()];
      vault.Replace(kId, OctetsOf(run.first));
      for (const std::string& update : run.then) vault.Apply(OctetsOf(update));
    }
  });
  for (int i = 0; i < (kSanitized ? 20 : 150); ++i)
    EXPECT_EQ(InChild([&] { return LookAsAChild(vault); }), 0) << "fork " << i;
  stop = true;
  churn.join();
  vault.Drop();
}

std::string InitOf(const Operations::Operation& operation) {
  return std::string(reinterpret_cast<const char*>(operation.init.data), operation.init.size);
}

TEST(OperationsTest, NothingIsKeptOfASessionThatWasNotExpectedOrHasEnded) {
  Operations operations;
  operations.Begin(1, Kind::kSign, 1, OctetsOf("init"));
  EXPECT_EQ(operations.Find(1, Kind::kSign).phase, Operations::Phase::kEmpty);
  ASSERT_TRUE(operations.Expect(1, Kind::kSign));
  operations.EndSession(1);
  operations.Begin(1, Kind::kSign, 1, OctetsOf("init"));
  EXPECT_EQ(operations.Find(1, Kind::kSign).phase, Operations::Phase::kEmpty);
  operations.Drop();
}

TEST(OperationsTest, InitsOfAnyLengthUpToTheLongestAreKept) {
  Operations operations;
  ASSERT_TRUE(operations.Expect(1, Kind::kSign));
  for (const std::size_t size : {1u, 123u, 124u, 125u, 4096u, 5000u, 65'536u, 10u}) {
    const std::string init(size, static_cast<char>('a' + size % 26));
    operations.Begin(1, Kind::kSign, 3, OctetsOf(init));
    const Operations::Operation kept = operations.Find(1, Kind::kSign);
    EXPECT_EQ(kept.phase, Operations::Phase::kBegun);
    EXPECT_EQ(kept.incarnation, 3u);
    EXPECT_TRUE(InitOf(kept) == init) << size;
  }
  const std::string longer(65'537, 'x');
  operations.Begin(1, Kind::kSign, 4, OctetsOf(longer));
  EXPECT_EQ(operations.Find(1, Kind::kSign).phase, Operations::Phase::kPast);
  EXPECT_EQ(operations.Find(1, Kind::kSign).init.size, 0u);
  operations.Drop();
  EXPECT_EQ(operations.MappedBytes(), 0u);
}

std::string FedOf(const Operations::Operation& operation) {
  return {reinterpret_cast<const char*>(operation.fed.data), operation.fed.size};
}

TEST(OperationsTest, InputIsKeptUpToTheMostAndThenNothing) {
  Operations operations;
  ASSERT_TRUE(operations.Expect(1, Kind::kDigest));
  operations.Begin(1, Kind::kDigest, 1, OctetsOf("init"));
  std::string all;
  for (const std::size_t size : {3u, 100u, 30u, 5000u, 1u, 60'000u}) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    all += part;
    operations.Feed(1, Kind::kDigest, 2, OctetsOf(part));
    const Operations::Operation kept = operations.Find(1, Kind::kDigest);
    EXPECT_EQ(kept.phase, Operations::Phase::kBegun);
    EXPECT_EQ(kept.incarnation, 2u);
    EXPECT_EQ(InitOf(kept), "init");
    EXPECT_TRUE(FedOf(kept) == all) << size;
  }
  operations.Feed(1, Kind::kDigest, 2, OctetsOf(std::string(500, 'z')));
  EXPECT_EQ(operations.Find(1, Kind::kDigest).phase, Operations::Phase::kPast);
  EXPECT_EQ(operations.Find(1, Kind::kDigest).init.size, 0u);
  operations.Drop();
}

TEST(OperationsTest, InputOfAnOperationThatEndedIsWiped) {
  Operations operations;
  ASSERT_TRUE(operations.Expect(1, Kind::kEncrypt));
  operations.Begin(1, Kind::kEncrypt, 1, OctetsOf("init"));
  operations.Feed(1, Kind::kEncrypt, 1, OctetsOf("plaintext"));
  const wire::Octets fed = operations.Find(1, Kind::kEncrypt).fed;
  operations.End(1, Kind::kEncrypt);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(fed.data), 9), std::string(9, '\0'));
  operations.Drop();
}

struct Kept {
  bool begun = false;
  std::string init;
  std::string fed;
};

TEST(OperationsTest, AgreesWithAMapUnderChurn) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Operations operations;
  std::map<std::pair<std::uint64_t, Kind>, Kept> model;
  for (int round = 0; round < (kSanitized ? 10'000 : 200'000); ++round) {
    const std::uint64_t session = 1 + random() % 300 + (random() % 2) * (std::uint64_t{1} << 40);
    const auto kind = static_cast<Kind>(random() % shim::kKinds);
    const auto key = std::make_pair(session, kind);
    const auto what = random() % 100;
    if (what < 50) {
      const std::string init(1 + random() % (what == 0 ? 5000 : 130), static_cast<char>(random()));
      ASSERT_TRUE(operations.Expect(session, kind));
      operations.Begin(session, kind, 1, OctetsOf(init));
      model[key] = {true, init, ""};
    } else if (what < 80) {
      operations.End(session, kind);
      if (model.contains(key)) model[key].begun = false;
    } else if (what < 85) {
      const std::string input(random() % 200, static_cast<char>(random()));
      operations.Feed(session, kind, 1, OctetsOf(input));
      if (model.contains(key) && model[key].begun) model[key].fed += input;
    } else if (what < 90) {
      operations.EndSession(session);
      for (int i = 0; i < shim::kKinds; ++i) model.erase({session, static_cast<Kind>(i)});
    }
    const Operations::Operation kept = operations.Find(session, kind);
    ASSERT_EQ(kept.phase > Operations::Phase::kDead, model.contains(key));
    if (!model.contains(key)) continue;
    ASSERT_EQ(kept.phase == Operations::Phase::kBegun, model[key].begun);
    if (model[key].begun) {
      ASSERT_TRUE(InitOf(kept) == model[key].init);
      ASSERT_TRUE(FedOf(kept) == model[key].fed);
    }
  }
  for (const auto& [key, kept] : model) {
    const Operations::Operation found = operations.Find(key.first, key.second);
    EXPECT_EQ(found.phase == Operations::Phase::kBegun, kept.begun);
  }
  operations.Drop();
}

// Sessions come and go; the table stays as large as those that live need it.
TEST(OperationsTest, DeadSessionsTakeNoRoom) {
  Operations operations;
  const std::string init(500, 'i');
  for (std::uint64_t session = 1; session < 20'000; ++session) {
    ASSERT_TRUE(operations.Expect(session, Kind::kSign));
    operations.Begin(session, Kind::kSign, 1, OctetsOf(init));
    if (session > 10) operations.EndSession(session - 10);
  }
  EXPECT_LE(operations.MappedBytes(), 128u << 10);
  operations.Drop();
}

int LookAtOperationsAsAChild(Operations& operations) {
  for (std::uint64_t session = 1; session <= 100; ++session) {
    const Operations::Operation sign = operations.Find(session, Kind::kSign);
    if (sign.phase == Operations::Phase::kBegun &&
        !IsWhole(static_cast<std::uint32_t>(session), InitOf(sign)))
      return 1;
    const Operations::Search search = operations.FindSearch(session);
    for (std::uint32_t i = 0; i < search.left; ++i) {
      std::uint64_t handle = 0;
      std::memcpy(&handle, search.next + i * sizeof(handle), sizeof(handle));
      if (handle != session * 1000) return 2;
    }
    // And it can go on with the table.
    if (!operations.Expect(session, Kind::kDigest)) return 3;
    const std::string init(200, 'd');
    operations.Begin(session, Kind::kDigest, 9, OctetsOf(init));
    operations.Begin(session, Kind::kSign, 9, OctetsOf(init));
    if (InitOf(operations.Find(session, Kind::kDigest)) != init) return 4;
    operations.EndSession(session);
  }
  operations.Drop();
  return 0;
}

// As the runs of the vault: made beforehand.
struct Step {
  std::uint64_t session;
  std::string init;
  std::string handles;
};

std::vector<Step> MakeSteps() {
  std::mt19937 random(1);
  std::vector<Step> steps(5000);
  for (Step& step : steps) {
    step.session = 1 + random() % 100;
    step.init = RecordOf(static_cast<std::uint32_t>(step.session), random() % 3000);
    for (auto i = random() % 40; i > 0; --i) step.handles += U64(step.session * 1000);
  }
  return steps;
}

TEST(OperationsTest, AChildForkedAtAnyInstantFindsThemWhole) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer does not follow into a child of threads";
#endif
  const std::vector<Step> steps = MakeSteps();
  Operations operations;
  std::atomic<bool> stop = false;
  std::thread churn([&] {
    for (std::size_t i = 0; !stop; ++i) {
      const Step& step = steps[i % steps.size()];
      if (i % 7 == 0) operations.EndSession(step.session);
      operations.Expect(step.session, Kind::kSign);
      operations.Begin(step.session, Kind::kSign, 1, OctetsOf(step.init));
      operations.Expect(step.session, Kind::kSearch);
      operations.BeginSearch(step.session, OctetsOf(step.handles), true);
      if (!step.handles.empty()) operations.Advance(step.session, 1);
    }
  });
  for (int i = 0; i < (kSanitized ? 20 : 150); ++i)
    EXPECT_EQ(InChild([&] { return LookAtOperationsAsAChild(operations); }), 0) << "fork " << i;
  stop = true;
  churn.join();
  operations.Drop();
}

}  // namespace
}  // namespace gw::shim_test
