// C_Initialize, C_Finalize and what surrounds them: arguments, repetition, races, descriptors, what
// is told to the person at the terminal.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <barrier>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using LifecycleTest = ShimTest;

CK_RV CreateNothing(CK_VOID_PTR_PTR) { return CKR_OK; }
CK_RV DoNothing(CK_VOID_PTR) { return CKR_OK; }

TEST_F(LifecycleTest, TheArgumentsOfInitializeAreChecked) {
  StartDaemon();
  int reserved = 0;
  const struct {
    CK_C_INITIALIZE_ARGS args;
    CK_RV result;
  } rows[] = {
      {{nullptr, nullptr, nullptr, nullptr, 0, nullptr}, CKR_OK},
      {{nullptr, nullptr, nullptr, nullptr, CKF_OS_LOCKING_OK, nullptr}, CKR_OK},
      {{nullptr, nullptr, nullptr, nullptr, CKF_LIBRARY_CANT_CREATE_OS_THREADS, nullptr}, CKR_OK},
      {{CreateNothing, DoNothing, DoNothing, DoNothing, CKF_OS_LOCKING_OK, nullptr}, CKR_OK},
      {{CreateNothing, DoNothing, DoNothing, DoNothing, 0, nullptr}, CKR_CANT_LOCK},
      {{CreateNothing, nullptr, DoNothing, DoNothing, CKF_OS_LOCKING_OK, nullptr},
       CKR_ARGUMENTS_BAD},
      {{nullptr, nullptr, nullptr, DoNothing, 0, nullptr}, CKR_ARGUMENTS_BAD},
      {{nullptr, nullptr, nullptr, nullptr, CKF_OS_LOCKING_OK, &reserved}, CKR_ARGUMENTS_BAD},
  };
  for (const auto& row : rows) {
    CK_C_INITIALIZE_ARGS args = row.args;
    EXPECT_EQ(p11_->C_Initialize(&args), row.result);
    EXPECT_EQ(p11_->C_Finalize(nullptr),
              row.result == CKR_OK ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED);
  }
}

TEST_F(LifecycleTest, ASecondInitializeIsRefusedEvenWithBadArguments) {
  Initialize();
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_CRYPTOKI_ALREADY_INITIALIZED);
  CK_C_INITIALIZE_ARGS args = {};
  args.pReserved = &args;
  EXPECT_EQ(p11_->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(LifecycleTest, FinalizeTakesNoArgument) {
  Initialize();
  int reserved = 0;
  EXPECT_EQ(p11_->C_Finalize(&reserved), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
}

TEST_F(LifecycleTest, EachLifeIsAnApplicationOfItsOwn) {
  StartDaemon();
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
    EXPECT_EQ(daemon_->applications(), i);
    ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
    EXPECT_EQ(daemon_->FramesOf(Function::C_Finalize).size(), static_cast<std::size_t>(i));
  }
}

TEST_F(LifecycleTest, FinalizeClosesAllConnections) {
  Initialize();
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_TRUE(daemon_->AwaitConnections(0));
}

TEST_F(LifecycleTest, FinalizeWithADeadDaemonIsQuickAndSucceeds) {
  Initialize();
  daemon_->Stop();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_LT(Since(start).count(), 1500);
}

TEST_F(LifecycleTest, FinalizeDoesNotWaitForEverForASilentDaemon) {
  Initialize();
  daemon_->On(Function::C_Finalize, Reply{.silent = true});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_LT(Since(start).count(), 4000);
}

TEST_F(LifecycleTest, OneOfManyThreadsInitializes) {
  StartDaemon();
  std::atomic<int> succeeded = 0;
  std::atomic<int> refused = 0;
  std::barrier start(8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const CK_RV result = p11_->C_Initialize(nullptr);
      succeeded += result == CKR_OK;
      refused += result == CKR_CRYPTOKI_ALREADY_INITIALIZED;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(daemon_->applications(), 1);
}

// The standard leaves it undefined; here calls in flight end at once and nothing is left behind.
TEST_F(LifecycleTest, FinalizeEndsTheCallsOfOtherThreads) {
  Initialize();
  std::atomic<int> waiting = 0;
  daemon_->On(Function::C_Logout, [&](const Frame&) {
    ++waiting;
    return Reply{.silent = true};
  });
  std::vector<std::thread> threads;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(
        [&] { ended += p11_->C_Logout(kSession) == CKR_CRYPTOKI_NOT_INITIALIZED; });
  while (waiting < 4) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(Since(start).count(), 1500);
  EXPECT_EQ(ended, 4);
  EXPECT_TRUE(daemon_->AwaitConnections(0));
}

TEST_F(LifecycleTest, FinalizeEndsTheWaitForADaemon) {
  setenv("GREP11_RECONNECT_S", "15", 1);
  Initialize();
  daemon_->Stop();
  CK_RV result = CKR_OK;
  const auto start = std::chrono::steady_clock::now();
  std::thread thread([&] { result = p11_->C_Logout(kSession); });
  while (p11_->C_Finalize(nullptr) != CKR_OK) std::this_thread::yield();
  thread.join();
  EXPECT_EQ(result, CKR_CRYPTOKI_NOT_INITIALIZED);
  EXPECT_LT(Since(start).count(), 5000);
}

TEST_F(LifecycleTest, RepetitionLeaksNoDescriptor) {
  StartDaemon();
  const auto once = [&] {
    EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
    EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
    EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
    EXPECT_TRUE(daemon_->AwaitConnections(0));
  };
  once();
  const int before = CountDescriptors();
  for (int i = 0; i < 50; ++i) once();
  EXPECT_EQ(CountDescriptors(), before);
}

int CountMappings() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

// The fixture's own module would keep the library in memory, so this runs in a child without it.
TEST_F(LifecycleTest, LoadingAndUnloadingLeavesNothingWithOrWithoutFinalize) {
  StartDaemon();
  const int status = InChild([&] {
    p11_.~Module();
    if (std::ifstream("/proc/self/maps") && CountMappings() == 0) return 1;
    const auto cycle = [](bool finalize) {
      const Module module;
      if (module->C_Initialize(nullptr) != CKR_OK) return false;
      if (module->C_Logout(kSession) != CKR_OK) return false;
      return !finalize || module->C_Finalize(nullptr) == CKR_OK;
    };
    if (!cycle(true) || !cycle(false)) return 2;
    const int descriptors = CountDescriptors();
    const int mappings = CountMappings();
    for (int i = 0; i < 50; ++i)
      if (!cycle(i % 2 == 0)) return 3;
    if (CountDescriptors() != descriptors) return 4;
    // The allocator may have moved a little; fifty leaked buffers would show.
    return CountMappings() <= mappings + 5 ? 0 : 5;
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(daemon_->AwaitConnections(0));
}

// What a call of the module writes to stderr.
std::string OnStderr(const std::function<void()>& body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

TEST_F(LifecycleTest, WithoutADaemonInitializeFailsInTimeAndSaysWhatToCheck) {
  unsetenv("GREP11_QUIET");
  setenv("GREP11_RECONNECT_S", "1", 1);
  const auto start = std::chrono::steady_clock::now();
  const std::string line =
      OnStderr([&] { EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR); });
  EXPECT_GE(Since(start).count(), 900);
  EXPECT_LT(Since(start).count(), 3000);
  EXPECT_THAT(line, testing::HasSubstr(socket_));
  EXPECT_THAT(line, testing::HasSubstr("No such file or directory"));
  EXPECT_THAT(line, testing::HasSubstr("is grep11d running"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST_F(LifecycleTest, QuietIsQuiet) {
  setenv("GREP11_RECONNECT_S", "1", 1);
  EXPECT_EQ(OnStderr([&] { EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR); }), "");
}

TEST_F(LifecycleTest, InitializeWaitsForADaemonThatIsJustStarting) {
  std::thread late([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    StartDaemon();
  });
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
  late.join();
}

TEST_F(LifecycleTest, ADaemonOfAnotherVersionRefusesAtOnceAndTheReasonIsTold) {
  unsetenv("GREP11_QUIET");
  StartDaemon();
  daemon_->On(Function::kAttach, Fails(CKR_DEVICE_ERROR));
  const auto start = std::chrono::steady_clock::now();
  const std::string line =
      OnStderr([&] { EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR); });
  EXPECT_LT(Since(start).count(), 1500);
  EXPECT_THAT(line, testing::HasSubstr("another version"));
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_CRYPTOKI_NOT_INITIALIZED);
}

TEST_F(LifecycleTest, RefusalsOfTheDaemonAreReturned) {
  StartDaemon();
  for (const CK_RV refusal : {CKR_FUNCTION_REJECTED, CKR_HOST_MEMORY, CKR_SESSION_HANDLE_INVALID}) {
    daemon_->On(Function::kAttach, Fails(refusal));
    EXPECT_EQ(p11_->C_Initialize(nullptr), refusal);
  }
}

TEST_F(LifecycleTest, AVersionOutsideTheOfferIsNotAccepted) {
  StartDaemon();
  for (const int version : {0, 2}) {
    daemon_->On(Function::kAttach,
                Ok(U16(static_cast<std::uint16_t>(version)) + Bytes("an application i") + U32(0) +
                   U32(64u << 20) + U32(4096)));
    EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR);
  }
}

TEST_F(LifecycleTest, AbstractNamesAreUnderstood) {
  const std::string name = "@gw-shim-test-" + std::to_string(getpid());
  daemon_ = std::make_unique<FakeDaemon>(name);
  setenv("GREP11_SOCKET", name.c_str(), 1);
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
}

TEST_F(LifecycleTest, ANameThatIsTooLongForASocketFailsAtOnce) {
  unsetenv("GREP11_QUIET");
  setenv("GREP11_SOCKET", ("/" + std::string(107, 'x')).c_str(), 1);
  const auto start = std::chrono::steady_clock::now();
  const std::string line =
      OnStderr([&] { EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR); });
  EXPECT_LT(Since(start).count(), 1000);
  EXPECT_THAT(line, testing::HasSubstr("longer than a socket's name"));
}

TEST_F(LifecycleTest, ATimeThatIsNoneIsReportedAndTheDefaultHolds) {
  unsetenv("GREP11_QUIET");
  StartDaemon();
  for (const char* value : {"soon", "0", "-1", "86401", "10s"}) {
    setenv("GREP11_CALL_TIMEOUT_S", value, 1);
    const std::string line = OnStderr([&] { EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK); });
    EXPECT_THAT(line, testing::HasSubstr("GREP11_CALL_TIMEOUT_S")) << value;
    EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  }
}

}  // namespace
}  // namespace gw::shim_test
