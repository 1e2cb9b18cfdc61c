// Room: tests/stack. See stack.h.
#include "tests/stack/stack.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <thread>

#include "tests/stack/p11.h"

namespace gw::stack {
namespace {

// What the daemon says when another configuration is in force, and how long that may take.
constexpr std::string_view kReloaded = "local work are in force";
constexpr std::chrono::seconds kReloadBound{20};

std::string g_dir;  // of the stack; set once before the first test

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Output of a shell command; empty if it fails.
std::string OutputOf(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) return {};
  std::string output;
  std::array<char, 4096> some{};
  for (std::size_t n = 0; (n = fread(some.data(), 1, some.size(), pipe)) > 0;) {
    output.append(some.data(), n);
  }
  return pclose(pipe) == 0 ? output : std::string{};
}

std::string Control(const std::string& options) {
  return OutputOf("curl -sS --fail-with-body --max-time 10 " + options);
}

// Lines "export NAME='value'" of the stack's env file become our environment.
void TakeEnvironment(const std::string& path) {
  std::istringstream lines(ReadFile(path));
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find("='");
    if (!line.starts_with("export ") || equals == std::string::npos) continue;
    const std::string name = line.substr(7, equals - 7);
    const std::string value = line.substr(equals + 2, line.size() - equals - 3);
    setenv(name.c_str(), value.c_str(), 1);
  }
}

class StackEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    const char* scratch = std::getenv("TMPDIR");
    std::string pattern = std::string(scratch == nullptr ? P_tmpdir : scratch) + "/gw-stack.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    g_dir = pattern;
    ASSERT_EQ(chmod(g_dir.c_str(), 0755), 0);  // another user's process has to reach the socket
    ASSERT_EQ(Dev({"up", "--build-dir", GW_BUILD_DIR, GW_STACK_OPTIONS}), 0) << "no stack";
    TakeEnvironment(g_dir + "/env");
  }

  void TearDown() override {
    EXPECT_EQ(Dev({"down"}), 0);
    if (testing::UnitTest::GetInstance()->Failed()) {
      std::cerr << "logs of the stack are in " << g_dir << "\n";
    } else {
      OutputOf("rm -rf " + Quoted(g_dir));
    }
  }
};

[[maybe_unused]] testing::Environment* const g_environment =
    testing::AddGlobalTestEnvironment(new StackEnvironment);

}  // namespace

std::string StackDir() { return g_dir; }

int Dev(const std::vector<std::string>& arguments) {
  std::string command = Quoted(GW_DEV);
  for (const std::string& argument : arguments) command += " " + Quoted(argument);
  const int status = std::system((command + " --dir " + Quoted(g_dir)).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Reload(const std::string& gateway_lines) {
  static const std::string at_start = ReadFile(Env("GREP11_CONFIG"));
  const auto reloads = [] {
    const std::string log = DaemonLog();
    std::size_t count = 0;
    for (auto at = log.find(kReloaded); at != std::string::npos; at = log.find(kReloaded, at + 1)) {
      ++count;
    }
    return count;
  };
  const std::size_t before = reloads();
  std::ofstream(Env("GREP11_CONFIG"), std::ios::trunc) << at_start << gateway_lines;
  ASSERT_EQ(kill(DaemonPid(), SIGHUP), 0);
  const auto end = std::chrono::steady_clock::now() + kReloadBound;
  while (reloads() == before) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << DaemonLog();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string DaemonLog() { return ReadFile(Env("GREP11_DAEMON_LOG")); }
pid_t DaemonPid() { return std::stoi("0" + ReadFile(Env("GREP11_DAEMON_PID_FILE"))); }

std::string Metrics() { return Control(Env("GREP11_METRICS_URL")); }

Counters ReadCounters() { return ReadCountersAt(Env("GREP11_EMULATOR_CONTROL")); }

Counters ReadCountersAt(const std::string& control) {
  const auto json = nlohmann::json::parse(Control(control + "/counters.json"), nullptr, false);
  Counters counters;
  EXPECT_TRUE(json.is_object()) << "the emulator did not answer";
  if (!json.is_object()) return counters;
  counters.requests = json.at("requests").get<unsigned long>();
  counters.token_fetches = json.at("token_fetches").get<unsigned long>();
  for (const auto& [rpc, count] : json.at("rpc").items()) {
    counters.by_rpc[rpc] = count.get<unsigned long>();
  }
  return counters;
}

void ResetCounters() {
  EXPECT_EQ(Control("-X POST " + Env("GREP11_EMULATOR_CONTROL") + "/counters/reset"), "ok\n");
}

void SetFault(const std::string& json) { SetFaultAt(Env("GREP11_EMULATOR_CONTROL"), json); }

void SetFaultAt(const std::string& control, const std::string& json) {
  EXPECT_EQ(Control("--data " + Quoted(json) + " " + control + "/faults"), "ok\n") << json;
}

std::string PostControl(const std::string& page) {
  return Control("-X POST " + Env("GREP11_EMULATOR_CONTROL") + page);
}

Fault::~Fault() { SetFault(R"({"clear": true, "iam": "ok", "latency": "0ms"})"); }

Child::Child(const std::function<void()>& body) : pid_(fork()) {
  if (pid_ != 0) {
    EXPECT_GT(pid_, 0);
    return;
  }
  body();
  std::fflush(nullptr);
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() {
  if (pid_ > 0) Wait();
}

int Child::Wait() {
  int status = 0;
  const pid_t ended = waitpid(std::exchange(pid_, -1), &status, 0);
  if (ended < 0) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Signal::Signal() : fds_{-1, -1} { EXPECT_EQ(pipe(fds_), 0); }

Signal::~Signal() {
  close(fds_[0]);
  close(fds_[1]);
}

void Signal::Raise() { EXPECT_EQ(write(fds_[1], "!", 1), 1); }

bool Signal::Await(std::chrono::seconds most) {
  pollfd waiting{fds_[0], POLLIN, 0};
  const auto most_ms = std::chrono::duration_cast<std::chrono::milliseconds>(most).count();
  char byte = 0;
  return poll(&waiting, 1, static_cast<int>(most_ms)) == 1 && read(fds_[0], &byte, 1) == 1;
}

void InThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

std::chrono::milliseconds Took(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

}  // namespace gw::stack
