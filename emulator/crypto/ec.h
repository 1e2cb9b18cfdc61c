// Room: emulator/crypto. ECDSA and ECDH. Threads: any.
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

}  // namespace gw::emulator
