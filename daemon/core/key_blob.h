// Room: core. What the HSM gives us instead of a key.
#pragma once

#include "daemon/core/bytes.h"

namespace gw {

// A wrapped private or secret key, or a public key as SubjectPublicKeyInfo followed by the HSM's
// MAC trailer. Opaque to everything but the HSM; upstream/ sends the octets back unchanged.
struct KeyBlob {
  Bytes octets;

  bool empty() const { return octets.empty(); }
  ByteView view() const { return octets; }
};

}  // namespace gw
