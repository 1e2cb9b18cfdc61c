// Room: dispatch. May include: core, config, ops, token, policy, proto/wire. Touches: memory.
// The octets of a reply: room for the header, then the body as the codec's Writer appends it.
#pragma once

#include <cstddef>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"
#include "proto/wire/codec.h"

namespace gw {

class ReplyBuffer {
 public:
  ReplyBuffer() { Clear(); }

  // For wire::Writer. nullptr: the reply would be longer than a frame may be.
  std::uint8_t* Extend(std::size_t bytes) {
    const std::size_t at = octets_.size();
    if (at - wire::kHeaderBytes + bytes > wire::kMaxBodyBytes) return nullptr;
    octets_.resize(at + bytes);
    return octets_.data() + at;
  }

  void Clear() {
    octets_.resize(wire::kHeaderBytes);
    descriptor_ = -1;
  }
  // Wipes the body and gives back memory that one large reply left behind.
  void Recycle() {
    Wipe(octets_);
    if (octets_.capacity() > kKeptBytes) Bytes().swap(octets_);
    Clear();
  }

  // Writes the header in front of the body that is there.
  void Seal(const wire::Header& request, CK_RV rv, std::uint16_t flags = 0) {
    wire::Header header = request;
    header.body_bytes = static_cast<std::uint32_t>(octets_.size() - wire::kHeaderBytes);
    header.flags = flags;
    header.session_or_result = rv;
    std::uint8_t bytes[wire::kHeaderBytes];
    wire::EncodeHeader(header, bytes);
    std::ranges::copy(bytes, octets_.begin());
  }

  ByteView octets() const { return octets_; }
  // Borrowed; goes to the application with the first octet. -1: none.
  void Pass(int descriptor) { descriptor_ = descriptor; }
  int descriptor() const { return descriptor_; }
  // A reply that was sealed before.
  void Replay(ByteView octets) { octets_.assign(octets.begin(), octets.end()); }

 private:
  static constexpr std::size_t kKeptBytes = 64 * 1024;
  Bytes octets_;
  int descriptor_ = -1;
};

using ReplyWriter = wire::Writer<ReplyBuffer>;

}  // namespace gw
