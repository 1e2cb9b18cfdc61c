// Room: emulator/crypto. EdDSA of RFC 8032 without pre-hash: Ed25519 (CKM_IBM_ED25519_SHA512) and
// Ed448 with an empty context (CKM_IBM_ED448_SHA3). The key's curve decides which; that it is the
// mechanism's is for the caller to see to. Threads: any.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

//   message  any length, also 0
//   returns  signature_bytes; the same at every call
//   errors   CKR_KEY_TYPE_INCONSISTENT  not on an Edwards curve, or a public key
Result<Bytes> EddsaSign(const PKey& key, ByteView message);

//   errors  CKR_KEY_TYPE_INCONSISTENT, CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status EddsaVerify(const PKey& key, ByteView message, ByteView signature);

}  // namespace gw::emulator
