// Room: core. May touch: anonymous memory. Memory for secrets alone.
#pragma once

#include <cstddef>

#include "daemon/core/bytes.h"

namespace gw {

// Pages that are locked when the limit allows it and left out of core dumps, apart from everything
// else: a page of the common heap that once held a secret would stay locked for ever, since its
// neighbours may be secrets too. What is given back is taken again, so the number of pages follows
// the secrets that live at one time. Thread: any.
class SecretHeap {
 public:
  // `size` zero octets, size > 0. Aborts without memory.
  static Byte* Take(std::size_t size);
  // What Take(size) returned, wiped by the caller.
  static void Give(Byte* data, std::size_t size);
};

}  // namespace gw
