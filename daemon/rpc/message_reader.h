// Room: rpc. May include: core. The one message that the answer to a unary call has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daemon/core/bytes.h"
#include "daemon/core/wiping_allocator.h"

namespace gw {

// Takes the octets of DATA frames as they come: a flag, a length of four octets, the message.
// Source: "gRPC over HTTP/2", Length-Prefixed-Message.
class MessageReader {
 public:
  static constexpr std::size_t kPrefix = 5;

  enum class Trouble : std::uint8_t {
    kNone,
    kCompressed,  // we have not said that we can read that
    kTooLarge,
    kMore,  // something after the message
  };
  // Appends the message's octets to `message`. After a trouble the rest is of no interest.
  Trouble Read(ByteView octets, std::size_t largest, WipedString& message);
  // The message is there to its last octet.
  bool whole() const { return have_prefix_ == kPrefix && missing_ == 0; }

 private:
  std::size_t have_prefix_ = 0;
  std::uint32_t length_ = 0;
  std::size_t missing_ = 0;
};

}  // namespace gw
