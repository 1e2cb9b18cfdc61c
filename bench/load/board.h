// Room: bench/load. The memory that all processes of a run share: schedule, tickets, and what each
// worker recorded. Touches one anonymous mapping. The parent merges straight from it, so a process
// that dies loses nothing recorded.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

#include "bench/measure/recorder.h"
#include "bench/measure/usage.h"
#include "daemon/core/result.h"

namespace gw::bench {

// What one process says about itself; written by it before it ends, read by the parent afterwards.
struct ProcessNote {
  pid_t pid = 0;
  std::uint64_t attach_ns = 0;  // loading and C_Initialize, or making the channel
  std::uint64_t setup_ns = 0;   // all before the first call: attach, login, key, sessions
  std::uint64_t cpu_ns = 0;     // user and system time while measuring
  MemoryUse memory;             // at the end of the measurement
};

// When the phases begin; written by the parent before any worker starts.
struct Schedule {
  SteadyTime warmup_start;
  SteadyTime measure_start;
  SteadyTime end;  // SteadyTime::max() when a count ends the run
};

// Made by the parent before it forks; processes find it at the same address. Thread: as said for
// each part.
class Board {
 public:
  // Aborts when there is no memory. `processes` and `workers` are at least 1.
  Board(std::size_t processes, std::size_t workers);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  Schedule& schedule() { return header_->schedule; }
  // Numbers of the operations, handed out one by one: [0] warm-up, [1] measured. Any thread.
  std::atomic<std::uint64_t>& tickets(std::size_t phase) { return header_->tickets[phase]; }
  std::span<ProcessNote> processes() { return {processes_, process_count_}; }
  std::span<Recorder> recorders() { return {recorders_, worker_count_}; }
  // All recorders added up, as they are now.
  void AddUp(Totals& totals) const;

  // Asks all workers to end after the operation in flight. Any thread or process.
  void Stop();
  bool Stopped() const { return header_->stop.load(std::memory_order_relaxed) != 0; }
  // Waits until that time, or until Stop(), whichever is first. False when stopped.
  bool SleepUntil(SteadyTime time) const;

 private:
  struct Header {
    std::atomic<std::uint32_t> stop;  // also a futex
    Schedule schedule;
    alignas(64) std::atomic<std::uint64_t> tickets[2];
  };

  std::size_t process_count_;
  std::size_t worker_count_;
  std::size_t mapped_bytes_;
  Header* header_;
  ProcessNote* processes_;
  Recorder* recorders_;
};

}  // namespace gw::bench
