// Room: core.
#include "daemon/core/secret_heap.h"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <new>

#include "daemon/core/thread_annotations.h"

namespace gw {
namespace {

// Sizes of blocks: kSmallest, doubled up to kLargest. Anything longer has pages of its own.
constexpr std::size_t kSmallest = 32;
constexpr std::size_t kLargest = 4096;
constexpr std::size_t kSizes = 8;
static_assert(kSmallest << (kSizes - 1) == kLargest);
constexpr std::size_t kChunk = std::size_t{64} << 10;  // mapped at a time, of one size

constexpr std::size_t IndexOf(std::size_t size) {
  return static_cast<std::size_t>(std::bit_width((size - 1) / kSmallest));
}
static_assert(IndexOf(1) == 0 && IndexOf(32) == 0 && IndexOf(33) == 1 && IndexOf(4096) == 7);

struct FreeBlock {
  FreeBlock* next;
};

struct Blocks {
  Mutex mutex;
  std::array<FreeBlock*, kSizes> free GW_GUARDED_BY(mutex){};
};

// Secrets in static objects may die after any static of ours.
Blocks& TheBlocks() {
  static auto* blocks = new Blocks;
  return *blocks;
}

Byte* Map(std::size_t size) {
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) std::abort();
  // Best effort: the service unit raises LimitMEMLOCK; without it the process is non-dumpable all
  // the same.
  static_cast<void>(mlock(pages, size));
  static_cast<void>(madvise(pages, size, MADV_DONTDUMP));
  return static_cast<Byte*>(pages);
}

void Push(FreeBlock*& head, Byte* at) { head = new (at) FreeBlock{head}; }

}  // namespace

Byte* SecretHeap::Take(std::size_t size) {
  if (size > kLargest) return Map(size);
  const std::size_t index = IndexOf(size);
  Blocks& blocks = TheBlocks();
  const MutexLock lock(blocks.mutex);
  FreeBlock*& head = blocks.free[index];
  if (head == nullptr) {
    Byte* chunk = Map(kChunk);
    for (std::size_t at = 0; at < kChunk; at += kSmallest << index) Push(head, chunk + at);
  }
  FreeBlock* taken = head;
  head = taken->next;
  taken->next = nullptr;  // the rest was zero when it came
  return reinterpret_cast<Byte*>(taken);
}

void SecretHeap::Give(Byte* data, std::size_t size) {
  if (size > kLargest) {
    munmap(data, size);
    return;
  }
  Blocks& blocks = TheBlocks();
  const MutexLock lock(blocks.mutex);
  Push(blocks.free[IndexOf(size)], data);
}

}  // namespace gw
