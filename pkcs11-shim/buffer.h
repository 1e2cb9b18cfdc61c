// Room: pkcs11-shim. The one buffer of a connection: the request, and after it the reply. Memory
// comes from mmap, so that the module never touches the application's allocator; it is kept out of
// core dumps and reads as zeros in a forked child, because PINs and key values pass through it.
// Used by the thread that holds the connection.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace gw::shim {

class Buffer {
 public:
  constexpr Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // Room for `bytes` more at the end, which count as used from now on; nullptr without memory.
  uint8_t* Extend(size_t bytes);

  // Makes room for `bytes` in all. False without memory.
  bool Reserve(size_t bytes);

  // Zeros what is used; it stays in use.
  void Wipe();

  // Wipes what comes after the first `size` bytes, and drops it.
  void Truncate(size_t size);

  // Wipes, empties, and gives memory beyond kKept back to the system.
  void Clear();

  void Free();

  // Leaves the memory to itself: it belonged to a thread that this process does not have.
  void Forget();

  // Empties without wiping: after a fork, when the contents are zeros already.
  void Restart() { size_ = 0; }

  uint8_t* data() const { return data_; }
  uint8_t* end() const { return data_ + size_; }
  size_t size() const { return size_; }
  size_t room() const { return capacity_ - size_; }

 private:
  static constexpr size_t kFirst = size_t{16} << 10;
  static constexpr size_t kKept = size_t{64} << 10;

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace gw::shim
