// Room: emulator/crypto. Secret keys made from other keys: by a digest, by encrypting data, by
// Diffie-Hellman. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/hash.h"

namespace gw::emulator {

// CKA_KEY_TYPE and CKA_VALUE_LEN (octets) of the template, if they are there.
struct SecretShape {
  std::optional<CK_KEY_TYPE> type;
  std::optional<std::uint64_t> value_bytes;
};

struct DerivedSecret {
  CK_KEY_TYPE type;
  SecretBytes value;  // DES keys with odd parity
};

// Both take the leading octets of what they compute. Without a type the key is a generic secret;
// without a length a generic secret takes everything, a DES key what its type says, and an AES key
// is not told enough.
//   errors  CKR_TEMPLATE_INCOMPLETE      AES without a length
//           CKR_TEMPLATE_INCONSISTENT    a length that the type does not have, or another type
//           CKR_ATTRIBUTE_VALUE_INVALID  a length of 0

// CKM_SHA*_KEY_DERIVATION.
//   errors  above;  CKR_KEY_SIZE_RANGE  the digest is too short for the key
Result<DerivedSecret> DeriveByDigest(HashId hash, ByteView base_key, const SecretShape& shape);

// CKM_DES3_ECB_ENCRYPT_DATA.
//   base_key  the value of a DES2 or DES3 key
//   errors  above;  CKR_KEY_TYPE_INCONSISTENT  a base key of another length
//           CKR_DATA_LEN_RANGE  no data, not whole blocks, or too short for the key
Result<DerivedSecret> DeriveByDes3Ecb(ByteView base_key, ByteView data, const SecretShape& shape);

inline constexpr std::size_t kMinDhPrimeBits = 1024;
inline constexpr std::size_t kMaxDhPrimeBits = 4096;

// All numbers unsigned and big-endian.
struct DhPrivateKey {
  ByteView prime;
  ByteView base;
  ByteView value;
};

// CKM_DH_PKCS_DERIVE: the shared secret, as long as the prime, with leading zeros where they are.
//   peer    the other's public value, not longer than the prime
//   errors  CKR_DOMAIN_PARAMS_INVALID    prime even or of another size, base out of range
//           CKR_ATTRIBUTE_VALUE_INVALID  private value zero or not below the prime
//           CKR_MECHANISM_PARAM_INVALID  peer's value below 2 or above prime - 2, or such that the
//                                        secret would be 1 or prime - 1
Result<SecretBytes> DhSecret(const DhPrivateKey& key, ByteView peer);

}  // namespace gw::emulator
