// Room: emulator/trouble. Things to be done later, on one thread, without a thread waiting for
// each. gRPC's alarms count whole milliseconds; a modelled latency of 1 ms needs better, hence a
// condition variable and a heap.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace gw::emulator {

// Threads: At() from any. Stop() runs everything still waiting at once and joins; afterwards At()
// runs its work in place.
class DelayLine {
 public:
  using Time = std::chrono::steady_clock::time_point;

  DelayLine();
  ~DelayLine() { Stop(); }
  DelayLine(const DelayLine&) = delete;
  DelayLine& operator=(const DelayLine&) = delete;

  void At(Time when, std::function<void()> work);
  void Stop();

 private:
  struct Entry {
    Time when;
    std::uint64_t number;  // keeps work for the same instant in order
    std::function<void()> work;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.when != b.when ? a.when > b.when : a.number > b.number;
    }
  };
  void Run();
  // Everything that is due, taken out of the heap; waits until there is something. Empty: stopped.
  std::vector<std::function<void()>> TakeDue();

  std::mutex mutex_;  // guards the members up to thread_
  std::condition_variable changed_;
  std::priority_queue<Entry, std::vector<Entry>, Later> waiting_;
  std::uint64_t next_number_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace gw::emulator
