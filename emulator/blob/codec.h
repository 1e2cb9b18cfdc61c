// Room: emulator/blob. Big-endian writing and bounds-checked reading of what goes inside a sealed
// envelope. The content is authenticated before it is read; the checks hold all the same.
#pragma once

#include <cstdint>

#include "daemon/core/bytes.h"

namespace gw::emulator {

class Writer {
 public:
  Writer& U8(Byte value) {
    out_.push_back(value);
    return *this;
  }
  Writer& U32(std::uint32_t value) {
    AppendU32Be(out_, value);
    return *this;
  }
  Writer& U64(std::uint64_t value) {
    return U32(static_cast<std::uint32_t>(value >> 32)).U32(static_cast<std::uint32_t>(value));
  }
  Writer& Raw(ByteView bytes) {
    Append(out_, bytes);
    return *this;
  }
  // Length, then content.
  Writer& Field(ByteView bytes) { return U32(static_cast<std::uint32_t>(bytes.size())).Raw(bytes); }

  Bytes Take() { return std::move(out_); }

 private:
  Bytes out_;
};

// After the first read beyond the end, ok() is false and all reads give zeros and empty views.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}

  Byte U8() { return static_cast<Byte>(Number(1)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Number(4)); }
  std::uint64_t U64() { return Number(8); }
  ByteView Raw(std::size_t size) {
    if (!ok_ || size > in_.size()) {
      ok_ = false;
      return {};
    }
    const ByteView taken = in_.first(size);
    in_ = in_.subspan(size);
    return taken;
  }
  ByteView Field() { return Raw(U32()); }

  bool ok() const { return ok_; }
  ByteView rest() const { return in_; }

 private:
  std::uint64_t Number(std::size_t size) {
    std::uint64_t value = 0;
    for (const Byte octet : Raw(size)) value = value << 8 | octet;
    return value;
  }

  ByteView in_;
  bool ok_ = true;
};

}  // namespace gw::emulator
