// Room: emulator/crypto. Check values, by which two parties see that they have the same key.
// Threads: any.
#pragma once

#include <cstddef>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw::emulator {

inline constexpr std::size_t kCheckValueBytes = 3;

// kCheckValueBytes of a secret key, whatever its rights. AES and DES: of a block of zeros encrypted
// in ECB mode. Generic secrets and HMAC keys: of SHA-1 over the value, as PKCS #11 has it; what the
// card does for them is not known.
//   errors  CKR_KEY_TYPE_INCONSISTENT  no secret key: asymmetric ones have no check value
//           CKR_KEY_SIZE_RANGE         `value` is not as long as keys of the type are
Result<Bytes> CheckValue(CK_KEY_TYPE type, ByteView value);

// As CheckSum carries it: the check value, then how many bits the key has, 4 octets big-endian. DES
// keys count their parity bits.
//   errors  those of CheckValue()
Result<Bytes> CheckSum(CK_KEY_TYPE type, ByteView value);

// kCheckValueBytes of SHA-1 over the DER of a certificate.
Bytes CertificateCheckValue(ByteView certificate);

}  // namespace gw::emulator
