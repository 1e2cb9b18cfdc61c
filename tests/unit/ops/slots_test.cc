// Room: tests. Slot events, and slots that are not for everybody.
#include "daemon/ops/slots.h"

#include <gmock/gmock.h>

#include "daemon/ops/sessions.h"
#include "daemon/ops/users.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

class SlotEventTest : public OpsTest {
 protected:
  CK_RV NextRv() { return RvOf(Run(ops::NextSlotEvent(*services_, application_))); }
};

TEST_F(SlotEventTest, EachChangeIsToldOnce) {
  EXPECT_EQ(NextRv(), CKR_NO_EVENT);
  for (const bool is_there : {false, true, false}) {
    hsm_.is_there = is_there;
    EXPECT_EQ(NextRv(), CKR_OK);
    EXPECT_EQ(NextRv(), CKR_NO_EVENT);
  }
}

TEST_F(SlotEventTest, WhatWasSoWhenTheApplicationCameIsNoEvent) {
  hsm_.is_there = false;
  application_ = *applications_.Create(ApplicationId{1}, Peer{}, Owner{}, FirstNumbers{});
  EXPECT_EQ(NextRv(), CKR_NO_EVENT);
  hsm_.is_there = true;
  EXPECT_EQ(NextRv(), CKR_OK);
}

TEST_F(SlotEventTest, TheHsmIsLookedAtButNotEachTime) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(NextRv(), CKR_NO_EVENT);
  EXPECT_EQ(hsm_.requests["GetMechanismList"], 1);
}

// Whoever is not named, the slot does not exist for him.
class SlotOfOthersTest : public OpsTest {
 protected:
  SlotOfOthersTest() { gateway().slot_policies[0].allowed_uids = {33}; }

  ApplicationPtr ApplicationOf(uid_t uid) {
    Peer peer;
    peer.uid = uid;
    return *applications_.Create(ApplicationId{static_cast<Byte>(uid)}, peer, Owner{uid, ""},
                                 FirstNumbers{});
  }
};

TEST_F(SlotOfOthersTest, IsListedForThoseNamedAlone) {
  EXPECT_THAT(ops::GetSlotList(*services_, ApplicationOf(33)), testing::ElementsAre(0u));
  EXPECT_THAT(ops::GetSlotList(*services_, ApplicationOf(34)), testing::IsEmpty());
}

TEST_F(SlotOfOthersTest, IsAnInvalidSlotToEveryFunctionThatNamesIt) {
  for (const auto& [uid, rv] : {std::pair{33u, CKR_OK}, {34u, CKR_SLOT_ID_INVALID}}) {
    const ApplicationPtr who = ApplicationOf(uid);
    const SlotId slot{0};
    EXPECT_EQ(RvOf(ops::GetSlotInfo(*services_, who, slot)), rv);
    EXPECT_EQ(RvOf(ops::GetTokenInfo(*services_, who, slot)), rv);
    EXPECT_EQ(RvOf(Run(ops::GetMechanismList(*services_, who, slot, Deadline{}))), rv);
    EXPECT_EQ(RvOf(Run(ops::GetMechanismInfo(*services_, who, slot, CKM_SHA256, Deadline{}))), rv);
    EXPECT_EQ(RvOf(ops::CloseAllSessions(*services_, who, slot)), rv);
    const Bytes label(ops::kLabelBytes, ' ');
    const auto init = [&] {
      ops::Pin pin = SecretBytes(ViewOf(std::string_view("so-secret")));
      return Run(ops::InitToken(*services_, who, slot, std::move(pin), label, Deadline{}));
    };
    EXPECT_EQ(RvOf(init()), rv);
    EXPECT_EQ(RvOf(ops::OpenSession(*services_, who, slot, CKF_SERIAL_SESSION)), rv);
    ops::CloseAllSessions(*services_, who, slot).ok();
  }
}

TEST_F(SlotOfOthersTest, HasNoEventsForThem) {
  const ApplicationPtr who = ApplicationOf(34);
  hsm_.is_there = false;
  EXPECT_EQ(RvOf(Run(ops::NextSlotEvent(*services_, who))), CKR_NO_EVENT);
  EXPECT_EQ(hsm_.requests["GetMechanismList"], 0);
}

class MechanismListTest : public OpsTest {
 protected:
  bool Offered(CK_MECHANISM_TYPE type) {
    const auto types = Run(ops::GetMechanismList(*services_, application_, SlotId{0}, Deadline{}));
    return types.ok() && std::ranges::count(*types, type) == 1;
  }
  int asked() { return hsm_.requests["GetMechanismList"]; }
};

TEST_F(MechanismListTest, IsAskedForOnceWhileItIsYoung) {
  EXPECT_TRUE(Offered(CKM_RSA_PKCS));
  hsm_.offered = {CKM_ECDSA};
  EXPECT_TRUE(Offered(CKM_RSA_PKCS));
  EXPECT_EQ(asked(), 1);
}

TEST_F(MechanismListTest, IsAskedForAgainWhenItIsOld) {
  EXPECT_TRUE(Offered(CKM_RSA_PKCS));
  hsm_.offered = {CKM_ECDSA};
  gateway().times.mechanisms = std::chrono::milliseconds(0);
  EXPECT_FALSE(Offered(CKM_RSA_PKCS));
  EXPECT_TRUE(Offered(CKM_ECDSA));
}

TEST_F(MechanismListTest, IsAskedForAgainAfterAnAnswerThatMakesItDoubtful) {
  const auto scope = Session();
  for (const CK_RV rv : {CKR_MECHANISM_INVALID, CKR_DEVICE_ERROR}) {
    hsm_.offered = {CKM_ECDSA, CKM_RSA_PKCS};
    token().mechanisms_doubtful = true;
    EXPECT_TRUE(Offered(CKM_RSA_PKCS));
    hsm_.offered = {CKM_ECDSA};
    EXPECT_TRUE(Offered(CKM_RSA_PKCS));
    ops::Note(scope, UpstreamError(rv, "from the HSM"));
    EXPECT_FALSE(Offered(CKM_RSA_PKCS));
  }
  // Any other answer says nothing of it.
  const int before = asked();
  ops::Note(scope, CallerError(CKR_DATA_LEN_RANGE, "from the HSM"));
  Offered(CKM_ECDSA);
  EXPECT_EQ(asked(), before);
}

TEST_F(MechanismListTest, TheOldOneServesWhileTheHsmIsAway) {
  EXPECT_TRUE(Offered(CKM_RSA_PKCS));
  token().mechanisms_doubtful = true;
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  EXPECT_TRUE(Offered(CKM_RSA_PKCS));
  EXPECT_EQ(asked(), 2);
  EXPECT_TRUE(Offered(CKM_RSA_PKCS));
  EXPECT_EQ(asked(), 2);
}

}  // namespace
}  // namespace gw
