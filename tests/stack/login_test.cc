// Room: tests/stack. Logins: how many token fetches they cost, and what each user may see. The
// first test needs a stack in which nobody has used the user's key yet.
#include <gtest/gtest.h>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr int kProcesses = 100;

TEST(LoginTest, AHundredProcessesThatLogInCostOneTokenFetch) {
  ResetCounters();
  Signal logged_in;
  Signal all_in;
  std::vector<Child> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.emplace_back([&] {
      const Initialized initialized;
      const Session session;
      GW_EXPECT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
      logged_in.Raise();
      EXPECT_TRUE(all_in.Await());  // all hundred are logged in at the same time
    });
  }
  for (int i = 0; i < kProcesses; ++i) ASSERT_TRUE(logged_in.Await());
  EXPECT_EQ(ReadCounters().token_fetches, 1u);
  // The daemon asks the HSM once per key whether it takes the token.
  EXPECT_LE(ReadCounters().requests, 1u);
  for (int i = 0; i < kProcesses; ++i) all_in.Raise();
  for (Child& child : children) EXPECT_EQ(child.Wait(), 0);
}

TEST(LoginTest, LoggingInAndOutAgainCostsNoFetchWhileTheKeyIsInUse) {
  Child child([] {
    const Initialized initialized;
    const Session session;
    GW_ASSERT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
    Signal inside;
    Signal done;
    Child other([&] {
      const Initialized again;
      const Session own;
      GW_EXPECT_RV(Login(own.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
      inside.Raise();
      EXPECT_TRUE(done.Await());
    });
    ASSERT_TRUE(inside.Await());
    ResetCounters();
    for (int i = 0; i < 20; ++i) {
      GW_EXPECT_RV(P11().C_Logout(session.handle()), CKR_OK);
      GW_EXPECT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
    }
    EXPECT_EQ(ReadCounters().token_fetches, 0u);
    EXPECT_EQ(ReadCounters().requests, 0u);
    done.Raise();
    EXPECT_EQ(other.Wait(), 0);
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST(LoginTest, LoginIsOfTheApplicationNotOfTheSession) {
  Child child([] {
    const Initialized initialized;
    const Session first;
    const Session second;
    GW_ASSERT_RV(Login(first.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
    CK_SESSION_INFO info{};
    GW_EXPECT_RV(P11().C_GetSessionInfo(second.handle(), &info), CKR_OK);
    EXPECT_EQ(info.state, CKS_RW_USER_FUNCTIONS);
    GW_EXPECT_RV(Login(second.handle(), CKU_USER, Env("USER_PIN")), CKR_USER_ALREADY_LOGGED_IN);
    GW_EXPECT_RV(Login(second.handle(), CKU_SO, Env("SO_PIN")), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    GW_EXPECT_RV(P11().C_Logout(second.handle()), CKR_OK);
    GW_EXPECT_RV(P11().C_Logout(first.handle()), CKR_USER_NOT_LOGGED_IN);
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST(LoginTest, AWrongPinIsIncorrectAndNeverLogged) {
  Child child([] {
    const Initialized initialized;
    const Session session;
    GW_EXPECT_RV(Login(session.handle(), CKU_USER, "planted-wrong-pin-7f3a"), CKR_PIN_INCORRECT);
    GW_EXPECT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
  });
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(DaemonLog().find("planted-wrong-pin-7f3a"), std::string::npos);
}

TEST(LoginTest, PrivateObjectsAreSeenAfterLoginOnly) {
  Child child([] {
    const Initialized initialized;
    const Session session;
    GW_ASSERT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), true, "private", &pair), CKR_OK);
    EXPECT_EQ(FindByLabel(session.handle(), "private").size(), 2u);
    GW_EXPECT_RV(P11().C_Logout(session.handle()), CKR_OK);
    EXPECT_EQ(FindByLabel(session.handle(), "private").size(), 1u);
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    GW_EXPECT_RV(P11().C_SignInit(session.handle(), &mechanism, pair.private_key),
                 CKR_KEY_HANDLE_INVALID);
    // The old handle stays invalid after a new login: the object has to be looked up again.
    GW_ASSERT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
    GW_EXPECT_RV(P11().C_SignInit(session.handle(), &mechanism, pair.private_key),
                 CKR_KEY_HANDLE_INVALID);
    EXPECT_EQ(FindByLabel(session.handle(), "private").size(), 2u);
  });
  EXPECT_EQ(child.Wait(), 0);
}

}  // namespace
}  // namespace gw::stack
