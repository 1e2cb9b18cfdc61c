// Room: emulator/crypto. Signatures that are a pair of numbers, ECDSA's and DSA's: the card has r
// || s, OpenSSL the DER of both.
#pragma once

#include "daemon/core/result.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// Of a digest, with a private key; r || s, key.signature_bytes() long.
//   errors  `refused`  OpenSSL did not sign
Result<Bytes> SignPair(const PKey& key, ByteView digest, CK_RV refused);
//   errors  CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status VerifyPair(const PKey& key, ByteView digest, ByteView signature);

}  // namespace gw::emulator
