// Room: ops. Checks of message lengths that need no HSM, for signing and verifying alike.
#pragma once

#include "daemon/ops/message_operation.h"

namespace gw::ops {

// CKR_DATA_LEN_RANGE where the raw mechanism cannot take `bytes` of input: RSA PKCS #1 v1.5 more
// than k - 11, PSS other than the length of its hash, ECDSA and DSA nothing at all. Hashing
// mechanisms take everything.
inline Status CheckMessageLength(const MechanismRow& row, const Object& key, std::size_t bytes) {
  if (row.raw != row.type || row.family == Family::kHmac || row.family == Family::kCmac)
    return Ok();
  const bool too_long_for_rsa =
      row.family == Family::kRsaPkcs && bytes + 11 > SignatureBytes(row, key);
  const bool empty_for_ecdsa =
      (row.family == Family::kEcdsa || row.family == Family::kDsa) && bytes == 0;
  if (too_long_for_rsa || empty_for_ecdsa)
    return CallerError(CKR_DATA_LEN_RANGE, "length of the data");
  return Ok();
}

// What the HSM says of a message that came in parts: the functions that end them know no
// CKR_DATA_INVALID (PKCS #11 v2.40 5.11 and 5.13), which X9.31 has for data without its trailer.
template <typename T>
Result<T> OfParts(Result<T> result) {
  if (!result && result.error().rv == CKR_DATA_INVALID) result.error().rv = CKR_DATA_LEN_RANGE;
  return result;
}

}  // namespace gw::ops
