// Room: tests. Slots by profile: which an application sees, and what it calls them.
#include "daemon/ops/profile.h"

#include <gmock/gmock.h>

#include "daemon/ops/sessions.h"
#include "daemon/ops/slots.h"
#include "daemon/ops/users.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::ElementsAre;

constexpr SlotId kSlot0{0};
constexpr SlotId kSlot1{1};
constexpr SlotId kSlot2{2};

// Three slots, and the application of a configuration file that had one.
class ProfileSlotsTest : public OpsTest {
 protected:
  ProfileSlotsTest() {
    for (const std::uint64_t slot : {1u, 2u}) {
      TokenConfig config = token().config();
      config.slot = slot;
      config.endpoints[0].address = "of slot " + std::to_string(slot);
      tokens_.Add(std::make_unique<Token>(config, hsm_, nullptr, *keystore_));
    }
    gateway().profile_slots["/etc/payments.yaml"] = {2};
    gateway().profile_slots["/etc/both.yaml"] = {2, 0};
    application_->profile = "/etc/payments.yaml";
  }

  std::vector<CK_ULONG> Listed() { return ops::GetSlotList(*services_, application_); }
};

TEST_F(ProfileSlotsTest, WithoutOneAllSlotsAreThereUnderTheirNumbers) {
  application_->profile = "";
  EXPECT_THAT(Listed(), ElementsAre(0u, 1u, 2u));
  application_->profile = "/etc/of_no_profile.yaml";
  EXPECT_THAT(Listed(), ElementsAre(0u, 1u, 2u));
  EXPECT_EQ(*ops::TokenFor(*services_, *application_, kSlot1), tokens_.Find(kSlot1));
}

TEST_F(ProfileSlotsTest, ItsSlotsAreNumberedFromZeroInItsOrder) {
  EXPECT_THAT(Listed(), ElementsAre(0u));
  EXPECT_EQ(*ops::TokenFor(*services_, *application_, kSlot0), tokens_.Find(kSlot2));
  application_->profile = "/etc/both.yaml";
  EXPECT_THAT(Listed(), ElementsAre(0u, 1u));
  EXPECT_EQ(*ops::TokenFor(*services_, *application_, kSlot0), tokens_.Find(kSlot2));
  EXPECT_EQ(*ops::TokenFor(*services_, *application_, kSlot1), tokens_.Find(kSlot0));
}

TEST_F(ProfileSlotsTest, EveryFunctionThatNamesASlotMeansTheOneBehindTheNumber) {
  EXPECT_THAT(ops::GetSlotInfo(*services_, application_, kSlot0)->description,
              testing::HasSubstr("of slot 2"));
  const auto handle = ops::OpenSession(*services_, application_, kSlot0, CKF_SERIAL_SESSION);
  ASSERT_TRUE(handle);
  EXPECT_EQ(tokens_.Find(kSlot2)->sessions, 1u);
  EXPECT_EQ(tokens_.Find(kSlot0)->sessions, 0u);
  ops::CallScope scope = Session();
  scope.token = tokens_.Find(kSlot2);
  scope.session = application_->FindSession(*handle);
  EXPECT_EQ(ops::GetSessionInfo(scope).slot, 0u);
  EXPECT_THAT(*ops::CloseAllSessions(*services_, application_, kSlot0), ElementsAre(*handle));
}

// The officer of one slot is not in the way of another that has its number in the profile.
TEST_F(ProfileSlotsTest, ReadOnlySessionsAreRefusedByTheLoginOfTheSlotBehind) {
  const auto open = [&] {
    return RvOf(ops::OpenSession(*services_, application_, kSlot0, CKF_SERIAL_SESSION));
  };
  application_->LogIn(token(), UserState::kSecurityOfficer, nullptr);
  EXPECT_EQ(open(), CKR_OK);
  ops::CloseAllSessions(*services_, application_, kSlot0).ok();
  application_->LogIn(*tokens_.Find(kSlot2), UserState::kSecurityOfficer, nullptr);
  EXPECT_EQ(open(), CKR_SESSION_READ_WRITE_SO_EXISTS);
}

TEST_F(ProfileSlotsTest, OtherSlotsDoNotExist) {
  for (const SlotId number : {kSlot1, kSlot2}) {
    EXPECT_EQ(RvOf(ops::GetSlotInfo(*services_, application_, number)), CKR_SLOT_ID_INVALID);
    EXPECT_EQ(RvOf(ops::OpenSession(*services_, application_, number, CKF_SERIAL_SESSION)),
              CKR_SLOT_ID_INVALID);
  }
  EXPECT_EQ(RvOf(ops::TokenOf(*services_, *application_, kSlot0)), CKR_SLOT_ID_INVALID);
  EXPECT_EQ(RvOf(ops::TokenOf(*services_, *application_, kSlot2)), CKR_OK);
}

// A profile is the application's own word: it takes slots away and gives none.
TEST_F(ProfileSlotsTest, ItGivesNoRightToASlotOfOthers) {
  gateway().slot_policies[2].allowed_uids = {33};
  EXPECT_THAT(Listed(), testing::IsEmpty());
  EXPECT_EQ(RvOf(ops::GetSlotInfo(*services_, application_, kSlot0)), CKR_SLOT_ID_INVALID);
}

TEST_F(ProfileSlotsTest, EventsAreThoseOfItsSlotsByTheirNumbers) {
  hsm_.is_there = false;
  const auto event = Run(ops::NextSlotEvent(*services_, application_));
  ASSERT_TRUE(event);
  EXPECT_EQ(ToNumber(*event), 0u);
  EXPECT_EQ(RvOf(Run(ops::NextSlotEvent(*services_, application_))), CKR_NO_EVENT);
}

}  // namespace
}  // namespace gw
