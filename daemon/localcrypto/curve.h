// Room: localcrypto. May include: core. The curves of the HSM and what they are called.
#pragma once

#include <span>
#include <string_view>

#include "daemon/core/bytes.h"

namespace gw {

enum class CurveKind : std::uint8_t { kWeierstrass, kMontgomery, kEdwards, kPairing };

// One row per curve. Rows live for ever.
struct Curve {
  std::string_view name;  // as the HSM takes it in CKA_EC_PARAMS, without terminator
  ByteView der_oid;       // OBJECT IDENTIFIER with its tag and length: CKA_EC_PARAMS
  CurveKind kind;
  unsigned bits;                  // of the field: what CK_MECHANISM_INFO and logs call its size
  unsigned order_bytes;           // half of a signature; 0: the curve makes none
  unsigned coordinate_bytes;      // of X; an uncompressed point has 1 + 2 * coordinate_bytes octets
  bool local_verify;              // PublicKey::Verify can serve it; else the HSM has to
  std::string_view openssl_name;  // empty: not known there

  // A point is 04 || X || Y; else the bare octets of RFC 7748 and RFC 8032.
  bool HasUncompressedPoint() const {
    return kind == CurveKind::kWeierstrass || kind == CurveKind::kPairing;
  }
  // Octets of the point in a SubjectPublicKeyInfo.
  std::size_t PointBytes() const {
    return HasUncompressedPoint() ? 1 + 2 * std::size_t{coordinate_bytes} : coordinate_bytes;
  }
};

// `ec_params` is a CKA_EC_PARAMS value: the DER object identifier, a DER PrintableString with the
// name, or the ASCII name. Names are compared without regard to case; the aliases secp256r1,
// prime256v1, brainpoolP256r1 and so on are known.
//   returns  nullptr for a curve that the HSM does not have, or bytes left over
//   source   GREP11 reference 10.3; PKCS #11 v3.0 2.3.3 (curveName)
const Curve* FindCurve(ByteView ec_params);

std::span<const Curve> AllCurves();

}  // namespace gw
