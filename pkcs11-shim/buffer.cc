// Room: pkcs11-shim. Touches anonymous memory only.
#include "pkcs11-shim/buffer.h"

#include <string.h>
#include <sys/mman.h>

namespace gw::shim {
namespace {

uint8_t* Map(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  // Kernels that know neither of these still give correct memory.
  madvise(memory, bytes, MADV_DONTDUMP);
  madvise(memory, bytes, MADV_WIPEONFORK);
  return static_cast<uint8_t*>(memory);
}

uint8_t* Remap(uint8_t* data, size_t from, size_t to) {
  void* memory = mremap(data, from, to, MREMAP_MAYMOVE);
  return memory == MAP_FAILED ? nullptr : static_cast<uint8_t*>(memory);
}

}  // namespace

bool Buffer::Reserve(size_t bytes) {
  if (bytes <= capacity_) return true;
  size_t capacity = capacity_ == 0 ? kFirst : capacity_;
  while (capacity < bytes) capacity *= 2;
  uint8_t* data = data_ == nullptr ? Map(capacity) : Remap(data_, capacity_, capacity);
  if (data == nullptr) return false;
  data_ = data;
  capacity_ = capacity;
  return true;
}

uint8_t* Buffer::Extend(size_t bytes) {
  if (bytes > room() && !Reserve(size_ + bytes)) return nullptr;
  uint8_t* here = end();
  size_ += bytes;
  return here;
}

void Buffer::Wipe() {
  if (size_ != 0) explicit_bzero(data_, size_);
}

void Buffer::Truncate(size_t size) {
  if (size >= size_) return;
  explicit_bzero(data_ + size, size_ - size);
  size_ = size;
}

void Buffer::Clear() {
  if (capacity_ > kKept) {
    // The pages given back are the kernel's to clear; a large call pays for 64 KiB at most.
    if (size_ > kKept) size_ = kKept;
    uint8_t* data = Remap(data_, capacity_, kKept);
    if (data == nullptr) return Free();
    data_ = data;
    capacity_ = kKept;
  }
  Wipe();
  size_ = 0;
}

void Buffer::Free() {
  if (data_ != nullptr) munmap(data_, capacity_);
  Forget();
}

void Buffer::Forget() {
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

}  // namespace gw::shim
