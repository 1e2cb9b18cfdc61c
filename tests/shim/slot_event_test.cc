// C_WaitForSlotEvent: asks again until there is an event, and ends with the application.
#include <gmock/gmock.h>

#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

class SlotEventTest : public ShimTest {
 protected:
  void SetUp() override {
    Initialize();
    daemon_->On(Function::C_WaitForSlotEvent, Fails(CKR_NO_EVENT));
  }
  CK_RV Wait(CK_FLAGS flags) { return p11_->C_WaitForSlotEvent(flags, &slot_, nullptr); }

  CK_SLOT_ID slot_ = 99;
};

TEST_F(SlotEventTest, WithoutBlockingItIsAskedOnce) {
  EXPECT_EQ(Wait(CKF_DONT_BLOCK), CKR_NO_EVENT);
  EXPECT_EQ(slot_, 99u);
  EXPECT_EQ(daemon_->FramesOf(Function::C_WaitForSlotEvent).size(), 1u);
}

TEST_F(SlotEventTest, BlockingLastsUntilThereIsAnEvent) {
  std::atomic<int> asked = 0;
  daemon_->On(Function::C_WaitForSlotEvent,
              [&](const Frame&) { return ++asked == 3 ? Ok(U64(7)) : Fails(CKR_NO_EVENT); });
  EXPECT_EQ(Wait(0), CKR_OK);
  EXPECT_EQ(slot_, 7u);
  EXPECT_EQ(asked, 3);
}

TEST_F(SlotEventTest, FinalizeEndsIt) {
  std::thread waiting([&] { EXPECT_EQ(Wait(0), CKR_CRYPTOKI_NOT_INITIALIZED); });
  EXPECT_TRUE(daemon_->AwaitReplies(Function::C_WaitForSlotEvent, 1));
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  waiting.join();
}

TEST_F(SlotEventTest, ArgumentsAreChecked) {
  int reserved = 0;
  EXPECT_EQ(p11_->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot_, &reserved), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_->C_WaitForSlotEvent(CKF_DONT_BLOCK, nullptr, nullptr), CKR_ARGUMENTS_BAD);
  EXPECT_TRUE(daemon_->FramesOf(Function::C_WaitForSlotEvent).empty());
}

}  // namespace
}  // namespace gw::shim_test
