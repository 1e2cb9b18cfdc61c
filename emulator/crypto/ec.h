// Room: emulator/crypto. ECDSA and ECDH on Weierstrass curves, agreement on Montgomery curves; a
// key on a curve of another kind gets CKR_KEY_TYPE_INCONSISTENT from each. Threads: any.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// r || s, each as long as the order. `digest` of any length but 0; the leading bits count.
Result<Bytes> EcdsaSign(const PKey& key, ByteView digest);
//   errors  CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status EcdsaVerify(const PKey& key, ByteView digest, ByteView signature);

// The X coordinate of the shared point, field_bytes long.
//   point   04 || X || Y on the curve of `key`
//   errors  CKR_MECHANISM_PARAM_INVALID  not such a point
Result<SecretBytes> EcdhSecret(const PKey& key, ByteView point);
// X25519 and X448 (RFC 7748): the shared secret, field_bytes long.
//   point   as long as the secret
//   errors  CKR_MECHANISM_PARAM_INVALID  another length, or a point of small order
Result<SecretBytes> XdhSecret(const PKey& key, ByteView point);

}  // namespace gw::emulator
