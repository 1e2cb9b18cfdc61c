// Room: tests/stack. The private stack of a test program: started by ./dev before the first test,
// stopped after the last. Also the emulator's control page and child processes. May touch:
// processes it starts, loopback sockets, a folder of its own.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace gw::stack {

// What the emulator has counted. By RPC name; RPCs that were not called are absent.
struct Counters {
  std::map<std::string, unsigned long> by_rpc;
  unsigned long requests = 0;
  unsigned long token_fetches = 0;
};
Counters ReadCounters();
Counters ReadCountersAt(const std::string& control);  // of another emulator: its control URL
void ResetCounters();

// Posts to the control page, for example {"iam": "down"}; fails the test if it is refused.
void SetFault(const std::string& json);
void SetFaultAt(const std::string& control, const std::string& json);

// Posts nothing to a page of the emulator's control address, for example "/master-key/commit";
// returns the answer.
std::string PostControl(const std::string& page);

// Sets faults for one scope; at its end the emulator is healthy again.
class Fault {
 public:
  explicit Fault(const std::string& json) { SetFault(json); }
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;
};

// The folder of the stack.
std::string StackDir();
// Runs ./dev with these arguments and --dir of the stack; returns its exit status.
int Dev(const std::vector<std::string>& arguments);
// Gives the daemon its configuration with `gateway_lines` added to the section gateway:, and
// returns when they are in force; "": the configuration of the start. Fails the test if the daemon
// refuses.
void Reload(const std::string& gateway_lines);
// The text of a file; empty if there is none.
std::string ReadFile(const std::string& path);
std::string DaemonLog();
// What the daemon shows to Prometheus.
std::string Metrics();
pid_t DaemonPid();

// A child of this process. The body runs before the module was ever initialised here, so each child
// is an application of its own; its result is the exit status (0: all went well, also of EXPECTs).
class Child {
 public:
  explicit Child(const std::function<void()>& body);
  ~Child();
  Child(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child& operator=(Child&&) = delete;

  // Waits; 0 if every expectation of the body held.
  int Wait();

 private:
  pid_t pid_;
};

// A pipe between test and child: one side waits until the other has got somewhere.
class Signal {
 public:
  Signal();
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void Raise();
  // False if nobody raised it in time.
  [[nodiscard]] bool Await(std::chrono::seconds most = std::chrono::seconds(60));

 private:
  int fds_[2];
};

// Runs `body` in `count` threads at once and returns when all have ended.
void InThreads(int count, const std::function<void(int)>& body);

// How long `body` took.
std::chrono::milliseconds Took(const std::function<void()>& body);

}  // namespace gw::stack
