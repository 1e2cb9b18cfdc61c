// Room: pkcs11-shim. Memory from the kernel for what a forked child inherits: ordinary pages, apart
// from the application's allocator and left out of core dumps. (Buffers of calls: buffer.h.)
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

namespace gw::shim {

// `bytes` zeros, nullptr without memory.
inline uint8_t* MapMemory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  madvise(memory, bytes, MADV_DONTDUMP);
  return static_cast<uint8_t*>(memory);
}

inline void UnmapMemory(void* memory, size_t bytes) {
  if (memory != nullptr) munmap(memory, bytes);
}

// A child forked at any instant sees the stores of each thread in their order. So what it shall
// find whole is written first, and made reachable by one store at the end: all stores before this
// one come before it, and all after it after it.
template <typename T>
void Publish(T* to, T value) {
  __atomic_store(to, &value, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_ACQ_REL);
}

}  // namespace gw::shim
