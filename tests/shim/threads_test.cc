// Threads of one application: calls run side by side, connections are few, results do not mix.
#include <gmock/gmock.h>
#include <pthread.h>

#include <barrier>
#include <set>
#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using ThreadsTest = ShimTest;

// The daemon answers only when all sixteen are there: with a lock around the I/O nobody would
// return.
TEST_F(ThreadsTest, SixteenCallsAreInFlightAtOnce) {
  Initialize();
  std::barrier together(16);
  daemon_->On(Function::C_Logout, [&](const Frame&) {
    together.arrive_and_wait();
    return Ok();
  });
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] { succeeded += p11_->C_Logout(kSession) == CKR_OK; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 16);
  EXPECT_EQ(daemon_->most_connections(), 16);
  EXPECT_EQ(daemon_->applications(), 1);
}

TEST_F(ThreadsTest, OneThreadNeedsOneConnection) {
  Initialize();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_EQ(daemon_->most_connections(), 1);
}

TEST_F(ThreadsTest, ResultsGoToTheirOwnCallers) {
  Initialize();
  daemon_->On(Function::C_Sign, [](const Frame& frame) {
    const std::string data = frame.body.substr(4, frame.body.size() - 12);
    return Ok(U64(data.size()) + Bytes(data));
  });
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 200; ++j) {
        std::string data = std::to_string(i) + " says " + std::to_string(j);
        std::string out(64, 'x');
        CK_ULONG size = out.size();
        const CK_RV result = p11_->C_Sign(kSession, Ptr(data), data.size(), Ptr(out), &size);
        wrong += result != CKR_OK || out.substr(0, size) != data;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  std::set<std::uint64_t> requests;
  for (const Frame& frame : daemon_->Frames()) requests.insert(frame.request);
  EXPECT_EQ(requests.size(), 16u * 200u);
}

TEST_F(ThreadsTest, MoreThreadsThanConnectionsTakeTurns) {
  Initialize();
  std::barrier together(32);
  daemon_->On(Function::C_Logout, [&](const Frame&) {
    together.arrive_and_wait();
    return Ok();
  });
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 96; ++i)
    threads.emplace_back([&] { succeeded += p11_->C_Logout(kSession) == CKR_OK; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 96);
  EXPECT_EQ(daemon_->most_connections(), 32);
}

// A cancelled thread finishes its call first, so its connection is not lost.
TEST_F(ThreadsTest, CancellationWaitsForTheCall) {
  Initialize();
  std::atomic<int> arrived = 0;
  std::atomic<bool> go = false;
  daemon_->On(Function::C_Logout, [&](const Frame&) {
    ++arrived;
    while (!go) std::this_thread::yield();
    return Ok();
  });
  for (int i = 0; i < 40; ++i) {
    go = false;
    arrived = 0;
    pthread_t thread;
    ASSERT_EQ(pthread_create(
                  &thread, nullptr,
                  [](void* list) -> void* {
                    static_cast<CK_FUNCTION_LIST*>(list)->C_Logout(kSession);
                    return nullptr;
                  },
                  p11_.v240()),
              0);
    while (arrived == 0) std::this_thread::yield();
    pthread_cancel(thread);
    go = true;
    pthread_join(thread, nullptr);
  }
  EXPECT_EQ(daemon_->most_connections(), 1);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(ThreadsTest, InitializeAndFinalizeRaceWithCallsWithoutHarm) {
  StartDaemon();
  daemon_->StopRecording();
  std::atomic<bool> stop = false;
  std::atomic<int> odd = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        const CK_RV result = p11_->C_Logout(kSession);
        odd += result != CKR_OK && result != CKR_CRYPTOKI_NOT_INITIALIZED;
      }
    });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
    EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(odd, 0);
  EXPECT_TRUE(daemon_->AwaitConnections(0));
}

}  // namespace
}  // namespace gw::shim_test
