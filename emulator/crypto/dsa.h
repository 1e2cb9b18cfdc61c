// Room: emulator/crypto. DSA signatures. Threads: any.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// r || s, each as long as the subprime. What a digest has beyond that is not looked at.
//   digest  20, 28, 32, 48 or 64 octets
//   errors  CKR_DATA_LEN_RANGE  another length;  CKR_KEY_TYPE_INCONSISTENT  not DSA
Result<Bytes> DsaSign(const PKey& key, ByteView digest);
//   errors  those of DsaSign();  CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE
Status DsaVerify(const PKey& key, ByteView digest, ByteView signature);

}  // namespace gw::emulator
