// Room: bench/load. The two loops, closed and open. Reads the real clock: that is what is being
// measured.
#include "bench/load/worker.h"

#include <sys/prctl.h>

#include <optional>

#include "bench/measure/pacer.h"
#include "bench/measure/shared_word.h"

namespace gw::bench {
namespace {

SteadyTime Now() { return std::chrono::steady_clock::now(); }

// Hands out the operations of one phase. Thread: one worker; the tickets are shared by all.
class Phase {
 public:
  Phase(Board& board, const Options& options, std::size_t number)
      : board_(board),
        tickets_(board.tickets(number)),
        open_loop_(options.rate_per_s > 0),
        limit_(number == 0 ? 0 : options.count),
        end_(number == 0 ? board.schedule().measure_start : board.schedule().end),
        pacer_(number == 0 ? board.schedule().warmup_start : board.schedule().measure_start, end_,
               open_loop_ ? options.rate_per_s : 1) {}

  // The moment at which the next operation is due, after waiting for it; in a closed loop that is
  // now. Nothing when the phase is over.
  std::optional<SteadyTime> Next() {
    if (board_.Stopped()) return std::nullopt;
    if (!open_loop_ && limit_ == 0) return NowIfBeforeEnd();
    const std::uint64_t ticket = tickets_.fetch_add(1, std::memory_order_relaxed);
    if (limit_ != 0 && ticket >= limit_) return std::nullopt;
    if (!open_loop_) return NowIfBeforeEnd();
    const auto planned = pacer_.PlannedStart(ticket);
    if (!planned || !board_.SleepUntil(*planned)) return std::nullopt;
    // An operation that was due but that no worker was free for until the end is reported, not
    // started.
    return NowIfBeforeEnd() ? planned : std::nullopt;
  }

 private:
  std::optional<SteadyTime> NowIfBeforeEnd() const {
    const SteadyTime now = Now();
    return now < end_ ? std::optional(now) : std::nullopt;
  }

  Board& board_;
  std::atomic<std::uint64_t>& tickets_;
  bool open_loop_;
  std::uint64_t limit_;  // 0: time ends the phase
  SteadyTime end_;
  Pacer pacer_;
};

void CheckResult(Caller& caller, Recorder& recorder, bool thorough) {
  switch (caller.Check(thorough)) {
    case Caller::Verdict::kPlausible:
      return;
    case Caller::Verdict::kVerified:
      return AddShared(recorder.verified, 1);
    case Caller::Verdict::kWrong:
      return AddShared(recorder.bad_results, 1);
  }
}

void Warm(Caller& caller, Phase phase) {
  while (phase.Next()) {
    if (caller.Call() == CKR_OK) caller.Check(false);
  }
}

void Measure(Caller& caller, Phase phase, Recorder& recorder, const Options& options) {
  std::uint64_t successes = 0;
  while (const auto planned = phase.Next()) {
    const SteadyTime begun = options.rate_per_s > 0 ? Now() : *planned;
    const CK_RV rv = caller.Call();
    const Sample sample{*planned, begun, Now()};
    if (rv != CKR_OK) {
      recorder.Failure(sample, rv);
      continue;
    }
    recorder.Success(sample);
    const bool thorough = options.verify_every != 0 && successes % options.verify_every == 0;
    ++successes;
    CheckResult(caller, recorder, thorough);
  }
}

}  // namespace

void RunWorker(Caller& caller, Board& board, Recorder& recorder, const Options& options) {
  // The default slack lets the kernel wake a sleeper 50 us late, which an open loop would report as
  // latency.
  prctl(PR_SET_TIMERSLACK, 1);
  if (!board.SleepUntil(board.schedule().warmup_start)) return;
  if (options.warmup.count() > 0) Warm(caller, Phase(board, options, 0));
  if (!board.SleepUntil(board.schedule().measure_start)) return;
  Measure(caller, Phase(board, options, 1), recorder, options);
}

}  // namespace gw::bench
