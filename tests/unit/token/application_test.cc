// Room: tests. Sessions, logins, handles and visibility of one application.
#include "daemon/token/application.h"

#include <gmock/gmock.h>

#include "daemon/keystore/memory_keystore.h"
#include "daemon/token/application_table.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ApplicationTest : public testing::Test {
 protected:
  ApplicationTest() : keystore_(MakeMemoryKeystore()) {
    TokenConfig config;
    config.private_keystore = "aaaaaaaa-0000-4000-8000-000000000001";
    config.public_keystore = "aaaaaaaa-0000-4000-8000-000000000002";
    tokens_.Add(std::make_unique<Token>(config, hsm_, nullptr, *keystore_));
    Peer peer;
    peer.pid = 100;
    application_ = *applications_.Create(ApplicationId{1}, peer, Owner{}, FirstNumbers{});
  }

  Token& token() { return *tokens_.Find(SlotId{0}); }

  static Object Data(bool is_private, std::string_view label) {
    AttributeList attributes;
    attributes.SetUlong(CKA_CLASS, CKO_DATA);
    attributes.SetBool(CKA_PRIVATE, is_private);
    attributes.SetText(CKA_LABEL, label);
    return ObjectFrom(std::move(attributes), KeyBlob{});
  }

  static KeystoreContents Stored(const TokenConfig& config) {
    KeystoreContents contents;
    for (const bool is_private : {false, true}) {
      Record record;
      record.number = is_private ? 8 : 7;
      record.keystore = is_private ? config.private_keystore : config.public_keystore;
      record.attributes = Data(is_private, "stored").attributes;
      record.attributes.SetBool(CKA_TOKEN, true);
      contents.records.push_back(record);
    }
    return contents;
  }

  void AdoptStored() {
    KeystoreContents contents = Stored(token().config());
    token().Adopt(contents);
  }

  ScriptedHsm hsm_;
  std::unique_ptr<Keystore> keystore_;
  TokenTable tokens_;
  ApplicationTable applications_{tokens_, 2};
  ApplicationPtr application_;
};

TEST_F(ApplicationTest, SessionHandlesAreNeverZeroAndNeverReused) {
  const SessionPtr first = application_->OpenSession(token(), true);
  application_->CloseSession(token(), *first);
  const SessionPtr second = application_->OpenSession(token(), true);
  EXPECT_NE(ToNumber(first->handle), 0u);
  EXPECT_NE(first->handle, second->handle);
  EXPECT_EQ(application_->FindSession(first->handle), nullptr);
}

TEST_F(ApplicationTest, ClosingASessionDestroysItsObjectsAndNoOthers) {
  const SessionPtr one = application_->OpenSession(token(), true);
  const SessionPtr two = application_->OpenSession(token(), true);
  const ObjectHandle gone =
      application_->HandleOf(*application_->AddSessionObject(Data(false, "a"), *one));
  const ObjectHandle kept =
      application_->HandleOf(*application_->AddSessionObject(Data(false, "b"), *two));
  application_->CloseSession(token(), *one);
  EXPECT_EQ(application_->FindObject(token(), gone), nullptr);
  EXPECT_NE(application_->FindObject(token(), kept), nullptr);
}

TEST_F(ApplicationTest, ClosingTheLastSessionLogsOut) {
  const SessionPtr session = application_->OpenSession(token(), true);
  application_->LogIn(token(), UserState::kNormal, nullptr);
  application_->CloseSession(token(), *session);
  EXPECT_EQ(application_->LoginOf(token().slot()).user, UserState::kAnonymous);
}

TEST_F(ApplicationTest, PrivateObjectsAreSeenByTheNormalUserOnly) {
  AdoptStored();
  const AttributeList everything;
  EXPECT_EQ(application_->MatchObjects(token(), everything).size(), 1u);
  application_->LogIn(token(), UserState::kSecurityOfficer, nullptr);
  EXPECT_EQ(application_->MatchObjects(token(), everything).size(), 1u);
  application_->LogOut(token());
  application_->LogIn(token(), UserState::kNormal, nullptr);
  EXPECT_EQ(application_->MatchObjects(token(), everything).size(), 2u);
}

TEST_F(ApplicationTest, AHandleOfAPrivateObjectDiesWithTheLoginForEver) {
  AdoptStored();
  application_->LogIn(token(), UserState::kNormal, nullptr);
  const ObjectHandle old = application_->HandleOf(*token().objects().Find(8));
  application_->LogOut(token());
  EXPECT_EQ(application_->FindObject(token(), old), nullptr);
  application_->LogIn(token(), UserState::kNormal, nullptr);
  EXPECT_EQ(application_->FindObject(token(), old), nullptr);
  EXPECT_NE(application_->FindObject(token(), application_->HandleOf(*token().objects().Find(8))),
            nullptr);
}

TEST_F(ApplicationTest, AHandleOfAPublicTokenObjectOutlivesLoginsAndIsTheSameForAllApplications) {
  AdoptStored();
  const ObjectHandle handle = application_->HandleOf(*token().objects().Find(7));
  application_->LogIn(token(), UserState::kNormal, nullptr);
  application_->LogOut(token());
  EXPECT_NE(application_->FindObject(token(), handle), nullptr);
  const ApplicationPtr other =
      *applications_.Create(ApplicationId{2}, Peer{}, Owner{}, FirstNumbers{});
  EXPECT_EQ(other->HandleOf(*token().objects().Find(7)), handle);
}

TEST_F(ApplicationTest, SessionObjectsOfOneApplicationDoNotExistForAnother) {
  const SessionPtr session = application_->OpenSession(token(), true);
  const ObjectHandle handle =
      application_->HandleOf(*application_->AddSessionObject(Data(false, "mine"), *session));
  const ApplicationPtr other =
      *applications_.Create(ApplicationId{2}, Peer{}, Owner{}, FirstNumbers{});
  EXPECT_EQ(other->FindObject(token(), handle), nullptr);
  EXPECT_THAT(other->MatchObjects(token(), AttributeList{}), IsEmpty());
}

TEST_F(ApplicationTest, FindByLabelGivesEveryMatchOnceInOrder) {
  const SessionPtr session = application_->OpenSession(token(), true);
  AdoptStored();
  const ObjectPtr mine = application_->AddSessionObject(Data(false, "stored"), *session);
  application_->AddSessionObject(Data(false, "other"), *session);
  AttributeList wanted;
  wanted.SetText(CKA_LABEL, "stored");
  EXPECT_THAT(application_->MatchObjects(token(), wanted),
              ElementsAre(application_->HandleOf(*mine),
                          application_->HandleOf(*token().objects().Find(7))));
}

TEST_F(ApplicationTest, AProcessJoinsItsOwnApplicationAndNoOther) {
  Peer same;
  same.pid = 100;
  same.uid = 7;
  ASSERT_TRUE(applications_.Create(ApplicationId{2}, same, Owner{7, ""}, FirstNumbers{}));
  EXPECT_TRUE(applications_.Join(ApplicationId{2}, same));
  Peer other_process = same;
  other_process.pid = 101;
  Peer other_user = same;
  other_user.uid = 8;
  for (const Peer& peer : {other_process, other_user}) {
    EXPECT_EQ(applications_.Join(ApplicationId{2}, peer).error().rv, CKR_SESSION_HANDLE_INVALID);
  }
  EXPECT_EQ(applications_.Join(ApplicationId{9}, same).error().rv, CKR_SESSION_HANDLE_INVALID);
}

TEST_F(ApplicationTest, AProcessThatRootStartedStaysItselfWhenItDropsPrivileges) {
  Peer dropped;
  dropped.pid = 100;
  dropped.uid = 33;
  EXPECT_TRUE(applications_.Join(ApplicationId{1}, dropped));
}

// What an application is told to keep, as record numbers.
std::vector<std::uint32_t> NumbersOf(const std::vector<RecordChange>& changes) {
  std::vector<std::uint32_t> numbers;
  for (const RecordChange& change : changes) numbers.push_back(change.record);
  return numbers;
}

TEST_F(ApplicationTest, EveryChangeOfWhatItOwnsIsARecordToKeep) {
  const SessionPtr session = application_->OpenSession(token(), true);
  EXPECT_THAT(NumbersOf(application_->TakeChanges()), ElementsAre(2));
  application_->LogIn(token(), UserState::kNormal, nullptr);
  EXPECT_THAT(NumbersOf(application_->TakeChanges()), ElementsAre(3));
  const ObjectPtr object = application_->AddSessionObject(Data(true, "a"), *session);
  EXPECT_THAT(NumbersOf(application_->TakeChanges()), ElementsAre(4));
  application_->PutSessionObject(object);
  EXPECT_THAT(NumbersOf(application_->TakeChanges()), ElementsAre(4));
  application_->LogOut(token());
  EXPECT_THAT(NumbersOf(application_->TakeChanges()), testing::UnorderedElementsAre(3, 4));
  application_->CloseSession(token(), *session);
  const auto last = application_->TakeChanges();
  EXPECT_THAT(NumbersOf(last), ElementsAre(2));
  EXPECT_EQ(last.front().kind, RecordChange::Kind::kDeleted);
  EXPECT_FALSE(application_->has_changes());
}

TEST_F(ApplicationTest, RecordNumbersAreUsedAgain) {
  for (int round = 0; round < 3; ++round) {
    const SessionPtr session = application_->OpenSession(token(), true);
    EXPECT_EQ(session->record, 2u);
    application_->CloseSession(token(), *session);
  }
}

TEST_F(ApplicationTest, AnObjectDestroyedMeanwhileStaysDestroyed) {
  const SessionPtr session = application_->OpenSession(token(), true);
  const ObjectPtr object = application_->AddSessionObject(Data(false, "a"), *session);
  application_->RemoveSessionObject(object->number);
  EXPECT_EQ(application_->session_object_bytes(), 0u);
  application_->PutSessionObject(object);
  EXPECT_EQ(application_->session_object_count(), 0u);
}

TEST_F(ApplicationTest, TheTableHasALimitAndRemovalMakesRoom) {
  const ApplicationPtr second =
      *applications_.Create(ApplicationId{2}, Peer{}, Owner{}, FirstNumbers{});
  EXPECT_EQ(applications_.Create(ApplicationId{3}, Peer{}, Owner{}, FirstNumbers{}).error().rv,
            CKR_HOST_MEMORY);
  second->OpenSession(token(), true);
  EXPECT_EQ(token().sessions, 1u);
  applications_.Remove(*second);
  EXPECT_EQ(token().sessions, 0u);
  EXPECT_TRUE(applications_.Create(ApplicationId{3}, Peer{}, Owner{}, FirstNumbers{}));
}

}  // namespace
}  // namespace gw
