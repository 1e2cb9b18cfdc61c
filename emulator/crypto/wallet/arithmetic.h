// Room: emulator/crypto/wallet. How a child's key comes from its parent's on a Weierstrass curve.
#pragma once

#include <optional>

#include "daemon/core/bytes.h"
#include "emulator/crypto/curves.h"

namespace gw::emulator {

// `tweak` + `scalar` modulo the order, without telling either by its time. Null if the tweak is not
// below the order or the sum is zero: then there is no such child. A tweak of zero is one.
//   tweak   order_bytes long
//   scalar  a private key of the curve
std::optional<SecretBytes> AddToScalar(const CurveRow& curve, ByteView tweak, ByteView scalar);

// `tweak` * G + `point`, uncompressed; null as above. All of it is public.
//   point  a public key of the curve
std::optional<Bytes> AddToPoint(const CurveRow& curve, ByteView tweak, ByteView point);

}  // namespace gw::emulator
