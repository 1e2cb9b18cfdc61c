// Room: localcrypto. May include: core. May touch: OpenSSL. A key from a password, slowly.
#pragma once

#include <optional>

#include "daemon/core/bytes.h"

namespace gw {

// Stored beside whatever was made with it, so that the cost can be raised later and what is older
// still opens: log2 N | r | p, an octet each.
struct ScryptCost {
  static constexpr std::size_t kBytes = 3;

  Byte log2_n = 15;
  Byte r = 8;
  Byte p = 1;

  Bytes Encoded() const { return {log2_n, r, p}; }
  // nullopt: not of kBytes octets, or more than 256 MiB would be needed.
  static std::optional<ScryptCost> Decode(ByteView octets);
};

// 32 octets. By default it costs about 0.1 s of CPU and 32 MiB by intention: not on a loop that
// serves others. Thread: any. Source: RFC 7914.
SecretBytes Scrypt(ByteView password, ByteView salt, const ScryptCost& cost);

}  // namespace gw
