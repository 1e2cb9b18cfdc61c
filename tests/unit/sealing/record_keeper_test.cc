// Room: tests. An application's state as sealed records: away and back, and who may bring it.
#include "daemon/sealing/record_keeper.h"

#include <gmock/gmock.h>

#include <map>

#include "daemon/keystore/memory_keystore.h"
#include "tests/support/captured_log.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

// What a shim keeps: the newest version of each record.
using Kept = std::map<std::uint32_t, Bytes>;

void Apply(Kept& kept, const std::vector<RecordUpdate>& updates) {
  for (const RecordUpdate& update : updates) {
    if (update.octets.empty()) {
      kept.erase(update.number);
    } else {
      kept[update.number] = update.octets;
    }
  }
}

std::vector<SealedRecord> Presented(const Kept& kept) {
  std::vector<SealedRecord> records;
  for (const auto& [number, octets] : kept) records.push_back({number, octets});
  return records;
}

// One daemon's life; all lives have one seal key.
struct Daemon {
  Daemon() {
    TokenConfig config;
    config.private_keystore = "aaaaaaaa-0000-4000-8000-000000000001";
    config.public_keystore = "aaaaaaaa-0000-4000-8000-000000000002";
    tokens.Add(std::make_unique<Token>(config, hsm, nullptr, *keystore));
  }

  Token& token() { return *tokens.Find(SlotId{0}); }

  ScriptedHsm hsm;
  std::unique_ptr<Keystore> keystore = MakeMemoryKeystore();
  TokenTable tokens;
  ApplicationTable applications{tokens, 8};
  RecordKeeper keeper{SecretBytes(ByteView(Bytes(Sealer::kKeyBytes, 0x5a))), tokens, applications};
};

constexpr std::size_t kMostSessions = 100;

Peer MakePeer(pid_t pid, uid_t uid, std::string unit = "") {
  Peer peer;
  peer.pid = pid;
  peer.uid = uid;
  peer.unit = std::move(unit);
  return peer;
}

Object Data(bool is_private, std::string_view label) {
  AttributeList attributes;
  attributes.SetUlong(CKA_CLASS, CKO_DATA);
  attributes.SetBool(CKA_PRIVATE, is_private);
  attributes.SetText(CKA_LABEL, label);
  return ObjectFrom(std::move(attributes), KeyBlob{Bytes(40, 0x77)});
}

class RecordKeeperTest : public testing::Test {
 protected:
  RecordKeeperTest() {
    application_ = *before_.keeper.Begin(peer_);
    Apply(kept_, before_.keeper.TakeAll(*application_));
    read_write_ = application_->OpenSession(before_.token(), true);
    read_only_ = application_->OpenSession(before_.token(), false);
    application_->LogIn(before_.token(), UserState::kNormal, nullptr);
    object_ = application_->AddSessionObject(Data(true, "mine"), *read_write_);
    Save();
  }

  void Save() { Apply(kept_, before_.keeper.TakeUpdates(*application_)); }
  Result<ApplicationPtr> Restore(const Kept& kept, const Peer& peer) {
    return after_.keeper.Restore(application_->id(), Presented(kept), peer, kMostSessions);
  }

  const Peer peer_ = MakePeer(100, 33);
  Daemon before_;
  Daemon after_;
  ApplicationPtr application_;
  SessionPtr read_write_;
  SessionPtr read_only_;
  ObjectPtr object_;
  Kept kept_;
};

TEST_F(RecordKeeperTest, HandlesLoginAndObjectsAreTheSameUnderTheNextDaemon) {
  const ObjectHandle handle = application_->HandleOf(*object_);
  auto restored = Restore(kept_, peer_);
  ASSERT_TRUE(restored) << restored.error().detail;
  Application& back = **restored;
  EXPECT_EQ(back.id(), application_->id());
  EXPECT_EQ(back.session_count(), 2u);
  ASSERT_NE(back.FindSession(read_write_->handle), nullptr);
  EXPECT_TRUE(back.FindSession(read_write_->handle)->read_write);
  EXPECT_FALSE(back.FindSession(read_only_->handle)->read_write);
  EXPECT_EQ(back.LoginOf(SlotId{0}).user, UserState::kNormal);
  EXPECT_EQ(back.LoginOf(SlotId{0}).generation, application_->LoginOf(SlotId{0}).generation);
  const ObjectPtr object = back.FindObject(after_.token(), handle);
  ASSERT_NE(object, nullptr);
  EXPECT_TRUE(object->attributes == object_->attributes);
  EXPECT_EQ(object->key.octets, object_->key.octets);
  EXPECT_EQ(after_.token().sessions, 2u);
  EXPECT_FALSE(back.has_changes());
}

TEST_F(RecordKeeperTest, WhatWasClosedLoggedOutOrDestroyedDoesNotComeBack) {
  application_->LogOut(before_.token());
  application_->CloseSession(before_.token(), *read_only_);
  Save();
  EXPECT_THAT(kept_, SizeIs(2));
  auto restored = Restore(kept_, peer_);
  ASSERT_TRUE(restored);
  EXPECT_EQ((*restored)->session_count(), 1u);
  EXPECT_EQ((*restored)->session_object_count(), 0u);
  EXPECT_EQ((*restored)->LoginOf(SlotId{0}).user, UserState::kAnonymous);
}

TEST_F(RecordKeeperTest, WhatIsMadeAfterComingBackTakesNoHandleOrRecordThatIsInUse) {
  auto restored = Restore(kept_, peer_);
  ASSERT_TRUE(restored);
  const SessionPtr fresh = (*restored)->OpenSession(after_.token(), true);
  EXPECT_NE(fresh->handle, read_write_->handle);
  EXPECT_NE(fresh->handle, read_only_->handle);
  EXPECT_FALSE(kept_.contains(fresh->record));
  Apply(kept_, after_.keeper.TakeUpdates(**restored));
  Daemon third;
  EXPECT_TRUE(third.keeper.Restore(application_->id(), Presented(kept_), peer_, kMostSessions));
}

TEST_F(RecordKeeperTest, AForkedChildHasTheSameHandlesInAnApplicationOfItsOwn) {
  const Peer child = MakePeer(101, 33);
  auto clone = before_.keeper.Clone(application_->id(), Presented(kept_), child, kMostSessions);
  ASSERT_TRUE(clone);
  EXPECT_NE((*clone)->id(), application_->id());
  EXPECT_NE((*clone)->FindSession(read_write_->handle), nullptr);
  (*clone)->CloseAllSessions(before_.token());
  EXPECT_EQ(application_->session_count(), 2u);
}

TEST_F(RecordKeeperTest, ACloneHasRecordsOfItsOwnThatNoOtherApplicationCanUse) {
  auto clone =
      before_.keeper.Clone(application_->id(), Presented(kept_), MakePeer(101, 33), kMostSessions);
  ASSERT_TRUE(clone);
  Kept own;
  Apply(own, before_.keeper.TakeAll(**clone));
  EXPECT_THAT(own, SizeIs(kept_.size()));
  EXPECT_FALSE(Restore(own, peer_));
  EXPECT_TRUE(
      after_.keeper.Restore((*clone)->id(), Presented(own), MakePeer(101, 33), kMostSessions));
}

TEST_F(RecordKeeperTest, RecordsOfALivingApplicationMakeACloneForAnotherProcess) {
  auto other = before_.keeper.Restore(application_->id(), Presented(kept_), MakePeer(101, 33),
                                      kMostSessions);
  ASSERT_TRUE(other);
  EXPECT_NE((*other)->id(), application_->id());
  auto same = before_.keeper.Restore(application_->id(), Presented(kept_), peer_, kMostSessions);
  ASSERT_TRUE(same);
  EXPECT_EQ(*same, application_);
}

TEST_F(RecordKeeperTest, AnotherUserIsRefusedAndTheLogSaysWho) {
  test::CapturedLog log;
  const auto refused = Restore(kept_, MakePeer(200, 34));
  EXPECT_EQ(refused.error().rv, CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(after_.applications.size(), 0u);
  EXPECT_NE(log.text().find("process 200 (uid 34"), std::string::npos);
  EXPECT_FALSE(
      before_.keeper.Clone(application_->id(), Presented(kept_), MakePeer(200, 34), kMostSessions));
}

TEST_F(RecordKeeperTest, AProcessOfTheSameUnitAndAChildOfRootMayPresentThem) {
  struct Case {
    Peer owner;
    Peer presenter;
    bool accepted;
  };
  const std::vector<Case> cases = {
      {MakePeer(1, 33, "web.service"), MakePeer(2, 34, "web.service"), true},
      {MakePeer(1, 33, "web.service"), MakePeer(2, 34, "other.service"), false},
      {MakePeer(1, 33, ""), MakePeer(2, 34, ""), false},
      {MakePeer(1, 0, ""), MakePeer(2, 34, ""), true},
      {MakePeer(1, 33, ""), MakePeer(2, 0, ""), false},
  };
  for (const Case& each : cases) {
    Daemon daemon;
    auto owner = daemon.keeper.Begin(each.owner);
    Kept kept;
    Apply(kept, daemon.keeper.TakeAll(**owner));
    EXPECT_EQ(
        after_.keeper.Restore((*owner)->id(), Presented(kept), each.presenter, kMostSessions).ok(),
        each.accepted)
        << each.owner.uid << each.owner.unit << " " << each.presenter.uid << each.presenter.unit;
  }
}

TEST_F(RecordKeeperTest, EveryAlteredOctetIsNoticed) {
  for (const auto& [number, octets] : kept_) {
    for (std::size_t at = 0; at < octets.size(); at += 7) {
      Kept altered = kept_;
      altered[number][at] ^= 0x10;
      EXPECT_FALSE(Restore(altered, peer_)) << number << " at " << at;
    }
  }
  EXPECT_EQ(after_.applications.size(), 0u);
  EXPECT_EQ(after_.token().sessions, 0u);
}

TEST_F(RecordKeeperTest, ARecordInAnotherPlaceIsNoticed) {
  Kept swapped = kept_;
  std::swap(swapped[read_write_->record], swapped[read_only_->record]);
  EXPECT_FALSE(Restore(swapped, peer_));
}

TEST_F(RecordKeeperTest, MissingRecordsAreNoticed) {
  Kept without_owner = kept_;
  without_owner.erase(1);
  EXPECT_FALSE(Restore(without_owner, peer_));
  Kept without_session = kept_;
  without_session.erase(read_write_->record);
  EXPECT_FALSE(Restore(without_session, peer_));
  EXPECT_EQ(after_.applications.size(), 0u);
}

TEST_F(RecordKeeperTest, RecordsUnderAnIdThatIsNotTheirsAreRefused) {
  EXPECT_FALSE(after_.keeper.Restore(ApplicationId{1}, Presented(kept_), peer_, kMostSessions));
}

TEST_F(RecordKeeperTest, MoreSessionsThanAllowedDoNotComeBack) {
  EXPECT_EQ(after_.keeper.Restore(application_->id(), Presented(kept_), peer_, 1).error().rv,
            CKR_HOST_MEMORY);
  EXPECT_EQ(after_.token().sessions, 0u);
}

TEST_F(RecordKeeperTest, AnApiKeyIsNotReadableInARecord) {
  class Known : public Identity {
   public:
    std::string_view name() const override { return "iam"; }
    ByteView api_key() const override { return ViewOf("planted-api-key"); }
  };
  application_->LogOut(before_.token());
  application_->LogIn(before_.token(), UserState::kNormal, std::make_shared<Known>());
  Save();
  for (const auto& [number, octets] : kept_) {
    EXPECT_EQ(TextOf(octets).find("planted"), std::string_view::npos);
  }
  auto restored = Restore(kept_, peer_);
  ASSERT_TRUE(restored);
  EXPECT_EQ((*restored)->LoginOf(SlotId{0}).key.text(), "planted-api-key");
}

TEST(SealedStateTest, AStateBelongsToTheUserAndNotToTheProcess) {
  Daemon daemon;
  const auto mine = *daemon.keeper.Begin(MakePeer(1, 1000));
  const auto also_mine = *daemon.keeper.Begin(MakePeer(2, 1000));
  const auto others = *daemon.keeper.Begin(MakePeer(3, 1001));
  Bytes sealed = daemon.keeper.SealState(*mine, ViewOf("state"));
  const auto opened = daemon.keeper.OpenState(*also_mine, sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text(), "state");
  EXPECT_FALSE(daemon.keeper.OpenState(*others, sealed));
  Daemon next;
  EXPECT_TRUE(next.keeper.OpenState(*mine, sealed));
  sealed.back() ^= 1;
  EXPECT_FALSE(daemon.keeper.OpenState(*mine, sealed));
  EXPECT_FALSE(daemon.keeper.OpenState(*mine, {}));
}

}  // namespace
}  // namespace gw
