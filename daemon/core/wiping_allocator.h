// Room: core. Memory that is wiped when it is given back, for buffers that pass secrets on.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "daemon/core/bytes.h"

namespace gw {

template <typename T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) {}  // NOLINT(*-explicit-*): allocators convert

  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) {
    Wipe({reinterpret_cast<Byte*>(memory), count * sizeof(T)});
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

// Long contents are wiped; up to 15 characters live inside the object and are not secret here.
using WipedString = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

}  // namespace gw
