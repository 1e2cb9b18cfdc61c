// Room: localcrypto.
#include "daemon/localcrypto/random.h"

#include <openssl/rand.h>

#include "daemon/core/check.h"

namespace gw {

void RandomBytes(std::span<Byte> out) {
  // The private generator: it never serves values that are sent in the clear.
  GW_CHECK(RAND_priv_bytes_ex(nullptr, out.data(), out.size(), 256) == 1);
}

}  // namespace gw
