// Room: rpc.
#include "daemon/rpc/message_reader.h"

#include <algorithm>

namespace gw {
namespace {

// What is set aside for a message because of its announced length alone.
constexpr std::size_t kReserve = 64u << 10;

}  // namespace

MessageReader::Trouble MessageReader::Read(ByteView octets, std::size_t largest,
                                           WipedString& message) {
  while (have_prefix_ < kPrefix && !octets.empty()) {
    const Byte octet = octets.front();
    octets = octets.subspan(1);
    if (have_prefix_ == 0 && octet != 0) return Trouble::kCompressed;
    if (have_prefix_ > 0) length_ = length_ << 8 | octet;
    if (++have_prefix_ < kPrefix) continue;
    if (length_ > largest) return Trouble::kTooLarge;
    missing_ = length_;
    message.reserve(std::min<std::size_t>(length_, kReserve));
  }
  if (octets.size() > missing_) return Trouble::kMore;
  message.append(TextOf(octets));
  missing_ -= octets.size();
  return Trouble::kNone;
}

}  // namespace gw
