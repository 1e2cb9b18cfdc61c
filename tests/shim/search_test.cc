// Searches: the handles come with C_FindObjectsInit, and the shim hands them out by itself.
#include <gmock/gmock.h>

#include <numeric>
#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using Handles = std::vector<CK_OBJECT_HANDLE>;

Handles From(CK_OBJECT_HANDLE first, std::size_t count) {
  Handles handles(count);
  std::iota(handles.begin(), handles.end(), first);
  return handles;
}

class SearchTest : public ShimTest {
 protected:
  void SetUp() override { Initialize(); }

  // The daemon finds `handles`, and nothing more if `complete`.
  CK_RV Begin(const Handles& handles, bool complete = true, CK_SESSION_HANDLE session = kSession) {
    std::string body = U8(complete ? 1 : 0) + U32(static_cast<std::uint32_t>(handles.size()));
    for (const CK_OBJECT_HANDLE handle : handles) body += U64(handle);
    daemon_->On(Function::C_FindObjectsInit, Ok(body));
    const CK_RV result = p11_->C_FindObjectsInit(session, nullptr, 0);
    daemon_->Forget();
    return result;
  }

  CK_RV Find(std::size_t most, Handles* found, CK_SESSION_HANDLE session = kSession) {
    found->assign(most + 1, 99);
    CK_ULONG count = 0;
    const CK_RV result = p11_->C_FindObjects(session, found->data(), most, &count);
    EXPECT_EQ(found->back(), 99u);
    found->resize(result == CKR_OK ? count : 0);
    return result;
  }

  Handles Found(std::size_t most) {
    Handles found;
    EXPECT_EQ(Find(most, &found), CKR_OK);
    return found;
  }

  // The daemon's part of an incomplete search.
  void FindLater(const Handles& handles) {
    std::string body = U64(handles.size()) + U32(static_cast<std::uint32_t>(handles.size()));
    for (const CK_OBJECT_HANDLE handle : handles) body += U64(handle);
    daemon_->On(Function::C_FindObjects, Ok(body));
  }
};

TEST_F(SearchTest, ACompleteSearchNeedsTheDaemonOnce) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 512u}) {
    SCOPED_TRACE(size);
    EXPECT_EQ(Begin(From(1000, size)), CKR_OK);
    EXPECT_EQ(Found(size), From(1000, size));
    EXPECT_EQ(Found(10), Handles());
    EXPECT_EQ(Found(10), Handles());
    EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
    EXPECT_TRUE(daemon_->Frames().empty());
  }
}

TEST_F(SearchTest, HandlesComeInTheirOrderInPartsOfAnySize) {
  EXPECT_EQ(Begin(From(1, 100)), CKR_OK);
  Handles all;
  for (std::size_t most = 0; most < 20; ++most) {
    const Handles part = Found(most);
    EXPECT_EQ(part.size(), std::min(most, 100 - all.size()));
    all.insert(all.end(), part.begin(), part.end());
  }
  EXPECT_EQ(all, From(1, 100));
}

TEST_F(SearchTest, TheSecondSearchOfASessionMustWaitForTheEndOfTheFirst) {
  EXPECT_EQ(Begin({1}), CKR_OK);
  EXPECT_EQ(Begin({2}), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(Begin({3}, true, kSession + 1), CKR_OK);
  EXPECT_EQ(Found(5), Handles({1}));
  EXPECT_EQ(Begin({4}), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
  EXPECT_EQ(Begin({5}), CKR_OK);
  EXPECT_EQ(Found(5), Handles({5}));
}

// A bad session is reported first, and is nobody's search any more.
TEST_F(SearchTest, ASecondSearchAsksWhetherTheSessionIsThere) {
  EXPECT_EQ(Begin({1}), CKR_OK);
  daemon_->On(Function::C_GetSessionInfo, Fails(CKR_SESSION_HANDLE_INVALID));
  EXPECT_EQ(Begin({2}), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(Begin({3}), CKR_OK);
}

TEST_F(SearchTest, WithoutASearchTheDaemonSaysSo) {
  daemon_->On(Function::C_FindObjects, Fails(CKR_OPERATION_NOT_INITIALIZED));
  daemon_->On(Function::C_FindObjectsFinal, Fails(CKR_OPERATION_NOT_INITIALIZED));
  Handles found;
  EXPECT_EQ(Find(5, &found), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(Begin({1}), CKR_OK);
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
  EXPECT_EQ(Find(5, &found), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(SearchTest, BadArgumentsAreRefusedWhileHandlesAreThere) {
  EXPECT_EQ(Begin({1, 2}), CKR_OK);
  CK_OBJECT_HANDLE object = 99;
  CK_ULONG count = 98;
  EXPECT_EQ(p11_->C_FindObjects(kSession, nullptr, 1, &count), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_->C_FindObjects(kSession, &object, 1, nullptr), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(object, 99u);
  EXPECT_EQ(count, 98u);
  EXPECT_EQ(p11_->C_FindObjects(kSession, nullptr, 0, &count), CKR_OK);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(Found(5), Handles({1, 2}));
}

TEST_F(SearchTest, AClosedSessionIsNotAnsweredFromTheTable) {
  daemon_->On(Function::C_FindObjects, Fails(CKR_SESSION_HANDLE_INVALID));
  daemon_->On(Function::C_CloseAllSessions, Ok(U32(1) + U64(kSession)));
  Handles found;
  EXPECT_EQ(Begin({1}), CKR_OK);
  EXPECT_EQ(p11_->C_CloseSession(kSession), CKR_OK);
  EXPECT_EQ(Find(5, &found), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(Begin({1}), CKR_OK);
  EXPECT_EQ(p11_->C_CloseAllSessions(0), CKR_OK);
  EXPECT_EQ(Find(5, &found), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(Begin({1}), CKR_OK);
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_EQ(Find(5, &found), CKR_CRYPTOKI_NOT_INITIALIZED);
}

TEST_F(SearchTest, AnIncompleteSearchGoesOnAtTheDaemon) {
  EXPECT_EQ(Begin(From(1, 512), false), CKR_OK);
  EXPECT_EQ(Found(500), From(1, 500));
  EXPECT_TRUE(daemon_->Frames().empty());
  // 12 are here, 8 come from there.
  FindLater(From(513, 8));
  EXPECT_EQ(Found(20), From(501, 20));
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body), Hex(U64(8)));
  FindLater({});
  EXPECT_EQ(Found(20), Handles());
  EXPECT_EQ(Hex(daemon_->Frames().at(1).body), Hex(U64(20)));
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
  EXPECT_EQ(daemon_->FramesOf(Function::C_FindObjectsFinal).size(), 1u);
}

// While the daemon is away the handles that are here are not lost.
TEST_F(SearchTest, AFailureInTheMiddleLosesNothing) {
  EXPECT_EQ(Begin(From(1, 4), false), CKR_OK);
  daemon_->On(Function::C_FindObjects, Fails(CKR_DEVICE_ERROR));
  Handles found;
  EXPECT_EQ(Find(6, &found), CKR_DEVICE_ERROR);
  FindLater({5});
  EXPECT_EQ(Found(6), From(1, 5));
}

TEST_F(SearchTest, ASearchSurvivesTheDaemonWithWhatItHas) {
  EXPECT_EQ(Begin(From(1, 100)), CKR_OK);
  EXPECT_EQ(Found(40), From(1, 40));
  daemon_->Restart();
  EXPECT_EQ(Found(40), From(41, 40));
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_EQ(Found(40), From(81, 20));
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
}

// What is beyond was the old daemon's; a list that breaks off must not look like its end.
TEST_F(SearchTest, AnIncompleteSearchEndsWithTheDaemonThatHadTheRest) {
  EXPECT_EQ(Begin(From(1, 10), false), CKR_OK);
  daemon_->On(Function::C_FindObjects, Fails(CKR_OPERATION_NOT_INITIALIZED));
  daemon_->On(Function::C_FindObjectsFinal, Fails(CKR_OPERATION_NOT_INITIALIZED));
  daemon_->Restart();
  EXPECT_EQ(Found(5), From(1, 5));
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
  EXPECT_EQ(Begin(From(1, 10), false), CKR_OK);
  Handles found;
  EXPECT_EQ(Find(20, &found), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(Begin({1}), CKR_OK);
}

TEST_F(SearchTest, AChildGoesOnWithItsCopyOfASearch) {
  EXPECT_EQ(Begin(From(1, 100)), CKR_OK);
  EXPECT_EQ(Found(10), From(1, 10));
  const int status = InChild([&] {
    Handles found;
    if (Find(50, &found) != CKR_OK || found != From(11, 50)) return 1;
    if (p11_->C_FindObjectsFinal(kSession) != CKR_OK) return 2;
    return p11_->C_FindObjectsInit(kSession, nullptr, 0) == CKR_OK ? 0 : 3;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Found(100), From(11, 90));
}

TEST_F(SearchTest, SearchesOfManySessionsDoNotMix) {
  constexpr CK_SESSION_HANDLE kSessions = 1000;
  for (CK_SESSION_HANDLE session = 1; session <= kSessions; ++session)
    ASSERT_EQ(Begin(From(session * 1000, session % 60), true, session), CKR_OK);
  for (CK_SESSION_HANDLE session = 1; session <= kSessions; ++session) {
    Handles found;
    ASSERT_EQ(Find(100, &found, session), CKR_OK);
    EXPECT_EQ(found, From(session * 1000, session % 60));
  }
  EXPECT_TRUE(daemon_->Frames().empty());
}

TEST_F(SearchTest, RepliesThatBreakARule) {
  std::string too_many = U8(1) + U32(513);
  for (int i = 0; i < 513; ++i) too_many += U64(1);
  for (const std::string& body :
       {std::string(), U8(1), U8(1) + U32(1), U8(1) + U32(1) + U64(1) + "x", U8(2) + U32(0),
        U8(1) + U32(0xFFFFFFFF) + U64(1), U8(1) + U32(1) + U64(1).substr(1), too_many}) {
    SCOPED_TRACE(Hex(body.substr(0, 20)));
    daemon_->On(Function::C_FindObjectsInit, Ok(body));
    EXPECT_EQ(p11_->C_FindObjectsInit(kSession, nullptr, 0), CKR_DEVICE_ERROR);
  }
  EXPECT_EQ(Begin({7}), CKR_OK);
  EXPECT_EQ(Found(5), Handles({7}));
}

}  // namespace
}  // namespace gw::shim_test
