// What the application keeps for the daemon, and a daemon that was restarted gets back: records,
// versions, threads, and the ways in which it can go wrong.
#include <gmock/gmock.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using Records = std::map<std::uint32_t, std::string>;

const std::string kFirstId = "application 1001";
const std::string kFirstOwner = "owner application 1001";
const std::string kLimits = U32(0) + U32(64u << 20) + U32(4096);

class RestoreTest : public ShimTest {
 protected:
  void SetUp() override { Initialize(); }

  // One call whose reply brings `updates`.
  void Bring(std::vector<Update> updates) {
    daemon_->On(Function::C_SetAttributeValue, With(std::move(updates)));
    EXPECT_EQ(p11_->C_SetAttributeValue(kSession, 1, nullptr, 0), CKR_OK);
  }

  // Restarts the daemon, and gives what was presented to the new one.
  Records AfterRestart() {
    daemon_->Restart();
    daemon_->Forget();
    EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
    const std::vector<Attach> restores = daemon_->AttachesOf(kRestore);
    EXPECT_EQ(restores.size(), 1u);
    return restores.empty() ? Records{} : restores[0].records;
  }
};

TEST_F(RestoreTest, TheApplicationIsPresentedAsItWas) {
  Bring({{2, 2, "session"}, {3, 3, "object"}});
  EXPECT_EQ(AfterRestart(), (Records{{1, kFirstOwner}, {2, "session"}, {3, "object"}}));
  EXPECT_EQ(daemon_->AttachesOf(kRestore)[0].id, kFirstId);
  EXPECT_EQ(daemon_->applications(), 1);
}

TEST_F(RestoreTest, UpdatesCountByVersionAndDeletionsStay) {
  Bring({{2, 10, "newer"}, {3, 11, "three"}});
  Bring({{2, 9, "older"}, {3, 12, ""}, {4, 13, "four"}});
  Bring({{3, 8, "long ago"}});
  EXPECT_EQ(AfterRestart(), (Records{{1, kFirstOwner}, {2, "newer"}, {4, "four"}}));
  // The new daemon counts from the beginning.
  Bring({{2, 1, "newest"}, {4, 2, ""}, {3, 3, "used again"}});
  EXPECT_EQ(AfterRestart(), (Records{{1, kFirstOwner}, {2, "newest"}, {3, "used again"}}));
}

TEST_F(RestoreTest, UpdatesOfAnErrorCountToo) {
  daemon_->On(Function::C_Login, With({{5, 5, "counter"}}, Fails(CKR_PIN_INCORRECT)));
  unsigned char pin[4] = {};
  EXPECT_EQ(p11_->C_Login(kSession, CKU_USER, pin, 4), CKR_PIN_INCORRECT);
  EXPECT_EQ(AfterRestart(), (Records{{1, kFirstOwner}, {5, "counter"}}));
}

TEST_F(RestoreTest, ResultsComeBeforeTheUpdates) {
  daemon_->On(Function::C_OpenSession, With({{2, 2, "session"}}, Ok(U64(77))));
  CK_SESSION_HANDLE session = 0;
  EXPECT_EQ(p11_->C_OpenSession(0, 4, nullptr, nullptr, &session), CKR_OK);
  EXPECT_EQ(session, 77u);
  EXPECT_EQ(AfterRestart(), (Records{{1, kFirstOwner}, {2, "session"}}));
}

// Updates that break a rule close the connection, and nothing of them is stored, also not what came
// before the fault.
TEST_F(RestoreTest, MalformedUpdatesAreNoReply) {
  Bring({{2, 2, "session"}});
  const std::string good = Updates({{2, 9, "changed"}, {3, 9, "three"}});
  std::vector<std::string> bad = {
      "", "x", U32(5), U32(0xFFFFFFFF), U32(0), U32(1) + U32(4),
      Updates({{2, 9, "changed"}, {0, 9, "no id"}}),
      Updates({{2, 9, "changed"}, {(1u << 20) + 1, 9, "absurd"}}),
      // A count of three with two there, and of one.
      U32(3) + good.substr(4), U32(1) + good.substr(4),
      // A length that is one too small.
      good.substr(0, good.size() - 4) + U32(static_cast<std::uint32_t>(good.size() - 5))};
  for (const std::string& updates : bad) {
    SCOPED_TRACE(Hex(updates));
    daemon_->On(Function::C_Logout, [&](const Frame& frame) {
      return Raw(Encode(frame.function, 2, frame.request, CKR_OK, updates));
    });
    EXPECT_EQ(p11_->C_Logout(kSession), CKR_DEVICE_ERROR);
  }
  daemon_->On(Function::C_Logout, Ok());
  EXPECT_EQ(AfterRestart(), (Records{{1, kFirstOwner}, {2, "session"}}));
}

TEST_F(RestoreTest, EveryThreadGoesOn) {
  daemon_->StopRecording();
  daemon_->On(Function::C_Sign,
              [](const Frame& frame) { return Ok(U64(4) + Bytes(frame.body.substr(4, 4))); });
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        std::string data = "data";
        std::string out(4, 'x');
        CK_ULONG size = 4;
        wrong += p11_->C_Sign(kSession, Ptr(data), 4, Ptr(out), &size) != CKR_OK || out != data;
        ++calls;
      }
    });
  const int rounds = kSanitized ? 5 : 30;
  for (int i = 0; i < rounds; ++i) {
    const int before = calls;
    while (calls < before + 20) std::this_thread::yield();
    daemon_->Restart();
  }
  const int before = calls;
  while (calls < before + 20) std::this_thread::yield();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(daemon_->applications(), 1);
  EXPECT_EQ(daemon_->restores(), rounds);
}

// While threads change their records and the daemon is killed under them, what each was told last
// is what the next daemon gets.
TEST_F(RestoreTest, WhatWasAcknowledgedIsPresented) {
  std::atomic<std::uint64_t> version = 0;
  daemon_->On(Function::C_SetAttributeValue, [&](const Frame& frame) {
    const auto id = static_cast<std::uint32_t>(frame.session);
    return With({{id, ++version, frame.body.substr(0, 8)}});
  });
  std::vector<std::uint64_t> told(8);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < told.size(); ++i)
    threads.emplace_back([&, i] {
      for (std::uint64_t value = 1; !stop; ++value) {
        wrong += p11_->C_SetAttributeValue(10 + i, value, nullptr, 0) != CKR_OK;
        told[i] = value;
        ++calls;
      }
    });
  for (int i = 0; i < (kSanitized ? 3 : 20); ++i) {
    const int before = calls;
    while (calls < before + 30) std::this_thread::yield();
    daemon_->Restart();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const Records records = AfterRestart();
  for (std::uint64_t i = 0; i < told.size(); ++i)
    EXPECT_EQ(Hex(records.at(static_cast<std::uint32_t>(10 + i))), Hex(U64(told[i]))) << i;
}

std::atomic<bool> held = false;
std::atomic<bool> holding = false;

void Hold(int) {
  holding = true;
  while (held) sched_yield();
}

// A thread whose reply has come, but which is not running: it is stopped inside a signal handler.
class HeldCall {
 public:
  HeldCall(FakeDaemon& daemon, CK_FUNCTION_LIST* p11, Reply reply) {
    struct sigaction action = {};
    action.sa_handler = Hold;
    sigaction(SIGUSR1, &action, nullptr);
    held = true;
    holding = false;
    daemon.On(Function::C_DestroyObject, [this, reply](const Frame&) {
      arrived_ = true;
      while (!holding) std::this_thread::yield();
      return reply;
    });
    thread_ = std::thread([this, p11] { result_ = p11->C_DestroyObject(kSession, 1); });
    while (!arrived_) std::this_thread::yield();
    pthread_kill(thread_.native_handle(), SIGUSR1);
    while (!holding) std::this_thread::yield();
  }
  CK_RV Release() {
    held = false;
    thread_.join();
    return result_;
  }

 private:
  std::atomic<bool> arrived_ = false;
  CK_RV result_ = CKR_OK;
  std::thread thread_;
};

TEST_F(RestoreTest, AReplyThatHasComeIsAppliedBeforeARestore) {
  HeldCall call(*daemon_, p11_.v240(), With({{2, 2, "in the socket"}}));
  // The answer to this call comes after the other's, as one thread of the daemon sends it.
  EXPECT_TRUE(daemon_->AwaitReplies(Function::C_DestroyObject, 1));
  daemon_->Restart();
  daemon_->On(Function::C_DestroyObject, Fails(CKR_FUNCTION_FAILED));
  std::atomic<bool> ended = false;
  std::thread other([&] {
    EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
    ended = true;
  });
  // The other has been told that the daemon does not know it, and waits.
  while (daemon_->AttachesOf(kJoin).empty()) std::this_thread::yield();
  EXPECT_FALSE(ended);
  EXPECT_TRUE(daemon_->AttachesOf(kRestore).empty());
  EXPECT_EQ(call.Release(), CKR_OK);
  other.join();
  ASSERT_EQ(daemon_->AttachesOf(kRestore).size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kRestore)[0].records,
            (Records{{1, kFirstOwner}, {2, "in the socket"}}));
}

TEST_F(RestoreTest, AThreadThatDoesNotRunHoldsTheOthersUpForTheirDeadlineOnly) {
  setenv("GREP11_RECONNECT_S", "1", 1);
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  Initialize();
  HeldCall call(*daemon_, p11_.v240(), Ok());
  EXPECT_TRUE(daemon_->AwaitReplies(Function::C_DestroyObject, 1));
  daemon_->Restart();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_DEVICE_REMOVED);
  EXPECT_GE(Since(start).count(), 900);
  EXPECT_LT(Since(start).count(), 4000);
  EXPECT_EQ(call.Release(), CKR_OK);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_EQ(daemon_->applications(), 2);
}

TEST_F(RestoreTest, ARestoreWhoseAnswerIsLostIsMadeAgain) {
  Bring({{2, 2, "session"}});
  daemon_->Restart();
  daemon_->Forget();
  std::atomic<int> restores = 0;
  daemon_->On(Function::kAttach, [&](const Frame& frame) {
    if (ParseAttach(frame).manner == kRestore && ++restores == 1) return Drop();
    return daemon_->AnswerAttach(frame);
  });
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_EQ(restores, 2);
  EXPECT_EQ(daemon_->applications(), 1);
}

// As the daemon does if the application that is presented is alive and another process's.
TEST_F(RestoreTest, ARestoreMayMakeAnotherApplication) {
  Bring({{2, 2, "session"}});
  daemon_->Restart();
  const std::string other = "another applicat";
  daemon_->On(Function::kAttach, [&](const Frame& frame) {
    const Attach attach = ParseAttach(frame);
    if (attach.manner == kJoin && attach.id != other) return Fails(CKR_SESSION_HANDLE_INVALID);
    const Reply answer = Ok(U16(1) + Bytes(other) + kLimits);
    if (attach.manner == kJoin) return answer;
    return With({{1, 1, "owner " + other}, {2, 1, "session of the other"}}, answer);
  });
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  daemon_->Restart();
  daemon_->Forget();
  daemon_->On(Function::kAttach, [&](const Frame& frame) { return daemon_->AnswerAttach(frame); });
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  ASSERT_EQ(daemon_->AttachesOf(kRestore).size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kRestore)[0].id, other);
  EXPECT_EQ(daemon_->AttachesOf(kRestore)[0].records,
            (Records{{1, "owner " + other}, {2, "session of the other"}}));
}

TEST_F(RestoreTest, RecordsThatAreRefusedAreDroppedAndThatIsSaidOnce) {
  unsetenv("GREP11_QUIET");
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  Initialize();
  Bring({{2, 2, "session"}});
  daemon_->Restart();
  daemon_->RefuseRecords();
  daemon_->On(Function::C_Logout, Fails(CKR_SESSION_HANDLE_INVALID));
  testing::internal::CaptureStderr();
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_SESSION_HANDLE_INVALID);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, testing::HasSubstr("did not take back the sessions"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  EXPECT_EQ(daemon_->applications(), 3);
}

TEST_F(RestoreTest, ALifeBeginsWithoutTheRecordsOfTheLast) {
  Bring({{2, 2, "session"}});
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  daemon_->Forget();
  Initialize();
  ASSERT_EQ(daemon_->Attaches().size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kBegin).size(), 1u);
  EXPECT_EQ(AfterRestart(), (Records{{1, "owner application 1002"}}));
}

TEST_F(RestoreTest, AnswersToAttachThatBreakARule) {
  const auto answer = [&](std::uint8_t manner, const Reply& reply) {
    daemon_->On(Function::kAttach, [&, manner, reply](const Frame& frame) {
      return ParseAttach(frame).manner == manner ? reply : daemon_->AnswerAttach(frame);
    });
    return p11_->C_Logout(kSession);
  };
  const auto as = [](const std::string& id) { return Ok(U16(1) + Bytes(id) + kLimits); };
  // Join brings no records, and nobody else's id.
  daemon_->Stop();
  daemon_->Start(true);
  EXPECT_EQ(answer(kJoin, With({{2, 2, "x"}}, as(kFirstId))), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(kJoin, as("another applicat")), CKR_DEVICE_ERROR);
  // What a restore brings must be sound.
  daemon_->Restart();
  Reply unsound = as(kFirstId);
  unsound.updates = U32(1) + U32(4);
  EXPECT_EQ(answer(kRestore, unsound), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(kRestore, as("short id")), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(kRestore, With({}, Fails(CKR_HOST_MEMORY))), CKR_DEVICE_ERROR);
  EXPECT_EQ(answer(kRestore, Fails(CKR_HOST_MEMORY)), CKR_HOST_MEMORY);
  // None of that has lost the application.
  EXPECT_EQ(answer(kClone, as("unused")), CKR_OK);
  EXPECT_EQ(daemon_->applications(), 1);
}

TEST_F(RestoreTest, AThousandSessionsAndObjectsAreBackAtOnce) {
  for (std::uint32_t id = 2; id <= 1001; ++id)
    Bring({{2 * id, id, std::string(300, 's')}, {2 * id + 1, id, std::string(3000, 'o')}});
  std::int64_t best = 1'000'000;
  for (int i = 0; i < 5; ++i) {
    daemon_->Restart();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
    best = std::min<std::int64_t>(best, Since(start).count());
  }
  EXPECT_EQ(daemon_->AttachesOf(kRestore).back().records.size(), 2001u);
  if (kSanitized) best = 0;  // the fake daemon is slow then
  EXPECT_LT(best, 50);
}

}  // namespace
}  // namespace gw::shim_test
