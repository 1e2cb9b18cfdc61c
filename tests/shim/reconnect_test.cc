// The daemon goes away and comes back: what is sent again, how long a call waits. (What survives:
// restore_test.cc.)
#include <gmock/gmock.h>
#include <stdlib.h>

#include <barrier>
#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

class ReconnectTest : public ShimTest {
 protected:
  void SetUp() override { Initialize(); }

  // The first frame of `function` is swallowed and its connection closed; later ones are answered.
  void DropFirst(Function function, Reply later) {
    daemon_->On(function, [this, later](const Frame&) { return ++seen_ == 1 ? Drop() : later; });
  }

  CK_RV GetSessionInfo() {
    CK_SESSION_INFO info;
    return p11_->C_GetSessionInfo(kSession, &info);
  }

  static constexpr CK_ULONG kSessionInfoBytes = 32;
  const Reply session_info_ = Ok(std::string(kSessionInfoBytes, '\0'));
  std::atomic<int> seen_ = 0;
};

TEST_F(ReconnectTest, ACallThatMayBeRepeatedIsSentAgainAsARepeat) {
  DropFirst(Function::C_GetSessionInfo, session_info_);
  EXPECT_EQ(GetSessionInfo(), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].flags, 0);
  EXPECT_EQ(frames[1].flags, 1);
  EXPECT_EQ(frames[0].request, frames[1].request);
  EXPECT_EQ(frames[0].session, frames[1].session);
  EXPECT_EQ(daemon_->applications(), 1);
}

TEST_F(ReconnectTest, ARepeatHasTheWholeBodyAgain) {
  DropFirst(Function::C_SeedRandom, Ok());
  std::string seed(50'000, 's');
  EXPECT_EQ(p11_->C_SeedRandom(kSession, Ptr(seed), seed.size()), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_TRUE(frames[0].body == Bytes(seed));
  EXPECT_TRUE(frames[1].body == Bytes(seed));
}

// The daemon may have done it: it knows the number, and answers what it answered then.
TEST_F(ReconnectTest, ACallThatChangesSomethingKeepsItsNumber) {
  DropFirst(Function::C_DestroyObject, Ok());
  EXPECT_EQ(p11_->C_DestroyObject(kSession, 1), CKR_OK);
  EXPECT_EQ(p11_->C_DestroyObject(kSession, 1), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].flags, 0);
  EXPECT_EQ(frames[1].flags, 1);
  EXPECT_EQ(frames[1].request, frames[0].request);
  EXPECT_EQ(Hex(frames[1].body), Hex(frames[0].body));
  EXPECT_EQ(frames[2].flags, 0);
  EXPECT_NE(frames[2].request, frames[0].request);
}

TEST_F(ReconnectTest, EveryFunctionIsSentAgain) {
  CK_SESSION_INFO info;
  unsigned char bytes[4] = {};
  CK_ULONG number = 0;
  const struct {
    Function function;
    std::function<void()> call;
  } rows[] = {
      {Function::C_GetSessionInfo, [&] { p11_->C_GetSessionInfo(kSession, &info); }},
      {Function::C_SeedRandom, [&] { p11_->C_SeedRandom(kSession, bytes, 4); }},
      {Function::C_OpenSession, [&] { p11_->C_OpenSession(0, 4, nullptr, nullptr, &number); }},
      {Function::C_Sign, [&] { p11_->C_Sign(kSession, bytes, 4, nullptr, &number); }},
      {Function::C_DestroyObject, [&] { p11_->C_DestroyObject(kSession, 1); }},
      {Function::C_Login, [&] { p11_->C_Login(kSession, 1, bytes, 4); }},
      {Function::C_FindObjectsInit, [&] { p11_->C_FindObjectsInit(kSession, nullptr, 0); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(wire::RowOf(row.function).name);
    daemon_->Forget();
    seen_ = 0;
    DropFirst(row.function, Fails(CKR_FUNCTION_FAILED));
    row.call();
    const std::vector<Frame> frames = daemon_->Frames();
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(frames[1].flags, 1);
    EXPECT_EQ(frames[0].request, frames[1].request);
  }
}

// Nothing of the request had left, so it is safe to send.
TEST_F(ReconnectTest, AConnectionLostWhileIdleIsReplacedUnnoticed) {
  daemon_->Stop();
  daemon_->Start(true);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(daemon_->applications(), 1);
}

TEST_F(ReconnectTest, AReplyCutShortIsAskedForAgain) {
  daemon_->On(Function::C_GetSessionInfo, [this](const Frame& frame) {
    const std::string whole = Encode(frame.function, 0, frame.request, 0, session_info_.body);
    return ++seen_ == 1 ? Raw(whole.substr(0, 40), true) : session_info_;
  });
  EXPECT_EQ(GetSessionInfo(), CKR_OK);
  EXPECT_EQ(daemon_->Frames().size(), 2u);
}

TEST_F(ReconnectTest, ARequestThatKillsEveryDaemonIsGivenUp) {
  daemon_->On(Function::C_GetSessionInfo, Drop());
  EXPECT_EQ(GetSessionInfo(), CKR_DEVICE_ERROR);
  EXPECT_EQ(daemon_->Frames().size(), 16u);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(ReconnectTest, ADaemonThatDiedUnderACallAndReturnsFinishesIt) {
  daemon_->On(Function::C_GetSessionInfo,
              [&](const Frame&) { return ++seen_ == 1 ? Reply{.silent = true} : session_info_; });
  std::thread killer([&] {
    while (seen_ == 0) std::this_thread::yield();
    daemon_->Stop();
    daemon_->Start(true);
  });
  EXPECT_EQ(GetSessionInfo(), CKR_OK);
  killer.join();
  EXPECT_EQ(daemon_->applications(), 1);
}

TEST_F(ReconnectTest, ADaemonThatDoesNotTakeTheRecordsGetsANewApplication) {
  daemon_->Restart();
  daemon_->RefuseRecords();
  daemon_->On(Function::C_Logout, Fails(CKR_SESSION_HANDLE_INVALID));
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(daemon_->applications(), 2);
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
}

TEST_F(ReconnectTest, ManyThreadsAskForOneNewApplication) {
  daemon_->RefuseRecords();
  for (int round = 0; round < 5; ++round) {
    daemon_->Restart();
    const int before = daemon_->applications();
    std::barrier start(16);
    std::atomic<int> succeeded = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back([&] {
        start.arrive_and_wait();
        succeeded += p11_->C_Logout(kSession) == CKR_OK;
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(succeeded, 16);
    EXPECT_EQ(daemon_->applications(), before + 1);
  }
}

TEST_F(ReconnectTest, WithoutADaemonEachFunctionGivesItsRowsAnswerInTime) {
  setenv("GREP11_RECONNECT_S", "1", 1);
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  Initialize();
  daemon_->Stop();
  CK_INFO info;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(p11_->C_GetInfo(&info), CKR_DEVICE_ERROR);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_DEVICE_REMOVED);
  EXPECT_GE(Since(start).count(), 1800);
  EXPECT_LT(Since(start).count(), 5000);
  daemon_->Start(true);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(ReconnectTest, ADaemonThatDoesNotAnswerEndsTheCallAtItsTimeout) {
  setenv("GREP11_CALL_TIMEOUT_S", "1", 1);
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  Initialize();
  daemon_->On(Function::C_GetSessionInfo, Reply{.silent = true});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(GetSessionInfo(), CKR_DEVICE_ERROR);
  EXPECT_GE(Since(start).count(), 900);
  EXPECT_LT(Since(start).count(), 4000);
  // Time is over, so it is not sent again; and a late answer cannot reach another call.
  EXPECT_EQ(daemon_->FramesOf(Function::C_GetSessionInfo).size(), 1u);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(ReconnectTest, ADaemonThatSendsAByteNowAndThenDoesNotStretchTheTimeout) {
  setenv("GREP11_CALL_TIMEOUT_S", "1", 1);
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  Initialize();
  std::atomic<bool> over = false;
  daemon_->On(Function::C_GetSessionInfo, [&](const Frame& frame) {
    Reply reply = session_info_;
    reply.one_by_one = true;
    reply.gap_ms = 100;
    reply.until = &over;
    (void)frame;
    return reply;
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(GetSessionInfo(), CKR_DEVICE_ERROR);
  over = true;
  EXPECT_LT(Since(start).count(), 4000);
}

TEST_F(ReconnectTest, ADaemonThatAcceptsAndSaysNothingIsAsGoodAsNone) {
  setenv("GREP11_RECONNECT_S", "1", 1);
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  daemon_->On(Function::kAttach, Reply{.silent = true});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR);
  EXPECT_LT(Since(start).count(), 4000);
}

TEST_F(ReconnectTest, SignalsDoNotDisturbACall) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);  // without SA_RESTART
  const pthread_t caller = pthread_self();
  daemon_->On(Function::C_GetSessionInfo, [&](const Frame&) {
    for (int i = 0; i < 20; ++i) pthread_kill(caller, SIGUSR1);
    return session_info_;
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(GetSessionInfo(), CKR_OK);
}

}  // namespace
}  // namespace gw::shim_test
