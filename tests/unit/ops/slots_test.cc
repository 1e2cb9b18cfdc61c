// Room: tests. Slot events.
#include "daemon/ops/slots.h"

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

}  // namespace
}  // namespace gw
