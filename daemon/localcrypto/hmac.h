// Room: localcrypto. May include: core. May touch: OpenSSL.
#pragma once

#include "daemon/core/bytes.h"

namespace gw {

// 32 octets. Any length of key and data, none included. Thread: any. Source: RFC 2104, FIPS 198-1.
Bytes HmacSha256(ByteView key, ByteView data);

}  // namespace gw
