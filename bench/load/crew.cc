// Room: bench/load. Forking, waiting, reaping.
#include "bench/load/crew.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/load/child.h"
#include "daemon/core/check.h"

namespace gw::bench {
namespace {

SteadyTime Now() { return std::chrono::steady_clock::now(); }

// Time for all processes to wake up and read the schedule before the first operation is due.
constexpr auto kRunUp = std::chrono::milliseconds(20);

sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int MillisecondsUntil(SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

std::string EndOf(int status) {
  if (WIFSIGNALED(status)) return std::string("ended by signal ") + strsignal(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Crew::Crew(const Options& options, Board& board, OpenTarget open_target)
    : options_(options), board_(board), open_target_(std::move(open_target)) {
  const sigset_t ending = EndingSignals();
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  signal_fd_ = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  GW_CHECK(signal_fd_ >= 0);
}

Crew::~Crew() {
  KillAll();
  for (Child& child : children_) {
    if (child.control >= 0) close(child.control);
    if (child.pid != 0) waitpid(child.pid, nullptr, 0);
  }
  close(signal_fd_);
  const sigset_t ending = EndingSignals();
  sigprocmask(SIG_UNBLOCK, &ending, nullptr);
}

void Crew::Fork(std::size_t index) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    failures_.push_back(std::string("socketpair: ") + std::strerror(errno));
    return;
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    // A killed parent must not leave a load behind; the second check closes the gap before prctl.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    for (const Child& sibling : children_) close(sibling.control);
    close(ends[0]);
    close(signal_fd_);
    _exit(RunChild(options_, board_, index, ends[1], open_target_));
  }
  close(ends[1]);
  if (pid < 0) {
    failures_.push_back(std::string("fork: ") + std::strerror(errno));
    close(ends[0]);
    return;
  }
  children_.push_back({pid, ends[0], false, false});
}

bool Crew::Launch() {
  children_.reserve(options_.processes);
  for (std::size_t i = 0; i < options_.processes && failures_.empty(); ++i) Fork(i);
  const SteadyTime deadline = Now() + options_.grace;
  while (failures_.empty() && !interrupted_ && !AllReady()) {
    if (!PumpOnce(deadline)) failures_.push_back("not all processes were ready in time (--grace)");
  }
  if (interrupted_) failures_.push_back("interrupted before the run began");
  return failures_.empty();
}

void Crew::Begin() {
  Schedule& schedule = board_.schedule();
  schedule.warmup_start = Now() + kRunUp;
  schedule.measure_start = schedule.warmup_start + options_.warmup;
  schedule.end =
      options_.count != 0 ? SteadyTime::max() : schedule.measure_start + options_.duration;
  for (const Child& child : children_) {
    // The socket pair orders this after the schedule. A child that died meanwhile is noticed by
    // AwaitEnd().
    const char go = 'G';
    (void)send(child.control, &go, 1, MSG_NOSIGNAL);
  }
}

void Crew::AwaitMeasureStart(const std::function<void()>& on_second) {
  const SteadyTime start = board_.schedule().measure_start;
  SteadyTime next_second = Now() + std::chrono::seconds(1);
  while (Now() < start && !interrupted_ && !AllGone()) {
    if (PumpOnce(std::min(next_second, start)) || Now() < next_second) continue;
    on_second();
    next_second += std::chrono::seconds(1);
  }
}

RunEnd Crew::AwaitEnd(const std::function<void()>& on_second) {
  SteadyTime next_second = Now() + std::chrono::seconds(1);
  SteadyTime give_up = SteadyTime::max();
  if (board_.schedule().end != SteadyTime::max()) give_up = board_.schedule().end + options_.grace;
  while (!AllGone()) {
    if (interrupted_ && !board_.Stopped()) {
      board_.Stop();
      give_up = std::min(give_up, Now() + options_.grace);
    }
    if (PumpOnce(std::min(next_second, give_up))) continue;
    if (Now() >= give_up) {
      KillAll();
      failures_.push_back("processes hung and were killed (--grace)");
      return RunEnd::kHung;
    }
    on_second();
    next_second += std::chrono::seconds(1);
  }
  return interrupted_ ? RunEnd::kInterrupted : RunEnd::kComplete;
}

bool Crew::PumpOnce(SteadyTime deadline) {
  std::vector<pollfd> fds{{signal_fd_, POLLIN, 0}};
  for (const Child& child : children_) fds.push_back({child.control, POLLIN, 0});  // poll skips -1
  const int count = poll(fds.data(), fds.size(), MillisecondsUntil(deadline));
  if (count <= 0) return Now() < deadline;
  if (fds[0].revents != 0) {
    signalfd_siginfo info{};
    interrupted_ = read(signal_fd_, &info, sizeof info) == sizeof info || interrupted_;
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (fds[i + 1].revents != 0) Hear(children_[i]);
  }
  return true;
}

void Crew::Hear(Child& child) {
  std::array<char, 2048> text{};
  const ssize_t size = recv(child.control, text.data(), text.size(), 0);
  if (size <= 0) return Reap(child);
  const std::string word(text.data(), static_cast<std::size_t>(size));
  if (word == kReadyWord) {
    child.ready = true;
  } else {
    child.told = true;
    Fail(child, word);
  }
}

void Crew::Reap(Child& child) {
  int status = 0;
  waitpid(child.pid, &status, 0);
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!clean && !child.told) Fail(child, EndOf(status));
  close(child.control);
  child.control = -1;
  child.pid = 0;
}

void Crew::Fail(const Child& child, const std::string& what) {
  failures_.push_back("process " + std::to_string(child.pid) + ": " + what);
}

bool Crew::AllReady() const { return std::ranges::all_of(children_, &Child::ready); }

bool Crew::AllGone() const {
  return std::ranges::all_of(children_, [](const Child& child) { return child.control < 0; });
}

void Crew::KillAll() {
  for (const Child& child : children_) {
    if (child.pid != 0) kill(child.pid, SIGKILL);
  }
}

}  // namespace gw::bench
