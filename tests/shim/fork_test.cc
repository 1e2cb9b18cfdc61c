// Fork: the child has what the parent had, whatever the parent's threads were doing, as an
// application of its own; and the parent never notices.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using ForkTest = ShimTest;

// All that a child may do: use what it inherited, and then start a life of its own. 0, or the
// number of the step that went wrong.
int LifeOfAChild(CK_FUNCTION_LIST& p11) {
  if (p11.C_GetFunctionStatus(kSession) != CKR_FUNCTION_NOT_PARALLEL) return 1;
  if (p11.C_Logout(kSession) != CKR_OK) return 2;
  if (p11.C_Initialize(nullptr) != CKR_OK) return 3;
  if (p11.C_Initialize(nullptr) != CKR_CRYPTOKI_ALREADY_INITIALIZED) return 4;
  if (p11.C_Logout(kSession) != CKR_OK) return 5;
  if (p11.C_Finalize(nullptr) != CKR_OK) return 6;
  if (p11.C_Logout(kSession) != CKR_CRYPTOKI_NOT_INITIALIZED) return 7;
  if (p11.C_Finalize(nullptr) != CKR_CRYPTOKI_NOT_INITIALIZED) return 8;
  return 0;
}

TEST_F(ForkTest, AChildIsAnApplicationOfItsOwn) {
  Initialize();
  EXPECT_EQ(InChild([&] { return LifeOfAChild(*p11_.v240()); }), 0);
  EXPECT_EQ(daemon_->applications(), 3);
  // The parent's connection was neither used nor closed.
  daemon_->Forget();
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_TRUE(daemon_->Attaches().empty());
}

TEST_F(ForkTest, AChildOfAChildToo) {
  Initialize();
  const int status = InChild([&] {
    if (p11_->C_Initialize(nullptr) != CKR_OK) return 10;
    const int inner = InChild([&] { return LifeOfAChild(*p11_.v240()); });
    if (inner != 0) return inner;
    return p11_->C_Logout(kSession) == CKR_OK ? 0 : 11;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(ForkTest, AChildThatOnlyExitsDisturbsNobody) {
  Initialize();
  daemon_->Forget();
  const pid_t child = fork();
  if (child == 0) _exit(0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_TRUE(daemon_->Attaches().empty());
}

TEST_F(ForkTest, TheChildsCopiesAreClosedAndDoNotKeepTheParentAlive) {
  Initialize();
  int descriptors[2];
  ASSERT_EQ(pipe(descriptors), 0);
  const pid_t child = fork();
  if (child == 0) {
    // Never calls the module; lives until the parent is done.
    close(descriptors[1]);
    char byte;
    _exit(read(descriptors[0], &byte, 1) == 0 ? 0 : 1);
  }
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_TRUE(daemon_->AwaitConnections(0));
  close(descriptors[0]);
  close(descriptors[1]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);

  Initialize();
  const int closed = InChild([&] {
    const int before = CountDescriptors();
    p11_->C_GetFunctionStatus(kSession);
    return before - CountDescriptors();
  });
  EXPECT_EQ(closed, 1);
}

// Programs that daemonise close every descriptor and open files of their own.
TEST_F(ForkTest, DescriptorsThatAreNotOursAnyMoreAreLeftAlone) {
  Initialize();
  const int status = InChild([&] {
    for (int fd = 3; fd < 256; ++fd) close(fd);
    int files = 0;
    for (int fd = 3; fd < 64; ++fd) files += open("/dev/null", O_RDONLY) == fd;
    if (files != 61) return 100;
    if (LifeOfAChild(*p11_.v240()) != 0) return 101;
    for (int fd = 3; fd < 64; ++fd)
      if (fcntl(fd, F_GETFD) < 0) return fd;
    return 0;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

TEST_F(ForkTest, ThreadsOfAChildMayBeTheFirstToCall) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer ends a child that starts threads";
#endif
  Initialize();
  const int status = InChild([&] {
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] { wrong += p11_->C_Logout(kSession) != CKR_OK; });
    for (std::thread& thread : threads) thread.join();
    return wrong != 0 ? 50 : LifeOfAChild(*p11_.v240());
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(daemon_->AttachesOf(kClone).size(), 1u);
}

TEST_F(ForkTest, AHundredForksUnderEightCallingThreads) {
  Initialize();
  daemon_->StopRecording();
  daemon_->On(Function::C_Sign, [](const Frame& frame) {
    const std::string data = frame.body.substr(4, frame.body.size() - 12);
    return Ok(U64(data.size()) + Bytes(data));
  });
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      // Sizes that make buffers grow and shrink under the forks.
      for (std::size_t j = 0; !stop; ++j) {
        std::string data(j % 16 == 0 ? 100'000 : 20 + j % 50, static_cast<char>('a' + i));
        std::string out(data.size(), 'x');
        CK_ULONG size = out.size();
        const CK_RV result = p11_->C_Sign(kSession, Ptr(data), data.size(), Ptr(out), &size);
        wrong += result != CKR_OK || out != data;
        ++calls;
      }
    });
  constexpr int kForks = kSanitized ? 10 : 100;
  for (int i = 0; i < kForks; ++i)
    EXPECT_EQ(InChild([&] { return LifeOfAChild(*p11_.v240()); }), 0) << "fork " << i;
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(calls, 8);
  EXPECT_EQ(daemon_->applications(), 2 * kForks + 1);
}

// A kernel that does not know MADV_WIPEONFORK: the same life by process ids.
bool RefuseWipeOnFork() {
#if defined(__x86_64__) || defined(__s390x__) || defined(__aarch64__)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  constexpr unsigned kLowHalf = 4;
#else
  constexpr unsigned kLowHalf = 0;
#endif
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + 2 * 8 + kLowHalf),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADV_WIPEONFORK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
  return false;
#endif
}

TEST_F(ForkTest, WithoutWipeOnForkTheProcessIdTells) {
  StartDaemon();
  constexpr int kNoFilter = 77;
  const int status = InChild([&] {
    if (!RefuseWipeOnFork()) return kNoFilter;
    alignas(4096) static char page[4096];
    if (madvise(page, sizeof(page), MADV_WIPEONFORK) == 0) return 20;
    if (p11_->C_Initialize(nullptr) != CKR_OK) return 21;
    const int child = InChild([&] { return LifeOfAChild(*p11_.v240()); });
    if (child != 0) return child;
    if (p11_->C_Logout(kSession) != CKR_OK) return 22;
    return p11_->C_Finalize(nullptr) == CKR_OK ? 0 : 23;
  });
  if (status == kNoFilter) GTEST_SKIP() << "seccomp filters are not allowed here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace gw::shim_test
