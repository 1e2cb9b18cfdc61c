// Room: bench/load. The shared mapping and the sleep that Stop() ends.
#include "bench/load/board.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <memory>

#include "daemon/core/check.h"

namespace gw::bench {
namespace {

constexpr std::size_t kLineBytes = 64;

constexpr std::size_t RoundUp(std::size_t bytes) {
  return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
}

// glibc's steady clock is CLOCK_MONOTONIC, the clock that FUTEX_WAIT_BITSET counts by.
timespec TimespecOf(SteadyTime time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return {seconds.count(), std::chrono::nanoseconds(since - seconds).count()};
}

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace

Board::Board(std::size_t processes, std::size_t workers)
    : process_count_(processes), worker_count_(workers) {
  const std::size_t notes_at = RoundUp(sizeof(Header));
  const std::size_t recorders_at = notes_at + RoundUp(processes * sizeof(ProcessNote));
  mapped_bytes_ = recorders_at + workers * sizeof(Recorder);
  void* memory =
      mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  GW_CHECK(memory != MAP_FAILED);
  auto* bytes = static_cast<std::byte*>(memory);
  header_ = new (bytes) Header{};
  processes_ = reinterpret_cast<ProcessNote*>(bytes + notes_at);
  std::uninitialized_value_construct_n(processes_, processes);
  recorders_ = reinterpret_cast<Recorder*>(bytes + recorders_at);
  std::uninitialized_value_construct_n(recorders_, workers);
}

Board::~Board() { munmap(header_, mapped_bytes_); }

void Board::AddUp(Totals& totals) const {
  for (std::size_t i = 0; i < worker_count_; ++i) totals.Add(recorders_[i]);
}

void Board::Stop() {
  header_->stop.store(1, std::memory_order_relaxed);
  syscall(SYS_futex, &header_->stop, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

bool Board::SleepUntil(SteadyTime time) const {
  const timespec until = TimespecOf(time);
  while (!Stopped() && std::chrono::steady_clock::now() < time) {
    syscall(SYS_futex, &header_->stop, FUTEX_WAIT_BITSET, 0, &until, nullptr,
            FUTEX_BITSET_MATCH_ANY);
  }
  return !Stopped();
}

}  // namespace gw::bench
