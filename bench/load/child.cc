// Room: bench/load. One process of the run and its threads.
#include "bench/load/child.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/worker.h"
#include "bench/measure/usage.h"

namespace gw::bench {
namespace {

SteadyTime Now() { return std::chrono::steady_clock::now(); }

void Say(int control, std::string_view text) {
  (void)send(control, text.data(), text.size(), MSG_NOSIGNAL);
}

bool HearGo(int control) {
  char word = 0;
  return recv(control, &word, 1, 0) == 1;
}

// The threads of one process: each opens its caller, all wait at the line, then run or go home.
class Team {
 public:
  Team(const Options& options, Board& board, Target& target, std::span<Recorder> recorders)
      : options_(options),
        board_(board),
        target_(target),
        recorders_(recorders),
        at_the_line_(static_cast<std::ptrdiff_t>(recorders.size())) {
    for (Recorder& recorder : recorders_)
      threads_.emplace_back([this, &recorder] { RunThread(recorder); });
  }
  ~Team() {
    Release(false);
    Join();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Waits until each thread has its caller or has failed to get one. The first failure, or an empty
  // text.
  std::string Gather() {
    at_the_line_.wait();
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  void Run() { Release(true); }
  // Waits for the last operation of all threads.
  void Join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void RunThread(Recorder& recorder) {
    auto caller = target_.NewCaller();
    if (!caller) {
      const std::lock_guard lock(mutex_);
      failure_ = Explain(caller.error());
    }
    at_the_line_.count_down();
    go_.wait();
    if (caller && run_) RunWorker(**caller, board_, recorder, options_);
  }

  void Release(bool run) {
    if (released_) return;
    released_ = true;
    run_ = run;
    go_.count_down();
  }

  const Options& options_;
  Board& board_;
  Target& target_;
  std::span<Recorder> recorders_;
  std::latch at_the_line_;
  std::latch go_{1};
  bool released_ = false;
  bool run_ = false;  // written before go_ opens, read after
  std::mutex mutex_;
  std::string failure_;
  std::vector<std::thread> threads_;
};

void UseDefaultSignals() {
  // Ctrl-C reaches the whole group; the parent decides what it means. Modules may not expect
  // blocked signals.
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void RunMeasured(Team& team, Board& board, ProcessNote& note) {
  team.Run();
  board.SleepUntil(board.schedule().measure_start);
  const auto cpu_before = CpuTimeOf(0);
  team.Join();
  const auto cpu_after = CpuTimeOf(0);
  if (cpu_before && cpu_after)
    note.cpu_ns = static_cast<std::uint64_t>((*cpu_after - *cpu_before).count());
  note.memory = MemoryOfThisProcess();
}

}  // namespace

int RunChild(const Options& options, Board& board, std::size_t index, int control,
             const OpenTarget& open_target) {
  UseDefaultSignals();
  ProcessNote& note = board.processes()[index];
  note.pid = getpid();
  const SteadyTime start = Now();
  auto target = open_target(options);
  if (!target) {
    Say(control, Explain(target.error()));
    return 1;
  }
  const auto workers = board.recorders().subspan(index * options.threads, options.threads);
  Team team(options, board, **target, workers);
  if (const std::string failure = team.Gather(); !failure.empty()) {
    Say(control, failure);
    return 1;
  }
  note.attach_ns = static_cast<std::uint64_t>((*target)->AttachTime().count());
  note.setup_ns = static_cast<std::uint64_t>((Now() - start).count());
  Say(control, kReadyWord);
  if (!HearGo(control)) return 1;
  RunMeasured(team, board, note);
  return 0;
}

}  // namespace gw::bench
