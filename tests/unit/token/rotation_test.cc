// A change of the HSM's master key, against a scripted HSM that knows master keys by one octet, and
// a keystore in memory that outlives the daemon.
#include "daemon/token/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "daemon/keystore/memory_keystore.h"
#include "tests/support/captured_log.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr Byte kOld = 0x01, kNew = 0x02, kAnother = 0x03;

// One daemon's life: the token, its application and the rotation.
struct Life {
  Life(boost::asio::io_context& loop, HsmClient& hsm, Keystore& keystore, const Clock& clock) {
    TokenConfig config;
    config.private_keystore = "9b8c0f1e-0000-4000-8000-000000000001";
    config.public_keystore = "9b8c0f1e-0000-4000-8000-000000000002";
    auto made = std::make_unique<Token>(config, hsm, nullptr, keystore);
    auto contents = keystore.Load();
    made->Adopt(*contents);
    token = made.get();
    tokens.Add(std::move(made));
    application = *applications.Create(ApplicationId{}, Peer{}, Owner{}, FirstNumbers{});
    rotation = std::make_shared<Rotation>(*token, applications, loop.get_executor(),
                                          std::chrono::milliseconds(1), clock);
  }

  TokenTable tokens;
  ApplicationTable applications{tokens, 10};
  Token* token = nullptr;
  ApplicationPtr application;
  std::shared_ptr<Rotation> rotation;
};

Object KeyObject(Byte wrapping_key, Byte value) {
  AttributeList attributes;
  attributes.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  attributes.Set(CKA_GREP11_WKID, Bytes(16, wrapping_key));
  return ObjectFrom(std::move(attributes), ScriptedHsm::KeyUnder(wrapping_key, value));
}

// By which master keys the blobs of an object are wrapped; 0: none.
std::pair<int, int> WrappedBy(const Object& object) {
  const auto name = [](const KeyBlob& key) { return key.empty() ? 0 : key.octets[32]; };
  return {name(object.key), name(object.other)};
}

class RotationTest : public testing::Test {
 protected:
  RotationTest() { Begin(); }
  ~RotationTest() override {
    life_->rotation->Stop();
    loop_.restart();
    loop_.run();
  }

  // The next daemon, on what the last one has stored.
  void Begin() {
    life_.reset();
    hsm_.emplace();
    hsm_->master_key = kOld;
    life_.emplace(loop_, *hsm_, *keystore_, clock_);
  }
  Token& token() { return *life_->token; }
  Rotation& rotation() { return *life_->rotation; }

  template <typename Condition>
  void RunUntil(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.restart();
      loop_.run_one_for(std::chrono::seconds(1));
    }
    ASSERT_TRUE(condition());
  }
  void RunUntilPhase(RotationPhase phase) {
    RunUntil([&] { return rotation().progress().phase == phase; });
  }
  void Activate(Byte master_key) {
    hsm_->master_key = master_key;
    hsm_->next_master_key.reset();
  }
  template <typename T>
  static Awaitable<void> Keep(Awaitable<T> work, std::optional<T>* result) {
    T value = co_await std::move(work);
    result->emplace(std::move(value));
  }
  template <typename T>
  T Await(Awaitable<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(loop_, Keep(std::move(work), &result), boost::asio::detached);
    RunUntil([&] { return result.has_value(); });
    return *std::move(result);
  }
  void AddKeys(int count) {
    std::vector<Object> objects;
    for (int i = 0; i < count; ++i) objects.push_back(KeyObject(kOld, static_cast<Byte>(i + 1)));
    ASSERT_TRUE(Await(token().Insert(std::move(objects))).ok());
  }
  std::vector<std::pair<int, int>> TokenKeys() {
    std::vector<std::pair<int, int>> keys;
    for (const ObjectPtr& object : token().objects().Match({}, true))
      keys.push_back(WrappedBy(*object));
    return keys;
  }
  // The same, as the next daemon would find them.
  std::vector<std::pair<int, int>> StoredKeys() {
    std::vector<std::pair<int, int>> keys;
    auto contents = keystore_->Load();
    for (Record& record : contents->records)
      keys.push_back(WrappedBy(*ObjectOf(std::move(record), SlotId{0})));
    return keys;
  }

  boost::asio::io_context loop_;
  test::ManualClock clock_;
  std::unique_ptr<Keystore> keystore_ = MakeMemoryKeystore();
  std::optional<ScriptedHsm> hsm_;
  std::optional<Life> life_;
};

TEST_F(RotationTest, EachKeyGetsABlobOfTheNextMasterKeyBesideItsOwn) {
  AddKeys(150);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(TokenKeys().size(), 150u);
  EXPECT_THAT(TokenKeys(), Each(std::pair<int, int>(kOld, kNew)));
  EXPECT_EQ(StoredKeys(), TokenKeys());
  EXPECT_EQ(rotation().progress().keys, 150u);
  EXPECT_EQ(rotation().progress().done, 150u);
}

TEST_F(RotationTest, AfterTheActivationTheBlobsChangePlaces) {
  AddKeys(70);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  EXPECT_THAT(TokenKeys(), Each(std::pair<int, int>(kNew, kOld)));
  EXPECT_EQ(StoredKeys(), TokenKeys());
  EXPECT_EQ(token().Setting(TokenSetting::kRotation), nullptr);
  for (const ObjectPtr& object : token().objects().Match({}, true)) {
    EXPECT_EQ(*object->attributes.Find(CKA_GREP11_WKID), Bytes(16, kNew));
    EXPECT_EQ(object->version, 0u);
  }
}

TEST_F(RotationTest, SessionKeysGoAlong) {
  const SessionPtr session = life_->application->OpenSession(token(), true);
  const ObjectPtr key = life_->application->AddSessionObject(KeyObject(kOld, 9), *session);
  const auto now = [&] { return WrappedBy(*life_->application->FindSessionObject(key->number)); };
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(now(), (std::pair<int, int>(kOld, kNew)));
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  EXPECT_EQ(now(), (std::pair<int, int>(kNew, kOld)));
  // The application has to keep it: its record has changed.
  EXPECT_TRUE(life_->application->has_changes());
}

TEST_F(RotationTest, KeysThatComeMeanwhileAreWrappedToo) {
  AddKeys(2);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_TRUE(hsm_->twins().expecting());
  AddKeys(3);
  RunUntil([&] { return rotation().progress().done == 5; });
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kNew)));
}

TEST_F(RotationTest, WithoutACommittedMasterKeyNothingIsChanged) {
  test::CapturedLog log;
  AddKeys(2);
  rotation().Start();
  RunUntil([&] { return !hsm_->twins().expecting() && hsm_->requests["RewrapKeyBlob"] == 1; });
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, 0)));
  EXPECT_EQ(token().Setting(TokenSetting::kRotation), nullptr);
  EXPECT_THAT(log.text(), HasSubstr("no committed next master key"));
}

TEST_F(RotationTest, TheNextDaemonGoesOnWhereThisOneWasKilled) {
  AddKeys(200);
  hsm_->next_master_key = kNew;
  hsm_->meanwhile = [&] {
    if (hsm_->requests["RewrapKeyBlob"] == 100) rotation().Stop();
  };
  rotation().Start();
  RunUntil([&] { return hsm_->requests["RewrapKeyBlob"] == 100; });
  RunUntil([&] { return !hsm_->twins().expecting(); });
  EXPECT_THAT(StoredKeys(), testing::Contains(std::pair<int, int>(kOld, 0)));
  const auto done =
      static_cast<int>(std::ranges::count(StoredKeys(), std::pair<int, int>(kOld, kNew)));
  EXPECT_GE(done, 64);
  Begin();
  hsm_->next_master_key = kNew;
  rotation().Resume();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kNew)));
  // What was done is not done again, but for the one that shows which master key comes next.
  EXPECT_LE(hsm_->requests["RewrapKeyBlob"], 200 - done + 1);
}

TEST_F(RotationTest, TheNextDaemonFindsTheKeyActivated) {
  AddKeys(10);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  life_->rotation->Stop();
  RunUntil([&] { return !hsm_->twins().expecting(); });
  Begin();
  Activate(kNew);
  rotation().Resume();
  RunUntil([&] { return token().Setting(TokenSetting::kRotation) == nullptr; });
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
}

TEST_F(RotationTest, ADaemonThatWasKilledWhileItSwitchedHasLostNothing) {
  AddKeys(10);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  life_->rotation->Stop();
  RunUntil([&] { return !hsm_->twins().expecting(); });
  // Half of them have changed places.
  Mutation mutation;
  auto contents = keystore_->Load();
  for (Record& record : contents->records) {
    if (record.number % 2 == 0) std::swap(record.key, record.other);
    mutation.rewraps.push_back(std::move(record));
  }
  ASSERT_TRUE(Await(keystore_->Commit(std::move(mutation))).ok());
  Begin();
  Activate(kNew);
  rotation().Resume();
  RunUntil([&] { return token().Setting(TokenSetting::kRotation) == nullptr; });
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
}

TEST_F(RotationTest, AMasterKeyThatWasGivenUpIsReplacedByTheNextOne) {
  AddKeys(3);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  hsm_->next_master_key = kAnother;
  clock_.Advance(std::chrono::seconds(11));
  RunUntil([&] { return StoredKeys().front() == std::pair<int, int>(kOld, kAnother); });
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kAnother)));
}

TEST_F(RotationTest, AMasterKeyThatWasGivenUpEndsIt) {
  AddKeys(3);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  hsm_->next_master_key.reset();
  clock_.Advance(std::chrono::seconds(11));
  RunUntilPhase(RotationPhase::kNone);
  for (const auto& [key, other] : StoredKeys()) EXPECT_EQ(key, kOld);
}

// A unit that has activated its next key has none to come.
TEST_F(RotationTest, OneUnitWithoutANextMasterKeyDoesNotEndIt) {
  AddKeys(3);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  hsm_->next_master_key.reset();
  clock_.Advance(std::chrono::seconds(11));
  const int before = hsm_->requests["RewrapKeyBlob"];
  RunUntil([&] { return hsm_->requests["RewrapKeyBlob"] >= before + 3; });
  EXPECT_TRUE(hsm_->twins().expecting());
  hsm_->next_master_key = kNew;
  RunUntilPhase(RotationPhase::kReady);
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
}

TEST_F(RotationTest, KeysOfUnitsThatAreLateAreWrappedAfterTheFirstActivation) {
  AddKeys(3);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  Activate(kNew);
  RunUntilPhase(RotationPhase::kSwitching);
  // Made by a unit that still has the old one, which answers next.
  hsm_->master_key = kOld;
  hsm_->next_master_key = kNew;
  AddKeys(1);
  RunUntil([&] { return rotation().progress().done == 4; });
  EXPECT_EQ(rotation().progress().phase, RotationPhase::kSwitching);
  EXPECT_TRUE(hsm_->twins().expecting());
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
}

TEST_F(RotationTest, TheNextChangeBeginsWhereThisOneEnded) {
  AddKeys(3);
  for (const auto& [now, next] : {std::pair{kOld, kNew}, {kNew, kAnother}, {kAnother, kOld}}) {
    hsm_->next_master_key = next;
    rotation().Start();
    RunUntilPhase(RotationPhase::kReady);
    EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(now, next)));
    Activate(next);
    RunUntilPhase(RotationPhase::kNone);
    RunUntil([&] { return !hsm_->twins().expecting(); });
    EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(next, now)));
  }
}

// The blobs of the former key serve again, and are what the next change begins with.
TEST_F(RotationTest, AfterAWayBackTheFormerBlobsAreWrapped) {
  AddKeys(3);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  RunUntil([&] { return !hsm_->twins().expecting(); });
  hsm_->master_key = kOld;
  hsm_->next_master_key = kAnother;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(rotation().progress().failed, 0u);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kAnother)));
}

TEST_F(RotationTest, AKeyThatCannotBeHadNowDoesNotKeepTheOthersWaiting) {
  AddKeys(5);
  hsm_->next_master_key = kNew;
  bool refused = false;
  hsm_->meanwhile = [&] {
    if (hsm_->requests["RewrapKeyBlob"] == 2 && !std::exchange(refused, true)) {
      hsm_->next_error = UpstreamError(CKR_SESSION_CLOSED, "nobody is logged in");
    }
  };
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_TRUE(refused);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kNew)));
}

TEST_F(RotationTest, AChangeThatBeganBeforeTheSwitchDoesNotTakeItBack) {
  AddKeys(1);
  const ObjectPtr before = token().objects().Match({}, true).front();
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  AttributeList attributes = before->attributes;
  attributes.SetText(CKA_LABEL, "renamed");
  const auto replaced = Await(token().Replace(before, attributes, before->key));
  ASSERT_TRUE(replaced.ok());
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
  EXPECT_EQ(*(*replaced)->attributes.Find(CKA_GREP11_WKID), Bytes(16, kNew));
}

TEST_F(RotationTest, AKeyOfAnotherMasterKeyIsNamedAndTheOthersGoOn) {
  test::CapturedLog log;
  AddKeys(2);
  std::vector<Object> stray;
  stray.push_back(KeyObject(kAnother, 7));
  ASSERT_TRUE(Await(token().Insert(std::move(stray))).ok());
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(rotation().progress().done, 2u);
  EXPECT_EQ(rotation().progress().failed, 1u);
  EXPECT_THAT(log.text(), HasSubstr("token object 3 cannot be re-wrapped"));
}

TEST_F(RotationTest, WhatIsNotNeededAnyMoreIsForgotten) {
  AddKeys(3);
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  rotation().Forget();
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kNew)));  // not while it is under way
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  RunUntil([&] { return !hsm_->twins().expecting(); });
  rotation().Forget();
  RunUntil([&] { return hsm_->twins().empty(); });
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, 0)));
  EXPECT_EQ(StoredKeys(), TokenKeys());
}

TEST_F(RotationTest, CertificatesAndPublicKeysWithoutMacAreNoWork) {
  std::vector<Object> objects;
  objects.push_back(ObjectFrom(AttributeList(), KeyBlob{}));
  objects.push_back(ObjectFrom(AttributeList(), KeyBlob{Bytes{0x30, 0x01, 0x05}}));
  ASSERT_TRUE(Await(token().Insert(std::move(objects))).ok());
  hsm_->next_master_key = kNew;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(rotation().progress().keys, 0u);
  EXPECT_EQ(hsm_->requests["RewrapKeyBlob"], 0);
}

}  // namespace
}  // namespace gw
