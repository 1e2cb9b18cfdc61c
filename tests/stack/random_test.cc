// Room: tests/stack. Random octets through the pool: none is ever given out twice, to nobody and by
// no daemon, and a pool outlives an HSM that is away.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kBytes = 16;

// All numbers that were ever given out, by any daemon to any process.
class Seen {
 public:
  void Add(const Octets& octets) {
    for (std::size_t at = 0; at + kBytes <= octets.size(); at += kBytes) {
      const auto begin = octets.begin() + static_cast<std::ptrdiff_t>(at);
      EXPECT_TRUE(numbers_.emplace(begin, begin + kBytes).second) << "given out twice";
    }
  }
  std::size_t size() const { return numbers_.size(); }

 private:
  std::set<Octets> numbers_;
};

// The octets of `calls` calls of C_GenerateRandom, made by `threads` threads of this process.
Octets Draw(int threads, int calls) {
  const Initialized initialized;
  Session keeps_the_login;
  keeps_the_login.Login();
  std::mutex mutex;
  Octets all;
  InThreads(threads, [&](int) {
    const Session session;
    Octets mine;
    for (int i = 0; i < calls; ++i) {
      Octets some(kBytes);
      GW_EXPECT_RV(P11().C_GenerateRandom(session.handle(), some.data(), some.size()), CKR_OK);
      mine.insert(mine.end(), some.begin(), some.end());
    }
    const std::lock_guard lock(mutex);
    all.insert(all.end(), mine.begin(), mine.end());
  });
  return all;
}

void DrawIntoFile(int threads, int calls, const std::string& file) {
  const Octets octets = Draw(threads, calls);
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(octets.data()),
            static_cast<std::streamsize>(octets.size()));
  EXPECT_TRUE(out.flush().good());
}

// The same in `processes` processes at once.
void DrawInProcesses(Seen& seen, int processes, int threads, int calls) {
  std::vector<Child> children;
  const auto file = [](int i) { return StackDir() + "/drawn." + std::to_string(i); };
  for (int i = 0; i < processes; ++i) {
    children.emplace_back([&, i] { DrawIntoFile(threads, calls, file(i)); });
  }
  const std::size_t before = seen.size();
  for (int i = 0; i < processes; ++i) {
    EXPECT_EQ(children[static_cast<std::size_t>(i)].Wait(), 0);
    seen.Add(OctetsOf(ReadFile(file(i))));
  }
  EXPECT_EQ(seen.size() - before, static_cast<std::size_t>(processes * threads * calls));
}

// A second daemon on the same HSM, with a socket and a state of its own. Stopped at the end of the
// scope.
class SecondDaemon {
 public:
  SecondDaemon() : dir_(StackDir() + "/second") {
    std::filesystem::create_directories(dir_ + "/state");
    EXPECT_EQ(chmod((dir_ + "/state").c_str(), 0700), 0);
    std::ofstream(dir_ + "/config.yaml") << ReadFile(Env("GREP11_CONFIG"));
    EXPECT_EQ(chmod((dir_ + "/config.yaml").c_str(), 0600), 0);
    pid_ = fork();
    if (pid_ == 0) {
      execl(GW_BUILD_DIR "/bin/grep11d", "grep11d", "--config", (dir_ + "/config.yaml").c_str(),
            "--socket", socket().c_str(), "--state-dir", (dir_ + "/state").c_str(), "--metrics",
            "127.0.0.1:0", "--ready-file", ready_file().c_str(), nullptr);
      _exit(127);
    }
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (ReadFile(ready_file()).empty() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_FALSE(ReadFile(ready_file()).empty()) << "the second daemon did not start";
  }
  ~SecondDaemon() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  SecondDaemon(const SecondDaemon&) = delete;
  SecondDaemon& operator=(const SecondDaemon&) = delete;

  std::string socket() const { return dir_ + "/s"; }

 private:
  std::string ready_file() const { return dir_ + "/ready.json"; }

  const std::string dir_;
  pid_t pid_ = -1;
};

TEST(RandomTest, NoOctetIsGivenOutTwiceToThreadsProcessesAndDaemons) {
  Seen seen;
  DrawInProcesses(seen, 4, 4, 1000);
  const SecondDaemon second;
  const std::string first_socket = Env("GREP11_SOCKET");
  Child beside([] { DrawIntoFile(2, 2000, StackDir() + "/drawn.beside"); });
  setenv("GREP11_SOCKET", second.socket().c_str(), 1);
  DrawInProcesses(seen, 2, 2, 2000);
  setenv("GREP11_SOCKET", first_socket.c_str(), 1);
  EXPECT_EQ(beside.Wait(), 0);
  seen.Add(OctetsOf(ReadFile(StackDir() + "/drawn.beside")));
  for (const bool killed : {false, true}) {
    ASSERT_EQ(killed ? Dev({"restart", "--kill"}) : Dev({"restart"}), 0);
    DrawInProcesses(seen, 2, 2, 500);
  }
}

TEST(RandomTest, WithTheHsmAwayThePoolIsServedToItsEndAndThenTheErrorIsGiven) {
  Child child([] {
    const Initialized initialized;
    Session session;
    session.Login();
    Octets some(kBytes);
    GW_ASSERT_RV(P11().C_GenerateRandom(session.handle(), some.data(), some.size()), CKR_OK);
    const Fault away(R"({"rpc": "GenerateRandom", "status": "UNAVAILABLE", "chance": 1})");
    CK_RV rv = CKR_OK;
    std::size_t served = 0;
    for (; rv == CKR_OK && served < (2u << 20); served += kBytes) {
      rv = P11().C_GenerateRandom(session.handle(), some.data(), some.size());
    }
    GW_EXPECT_RV(rv, CKR_DEVICE_ERROR);
    EXPECT_GT(served, 32u << 10) << "no less than a quarter of a pool was there";
  });
  EXPECT_EQ(child.Wait(), 0);
  Child after([] { EXPECT_EQ(Draw(1, 1).size(), kBytes); });
  EXPECT_EQ(after.Wait(), 0);
}

TEST(RandomTest, SwitchedOffEveryCallIsARequestOfItsOwn) {
  Reload("  local: {random_pool: false}\n");
  ResetCounters();
  Child child([] { EXPECT_EQ(Draw(2, 25).size(), 50 * kBytes); });
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(ReadCounters().by_rpc["GenerateRandom"], 50u);
  Reload("");
  ResetCounters();
  Child again([] { EXPECT_EQ(Draw(2, 25).size(), 50 * kBytes); });
  EXPECT_EQ(again.Wait(), 0);
  EXPECT_LE(ReadCounters().by_rpc["GenerateRandom"], 1u);
}

}  // namespace
}  // namespace gw::stack
