// Room: emulator/crypto. The elliptic curves, one row each; CKA_EC_PARAMS and SPKI are read through
// this table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "daemon/core/bytes.h"

namespace gw::emulator {

// What a curve is for and how its points look: signing and agreement with points of two
// coordinates, signing as RFC 8032 has it, agreement as RFC 7748 has it. The last two are "raw":
// keys are octet strings without structure.
enum class CurveKind : std::uint8_t { kWeierstrass, kEdwards, kMontgomery };

struct CurveRow {
  std::string_view ascii_name;  // what CKA_EC_PARAMS may hold instead of the OID
  ByteView oid_der;             // OBJECT IDENTIFIER with tag and length
  const char* openssl_name;     // of the group; of the key type if the curve is raw
  CurveKind kind;
  // Weierstrass: of the order. Raw curves: of the field, as the card counts them (Ed25519: 255).
  std::size_t bits;
  std::size_t field_bytes;  // of one coordinate, and of the shared secret

  bool is_raw() const { return kind != CurveKind::kWeierstrass; }
  // Of one half of r || s. Weierstrass only.
  std::size_t order_bytes() const { return (bits + 7) / 8; }
  // Of a public key: 04 || X || Y, or the octets of RFC 7748 and RFC 8032.
  std::size_t point_bytes() const;
  // Of a private key as a number (big-endian) or as the octets of the RFCs.
  std::size_t private_bytes() const;
  // 0 if the curve is for agreement only.
  std::size_t signature_bytes() const;
};

std::span<const CurveRow> CurveTable();

// Null if no row has this DER OID or ASCII name (case as in the table).
const CurveRow* FindCurve(ByteView ec_params);
const CurveRow* FindCurveByOpensslName(std::string_view name);

}  // namespace gw::emulator
