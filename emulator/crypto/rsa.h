// Room: emulator/crypto. RSA operations. Threads: any.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/hash.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// kRaw: no padding; data is as long as the modulus and, as a number, below it.
enum class RsaScheme : std::uint8_t { kPkcs1, kOaep, kPss, kRaw };

// How data is formatted before the RSA function.
struct RsaFormat {
  RsaScheme scheme = RsaScheme::kPkcs1;
  HashId hash =
      HashId::kNone;   // kPkcs1 signatures: DigestInfo of this hash, or none: data as it is
  int salt_bytes = 0;  // kPss
  ByteView label;      // kOaep
};

// `data` is a digest if the format names a hash.
//   errors  CKR_DATA_LEN_RANGE  does not fit the modulus or the hash
Result<Bytes> RsaSign(const PKey& key, const RsaFormat& format, ByteView data);
//   errors  CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE
Status RsaVerify(const PKey& key, const RsaFormat& format, ByteView data, ByteView signature);
//   errors  CKR_DATA_LEN_RANGE
Result<Bytes> RsaEncrypt(const PKey& key, const RsaFormat& format, ByteView data);
//   errors  CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE
Result<Bytes> RsaDecrypt(const PKey& key, const RsaFormat& format, ByteView data);

}  // namespace gw::emulator
