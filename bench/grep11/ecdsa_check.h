// Room: bench/grep11. Proof that a signature is one. Touches OpenSSL.
#pragma once

#include "daemon/core/bytes.h"

namespace gw::bench {

// True when `signature`, r||s of equal length, is the ECDSA signature of `digest` under the key
// whose DER SubjectPublicKeyInfo begins `spki`; octets behind it are ignored.
bool EcdsaSignatureHolds(ByteView spki, ByteView digest, ByteView signature);

}  // namespace gw::bench
