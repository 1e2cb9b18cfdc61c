// Room: emulator/crypto. The elliptic curves, one row each; CKA_EC_PARAMS and SPKI are read through
// this table.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "daemon/core/bytes.h"

namespace gw::emulator {

struct CurveRow {
  std::string_view ascii_name;  // what CKA_EC_PARAMS may hold instead of the OID
  ByteView oid_der;             // OBJECT IDENTIFIER with tag and length
  const char* openssl_name;
  std::size_t order_bits;
  std::size_t field_bytes;  // of one coordinate, and of the ECDH secret

  std::size_t order_bytes() const { return (order_bits + 7) / 8; }
};

std::span<const CurveRow> CurveTable();

// Null if no row has this DER OID or ASCII name (case as in the table).
const CurveRow* FindCurve(ByteView ec_params);
const CurveRow* FindCurveByOpensslName(std::string_view name);

}  // namespace gw::emulator
