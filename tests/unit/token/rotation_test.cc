// Room: tests/unit/token.
#include "daemon/token/rotation.h"

#include "tests/unit/token/rotation_fixture.h"

namespace gw {
namespace {

using testing::Each;
using testing::HasSubstr;

TEST_F(RotationTest, EachKeyGetsABlobOfTheNextMasterKeyBesideItsOwn) {
  AddKeys(150);
  GetReady();
  EXPECT_EQ(TokenKeys().size(), 150u);
  EXPECT_THAT(TokenKeys(), Each(std::pair<int, int>(kOld, kNew)));
  EXPECT_EQ(StoredKeys(), TokenKeys());
  EXPECT_EQ(rotation().progress().keys, 150u);
  EXPECT_EQ(rotation().progress().done, 150u);
}

TEST_F(RotationTest, AfterTheActivationTheBlobsChangePlaces) {
  AddKeys(70);
  GetReady();
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

TEST_F(RotationTest, KeysThatComeMeanwhileAreWrappedToo) {
  AddKeys(2);
  GetReady();
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
  GetReady();
  Stop();
  Begin();
  Activate(kNew);
  rotation().Resume();
  RunToItsEnd();
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
}

TEST_F(RotationTest, ADaemonThatWasKilledWhileItSwitchedHasLostNothing) {
  AddKeys(10);
  GetReady();
  Stop();
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
  RunToItsEnd();
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kNew, kOld)));
}

TEST_F(RotationTest, AMasterKeyThatWasGivenUpIsReplacedByTheNextOne) {
  AddKeys(3);
  GetReady();
  hsm_->next_master_key = kAnother;
  clock_.Advance(std::chrono::seconds(11));
  RunUntil([&] { return StoredKeys().front() == std::pair<int, int>(kOld, kAnother); });
  RunUntilPhase(RotationPhase::kReady);
  EXPECT_THAT(StoredKeys(), Each(std::pair<int, int>(kOld, kAnother)));
}

TEST_F(RotationTest, AMasterKeyThatWasGivenUpEndsIt) {
  AddKeys(3);
  GetReady();
  hsm_->next_master_key.reset();
  clock_.Advance(std::chrono::seconds(11));
  RunUntilPhase(RotationPhase::kNone);
  for (const auto& [key, other] : StoredKeys()) EXPECT_EQ(key, kOld);
}

// A unit that has activated its next key has none to come.
TEST_F(RotationTest, OneUnitWithoutANextMasterKeyDoesNotEndIt) {
  AddKeys(3);
  GetReady();
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
  GetReady();
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
  GetReady();
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
  GetReady();
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
  GetReady();
  EXPECT_EQ(rotation().progress().done, 2u);
  EXPECT_EQ(rotation().progress().failed, 1u);
  EXPECT_THAT(log.text(), HasSubstr("token object 3 cannot be re-wrapped"));
}

TEST_F(RotationTest, WhatIsNotNeededAnyMoreIsForgotten) {
  AddKeys(3);
  GetReady();
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
  GetReady();
  EXPECT_EQ(rotation().progress().keys, 0u);
  EXPECT_EQ(hsm_->requests["RewrapKeyBlob"], 0);
}

}  // namespace
}  // namespace gw
