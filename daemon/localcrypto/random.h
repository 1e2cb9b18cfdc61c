// Room: localcrypto. May include: core. May touch: OpenSSL.
#pragma once

#include <span>

#include "daemon/core/bytes.h"

namespace gw {

// Fills `out` from the generator of this process, reseeded from the operating system. For our own
// keys, salts, nonces and ids; random octets of applications come from the HSM. Never fails: a host
// without entropy ends the process. Thread: any.
void RandomBytes(std::span<Byte> out);

}  // namespace gw
