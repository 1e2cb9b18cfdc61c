// Room: bench/load. The processes of a run: started, gathered at the line, let go, and seen off.
// Touches processes, signals and one socket pair for each child.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "bench/load/board.h"
#include "bench/load/options.h"
#include "bench/load/target.h"

namespace gw::bench {

// How the wait for the end went.
enum class RunEnd { kComplete, kInterrupted, kHung };

// Parent's side. Thread: one. Destroying it kills and reaps what still runs, so no child outlives
// it. SIGINT and SIGTERM are blocked while it lives and end the run early, with a report of what
// was measured so far.
class Crew {
 public:
  Crew(const Options& options, Board& board, OpenTarget open_target);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Forks the processes; the caller must not have other threads. Then waits until each one stands
  // ready for its first operation. False when one could not: failures() says why.
  bool Launch();
  // Writes the schedule and lets them go.
  void Begin();
  // Waits until the warm-up is over, or all have ended.
  void AwaitMeasureStart(const std::function<void()>& on_second);
  // Waits until all have ended, at most until the schedule's end plus the grace; `on_second` is
  // called once a second.
  RunEnd AwaitEnd(const std::function<void()>& on_second);

  // One line for each thing that went wrong with a process.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  struct Child {
    pid_t pid = 0;
    int control = -1;  // our end; -1 once the child has gone
    bool ready = false;
    bool told = false;  // it has said itself why it fails
  };

  void Fork(std::size_t index);
  // Waits for the next word from a child or a signal, until `deadline`; handles it. False when the
  // deadline passed.
  bool PumpOnce(SteadyTime deadline);
  void Hear(Child& child);
  void Reap(Child& child);
  void Fail(const Child& child, const std::string& what);
  bool AllReady() const;
  bool AllGone() const;
  void KillAll();

  const Options& options_;
  Board& board_;
  OpenTarget open_target_;
  int signal_fd_ = -1;
  bool interrupted_ = false;
  std::vector<Child> children_;
  std::vector<std::string> failures_;
};

}  // namespace gw::bench
