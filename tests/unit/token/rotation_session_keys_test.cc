// Room: tests/unit/token. Session keys while the master key is changed: those of working
// applications, and of idle ones that the next daemon does not hear of.
#include "tests/unit/token/rotation_fixture.h"

namespace gw {
namespace {

using testing::HasSubstr;

constexpr Byte kValue = 99;

class SessionKeyTest : public RotationTest {
 protected:
  ObjectPtr AddSessionKey(Byte wrapping_key = kOld, Byte value = kValue) {
    const SessionPtr session = life_->application->OpenSession(token(), true);
    return life_->application->AddSessionObject(KeyObject(wrapping_key, value), *session);
  }
  // What the application's sealed record says is put back, as at its first call to this daemon.
  ObjectPtr Return(Object object) {
    Application& application = *life_->application;
    EXPECT_TRUE(application.RestoreSession(token(), SessionHandle{7}, true, 2));
    object.number = 5;
    object.owner = SessionHandle{7};
    const bool changed = token().MeetAgain(object);
    EXPECT_TRUE(application.RestoreObject(std::move(object), 3, changed));
    return application.FindSessionObject(5);
  }
  bool IsListed() { return token().Setting(TokenSetting::kRotationSessionKeys) != nullptr; }
  // The daemon ends as if it were killed, and its successor begins.
  void Kill() {
    Stop();
    Begin();
  }
  void ReadyAndActive() {
    GetReady();
    Activate(kNew);
    RunUntilPhase(RotationPhase::kNone);
    RunUntil([&] { return !hsm_->twins().expecting(); });
  }
};

TEST_F(SessionKeyTest, OfAnIdleApplicationIsWrappedByTheNextDaemonAndOutlivesTheActivation) {
  AddKeys(5);
  AddSessionKey();
  hsm_->next_master_key = kNew;
  // Killed as soon as the HSM is asked at all.
  hsm_->meanwhile = [&] { rotation().Stop(); };
  rotation().Start();
  RunUntil([&] { return hsm_->requests["RewrapKeyBlob"] == 1; });
  Kill();
  hsm_->next_master_key = kNew;
  rotation().Resume();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(rotation().progress().keys, 6u);
  EXPECT_EQ(rotation().progress().done, 6u);
  // Killed again; activated before the next one is there.
  Kill();
  Activate(kNew);
  rotation().Resume();
  RunToItsEnd();
  // And once more, when all is over.
  Kill();
  hsm_->master_key = kNew;
  rotation().Resume();
  const ObjectPtr key = Return(KeyObject(kOld, kValue));
  EXPECT_EQ(WrappedBy(*key), (std::pair<int, int>(kNew, kOld)));
  EXPECT_EQ(*key->attributes.Find(CKA_GREP11_WKID), Bytes(16, kNew));
  // Its record is sealed anew.
  EXPECT_TRUE(life_->application->has_changes());
}

TEST_F(SessionKeyTest, IsListedBeforeAnythingIsWrapped) {
  AddSessionKey();
  hsm_->next_master_key = kNew;
  int listed = 0;
  hsm_->meanwhile = [&] { listed += IsListed() ? 1 : 0; };
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_GT(listed, 0);
  EXPECT_GE(listed, hsm_->requests["RewrapKeyBlob"]);
}

TEST_F(SessionKeyTest, ThatIsMadeWhileItWaitsIsListedByTheNextRound) {
  hsm_->next_master_key = kNew;
  AddKeys(1);
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_FALSE(IsListed());
  AddSessionKey();
  RunUntil([&] { return rotation().progress().done == 2 && IsListed(); });
  Kill();
  Activate(kNew);
  rotation().Resume();
  EXPECT_EQ(WrappedBy(*Return(KeyObject(kOld, kValue))), (std::pair<int, int>(kOld, kNew)));
  RunToItsEnd();
  EXPECT_EQ(WrappedBy(*life_->application->FindSessionObject(5)),
            (std::pair<int, int>(kNew, kOld)));
}

TEST_F(SessionKeyTest, WhoseApplicationComesBackIsCountedOnce) {
  AddSessionKey();
  GetReady();
  Kill();
  hsm_->next_master_key = kNew;
  rotation().Resume();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(rotation().progress().keys, 1u);
  const ObjectPtr key = Return(KeyObject(kOld, kValue));
  EXPECT_EQ(WrappedBy(*key), (std::pair<int, int>(kOld, kNew)));
  const int looks = hsm_->requests["LookAtKey"];
  RunUntil([&] { return hsm_->requests["LookAtKey"] >= looks + 2; });
  EXPECT_EQ(rotation().progress().keys, 1u);
  EXPECT_EQ(rotation().progress().done, 1u);
}

TEST_F(SessionKeyTest, OfTheListIsNotSweptAway) {
  AddSessionKey();
  GetReady();
  Kill();
  hsm_->next_master_key = kNew;
  rotation().Resume();
  RunUntilPhase(RotationPhase::kReady);
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(std::chrono::seconds(601));
    const int looks = hsm_->requests["LookAtKey"];
    RunUntil([&] { return hsm_->requests["LookAtKey"] >= looks + 2; });
  }
  const KeyBlob next = hsm_->twins().Of(TwinSide::kAfter, ScriptedHsm::KeyUnder(kOld, kValue));
  EXPECT_EQ(next.octets, ScriptedHsm::KeyUnder(kNew, kValue).octets);
}

TEST_F(SessionKeyTest, IsListedUntilItIsForgottenAndAnewByTheNextChange) {
  AddSessionKey();
  ReadyAndActive();
  EXPECT_TRUE(IsListed());
  rotation().Forget();
  RunUntil([&] { return hsm_->twins().empty(); });
  EXPECT_FALSE(IsListed());
  hsm_->next_master_key = kAnother;
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_TRUE(IsListed());
  EXPECT_EQ(rotation().progress().done, 1u);
}

TEST_F(SessionKeyTest, OfTheListIsWrappedByTheNextChangeToo) {
  AddSessionKey();
  ReadyAndActive();
  Begin();
  hsm_->master_key = kNew;
  hsm_->next_master_key = kAnother;
  rotation().Resume();
  rotation().Start();
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_EQ(rotation().progress().done, 1u);
  Activate(kAnother);
  RunUntilPhase(RotationPhase::kNone);
  EXPECT_EQ(WrappedBy(*Return(KeyObject(kNew, kValue))), (std::pair<int, int>(kAnother, kNew)));
}

TEST_F(SessionKeyTest, AListThatCannotBeReadIsSaidAndIgnored) {
  std::map<TokenSetting, Bytes> settings;
  settings[TokenSetting::kRotationSessionKeys] = Bytes(7, 0xff);
  ASSERT_TRUE(Await(token().Store(std::move(settings))).ok());
  Begin();
  const test::CapturedLog log;
  rotation().Resume();
  EXPECT_THAT(log.text(), HasSubstr("the list of session keys"));
  AddKeys(2);
  ReadyAndActive();
  EXPECT_EQ(rotation().progress().keys, 2u);
}

TEST_F(SessionKeyTest, GoesAlong) {
  const SessionPtr session = life_->application->OpenSession(token(), true);
  const ObjectPtr key = life_->application->AddSessionObject(KeyObject(kOld, 9), *session);
  const auto now = [&] { return WrappedBy(*life_->application->FindSessionObject(key->number)); };
  GetReady();
  EXPECT_EQ(now(), (std::pair<int, int>(kOld, kNew)));
  Activate(kNew);
  RunUntilPhase(RotationPhase::kNone);
  EXPECT_EQ(now(), (std::pair<int, int>(kNew, kOld)));
  // The application has to keep it: its record has changed.
  EXPECT_TRUE(life_->application->has_changes());
}

}  // namespace
}  // namespace gw
