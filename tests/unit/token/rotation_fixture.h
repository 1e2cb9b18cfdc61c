// A change of the HSM's master key, against a scripted HSM that knows master keys by one octet, and
// a keystore in memory that outlives the daemon.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "daemon/keystore/memory_keystore.h"
#include "daemon/token/rotation.h"
#include "tests/support/captured_log.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {

inline constexpr Byte kOld = 0x01, kNew = 0x02, kAnother = 0x03;

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

inline Object KeyObject(Byte wrapping_key, Byte value) {
  AttributeList attributes;
  attributes.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  attributes.Set(CKA_GREP11_WKID, Bytes(16, wrapping_key));
  return ObjectFrom(std::move(attributes), ScriptedHsm::KeyUnder(wrapping_key, value));
}

// By which master keys the blobs of an object are wrapped; 0: none.
inline std::pair<int, int> WrappedBy(const Object& object) {
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
  // Every key has its blob under the next master key.
  void GetReady() {
    hsm_->next_master_key = kNew;
    rotation().Start();
    RunUntilPhase(RotationPhase::kReady);
  }
  void Stop() {
    rotation().Stop();
    RunUntil([&] { return !hsm_->twins().expecting(); });
  }
  void RunToItsEnd() {
    RunUntil([&] { return token().Setting(TokenSetting::kRotation) == nullptr; });
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

}  // namespace gw
