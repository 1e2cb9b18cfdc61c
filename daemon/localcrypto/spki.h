// Room: localcrypto, private to it. Touches nothing. SubjectPublicKeyInfo taken apart and put
// together, octets only.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/localcrypto/curve.h"

namespace gw {

// Views into the octets it was split from.
struct SpkiParts {
  ByteView whole;                // without what follows it
  const Curve* curve = nullptr;  // nullptr: RSA
  ByteView modulus;              // without leading zeros
  ByteView exponent;
  ByteView point;
};

// Checks structure and lengths, not arithmetic. Errors as PublicKey::Parse states them.
Result<SpkiParts> SplitSpki(ByteView bytes);

Bytes JoinRsaSpki(ByteView modulus, ByteView exponent);
Bytes JoinEcSpki(const Curve& curve, ByteView point);

}  // namespace gw
