// Room: tests/stack. C_WaitForSlotEvent follows the HSM: the emulator is stopped and goes on.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

TEST(SlotEventTest, AnHsmThatGoesAndComesIsAnEventAndSessionsStay) {
  const Initialized initialized;
  Session session;
  session.Login();
  CK_SLOT_ID slot = 0;
  GW_ASSERT_RV(P11().C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr), CKR_NO_EVENT);
  const pid_t emulator = std::stoi(ReadFile(StackDir() + "/emulator.pid"));
  for (const int signal : {SIGSTOP, SIGCONT}) {
    slot = ~CK_SLOT_ID{0};
    ASSERT_EQ(kill(emulator, signal), 0);
    GW_EXPECT_RV(P11().C_WaitForSlotEvent(0, &slot, nullptr), CKR_OK);
    EXPECT_EQ(slot, Slot());
  }
  GW_EXPECT_RV(P11().C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr), CKR_NO_EVENT);
  KeyPair pair;
  GW_EXPECT_RV(MakeEcPair(session.handle(), false, "after", &pair), CKR_OK);
}

}  // namespace
}  // namespace gw::stack
