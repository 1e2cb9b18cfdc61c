// Room: bench/measure. Words that one thread writes and others, perhaps in another process, read at
// leisure.
#pragma once

#include <atomic>
#include <cstdint>

namespace gw::bench {

static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);

// Readers may run at the same time. `word` is only const for the caller: reading it atomically
// needs the plain object.
inline std::uint64_t ReadShared(const std::uint64_t& word) {
  return std::atomic_ref<std::uint64_t>(const_cast<std::uint64_t&>(word))
      .load(std::memory_order_relaxed);
}
inline void WriteShared(std::uint64_t& word, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(word).store(value, std::memory_order_relaxed);
}
// Only for the single writer: a load and a store, which costs less than a locked addition.
inline void AddShared(std::uint64_t& word, std::uint64_t more) { WriteShared(word, word + more); }

}  // namespace gw::bench
