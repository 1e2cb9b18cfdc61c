// Room: tests/stack. What one process has, no other process sees, of the same user or of another.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

// Another user in the group that may open the socket.
constexpr uid_t kNobody = 65534;

// What the owner tells the stranger, over shared memory: guessing is not what is tested.
struct Told {
  CK_SESSION_HANDLE session;
  CK_OBJECT_HANDLE secret;
  CK_OBJECT_HANDLE private_key;
};

class Shared {
 public:
  Shared()
      : told_(static_cast<Told*>(mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    EXPECT_NE(told_, MAP_FAILED);
  }
  ~Shared() { munmap(told_, sizeof(Told)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  Told& operator*() { return *told_; }

 private:
  Told* told_;
};

void MakeSessionObjects(const Session& session, Told& told) {
  KeyPair pair;
  GW_ASSERT_RV(MakeEcPair(session.handle(), false, "mine", &pair), CKR_OK);
  GW_ASSERT_RV(MakeAesKey(session.handle(), false, "mine", false, &told.secret), CKR_OK);
  told.session = session.handle();
  told.private_key = pair.private_key;
}

// Everything the stranger tries with handles that are real, but another application's.
void ExpectNothingVisible(const Told& told) {
  const Initialized initialized;
  Session session;
  session.Login();
  EXPECT_EQ(FindByLabel(session.handle(), "mine").size(), 0u);
  CK_OBJECT_CLASS object_class = 0;
  CK_ATTRIBUTE wanted{CKA_CLASS, &object_class, sizeof object_class};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session.handle(), told.secret, &wanted, 1),
               CKR_OBJECT_HANDLE_INVALID);
  GW_EXPECT_RV(P11().C_DestroyObject(session.handle(), told.secret), CKR_OBJECT_HANDLE_INVALID);
  CK_MECHANISM ecdsa{CKM_ECDSA, nullptr, 0};
  GW_EXPECT_RV(P11().C_SignInit(session.handle(), &ecdsa, told.private_key),
               CKR_KEY_HANDLE_INVALID);
  CK_SESSION_INFO info{};
  if (told.session != session.handle()) {
    GW_EXPECT_RV(P11().C_GetSessionInfo(told.session, &info), CKR_SESSION_HANDLE_INVALID);
    GW_EXPECT_RV(P11().C_CloseSession(told.session), CKR_SESSION_HANDLE_INVALID);
  }
}

void OwnerAndStranger(const std::function<void()>& become_stranger) {
  Shared told;
  Signal made;
  Signal looked;
  Child owner([&] {
    const Initialized initialized;
    Session session;
    session.Login();
    MakeSessionObjects(session, *told);
    made.Raise();
    EXPECT_TRUE(looked.Await());
    EXPECT_EQ(FindByLabel(session.handle(), "mine").size(), 3u);  // untouched
  });
  ASSERT_TRUE(made.Await());
  Child stranger([&] {
    P11();  // loaded before the user changes: another user may not read the build folder
    become_stranger();
    ExpectNothingVisible(*told);
  });
  EXPECT_EQ(stranger.Wait(), 0);
  looked.Raise();
  EXPECT_EQ(owner.Wait(), 0);
}

TEST(IsolationTest, ProcessesOfOneUserDoNotSeeEachOthersSessionObjects) {
  OwnerAndStranger([] {});
}

TEST(IsolationTest, ProcessesOfTwoUsersDoNotSeeEachOthersSessionObjects) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be two users";
  OwnerAndStranger([] { ASSERT_EQ(setuid(kNobody), 0); });
}

TEST(IsolationTest, ASlotForRootDoesNotExistForAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be two users";
  Reload("  tokens: {0: {allowed_users: [root]}}\n");
  Child root([] {
    const Initialized initialized;
    const Session session;
    CK_ULONG count = 0;
    GW_EXPECT_RV(P11().C_GetSlotList(CK_TRUE, nullptr, &count), CKR_OK);
    EXPECT_EQ(count, 1u);
  });
  EXPECT_EQ(root.Wait(), 0);
  Child other([] {
    ASSERT_EQ(setuid(kNobody), 0);
    const Initialized initialized;
    CK_ULONG count = 7;
    GW_EXPECT_RV(P11().C_GetSlotList(CK_TRUE, nullptr, &count), CKR_OK);
    EXPECT_EQ(count, 0u);
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    GW_EXPECT_RV(P11().C_OpenSession(Slot(), CKF_SERIAL_SESSION, nullptr, nullptr, &session),
                 CKR_SLOT_ID_INVALID);
    CK_TOKEN_INFO info{};
    GW_EXPECT_RV(P11().C_GetTokenInfo(Slot(), &info), CKR_SLOT_ID_INVALID);
  });
  EXPECT_EQ(other.Wait(), 0);
  Reload("");
}

TEST(IsolationTest, OneProcessLoggedInDoesNotLogInAnother) {
  Signal logged_in;
  Signal looked;
  Child owner([&] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_EXPECT_RV(MakeEcPair(session.handle(), true, "of the user", &pair), CKR_OK);
    logged_in.Raise();
    EXPECT_TRUE(looked.Await());
  });
  ASSERT_TRUE(logged_in.Await());
  Child other([] {
    const Initialized initialized;
    const Session session;
    EXPECT_EQ(FindByLabel(session.handle(), "of the user").size(), 1u);  // the public half
    GW_EXPECT_RV(P11().C_Logout(session.handle()), CKR_USER_NOT_LOGGED_IN);
  });
  EXPECT_EQ(other.Wait(), 0);
  looked.Raise();
  EXPECT_EQ(owner.Wait(), 0);
}

// Its session objects end with it: nothing is left that a later process could be given.
TEST(IsolationTest, AProcessThatDiesLeavesNothingBehind) {
  Child dies([] {
    new Initialized;  // never finalised
    auto* session = new Session;
    session->Login();
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    GW_EXPECT_RV(MakeAesKey(session->handle(), false, "orphan", false, &key), CKR_OK);
  });
  EXPECT_EQ(dies.Wait(), 0);
  Child later([] {
    const Initialized initialized;
    Session session;
    session.Login();
    EXPECT_EQ(FindByLabel(session.handle(), "orphan").size(), 0u);
  });
  EXPECT_EQ(later.Wait(), 0);
}

}  // namespace
}  // namespace gw::stack
