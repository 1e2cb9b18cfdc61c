// Room: localcrypto, private to it. Touches nothing. SubjectPublicKeyInfo taken apart and put
// together, octets only.
#pragma once

#include <array>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/mechanism/lattice.h"

namespace gw {

// RFC 3279 2.3.1 and 2.3.5, tag and length included.
inline constexpr std::array<Byte, 11> kRsaOid{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1};
inline constexpr std::array<Byte, 9> kEcOid{6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1};
inline constexpr std::array<Byte, 2> kNullElement{5, 0};

// Views into the octets it was split from.
struct SpkiParts {
  ByteView whole;                             // without what follows it
  const Curve* curve = nullptr;               // nullptr: RSA or a lattice
  const LatticeStrength* strength = nullptr;  // else nullptr
  ByteView modulus;                           // without leading zeros
  ByteView exponent;
  ByteView point;
};

// Checks structure and lengths, not arithmetic. Errors as PublicKey::Parse states them.
Result<SpkiParts> SplitSpki(ByteView bytes);

Bytes JoinRsaSpki(ByteView modulus, ByteView exponent);
Bytes JoinEcSpki(const Curve& curve, ByteView point);
// RFC 8410 4, which names Edwards and Montgomery curves by the algorithm.
Bytes JoinBareSpki(const Curve& curve, ByteView point);

}  // namespace gw
