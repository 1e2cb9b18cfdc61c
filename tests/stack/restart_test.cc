// Room: tests/stack. The daemon goes and comes back under a running application, which goes on; and
// C_Finalize with C_Initialize begins anew, with the same token objects under the same handles.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using std::chrono::seconds;

// How long a call waits for a daemon to come back, and what a busy machine may add.
constexpr const char* kReconnectS = "10";
constexpr seconds kBound{15};

class RestartTest : public testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() { setenv("GREP11_RECONNECT_S", kReconnectS, 1); }
  static int Restart() { return GetParam() ? Dev({"restart", "--kill"}) : Dev({"restart"}); }
};

void Recover() {
  GW_EXPECT_RV(P11().C_Finalize(nullptr), CKR_OK);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  GW_EXPECT_RV(P11().C_Initialize(&arguments), CKR_OK);
}

TEST_P(RestartTest, AClientRecoversWithFinalizeAndInitialize) {
  Signal ready;
  Signal restarted;
  Child client([&] {
    const Initialized initialized;
    Session before;
    before.Login();
    KeyPair pair;
    const std::string label = GetParam() ? "survives a kill" : "survives a stop";
    GW_ASSERT_RV(MakeEcPair(before.handle(), true, label, &pair), CKR_OK);
    ready.Raise();
    ASSERT_TRUE(restarted.Await());
    EXPECT_LT(Took([&] {
                Recover();
                Session after;
                after.Login();
                Octets signature;
                EXPECT_EQ(FindByLabel(after.handle(), label).size(), 2u);
                GW_EXPECT_RV(
                    Sign(after.handle(), CKM_ECDSA, pair.private_key, Octets(32), &signature),
                    CKR_OK)
                    << "handles of token objects stay the same over a restart";
              }),
              kBound);
  });
  ASSERT_TRUE(ready.Await());
  EXPECT_EQ(Restart(), 0);
  restarted.Raise();
  EXPECT_EQ(client.Wait(), 0);
}

// Nothing is noticed but time: handles, login and session objects are the same, and a call that was
// in flight is answered.
TEST_P(RestartTest, EveryThreadGoesOnWithTheSameHandles) {
  Signal ready;
  Signal restarted;
  Child client([&] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "busy", &pair), CKR_OK);
    std::atomic<bool> stop = false;
    std::atomic<bool> told = false;
    InThreads(5, [&](int id) {
      if (id == 0) {  // the thread that watches
        EXPECT_TRUE(restarted.Await());
        stop = true;
        return;
      }
      Session own;
      while (!stop) {
        Octets signature;
        GW_EXPECT_RV(Sign(own.handle(), CKM_ECDSA, pair.private_key, Octets(32), &signature),
                     CKR_OK);
        if (!told.exchange(true)) ready.Raise();
      }
    });
    CK_SESSION_INFO info{};
    GW_EXPECT_RV(P11().C_GetSessionInfo(session.handle(), &info), CKR_OK);
    EXPECT_EQ(info.state, CK_STATE{CKS_RW_USER_FUNCTIONS});
    EXPECT_EQ(FindByLabel(session.handle(), "busy").size(), 2u);
  });
  ASSERT_TRUE(ready.Await());
  EXPECT_EQ(Restart(), 0);
  restarted.Raise();
  EXPECT_EQ(client.Wait(), 0);
}

INSTANTIATE_TEST_SUITE_P(Daemon, RestartTest, testing::Values(false, true),
                         [](const auto& how) { return how.param ? "Killed" : "Stopped"; });

}  // namespace
}  // namespace gw::stack
