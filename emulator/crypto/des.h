// Room: emulator/crypto. DES with two and three keys. Threads: any.
#pragma once

#include <cstddef>
#include <span>

#include "daemon/core/bytes.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {

inline constexpr std::size_t kDesBlockBytes = 8;
inline constexpr std::size_t kDes2Bytes = 16;
inline constexpr std::size_t kDes3Bytes = 24;

// What one call encrypts at most: EVP counts in int.
inline constexpr std::size_t kMaxDesDataBytes = 1U << 30;

// Whole blocks, no padding. `iv` is read in CBC mode only. Parity bits of the key do not count.
//   key   kDes2Bytes or kDes3Bytes
//   data  a multiple of kDesBlockBytes, 0 to kMaxDesDataBytes
Bytes Des3Blocks(BlockMode mode, Direction direction, ByteView key, ByteView iv, ByteView data);
// The same in ECB mode, for data that become a key.
SecretBytes Des3EcbEncrypt(ByteView key, ByteView data);

// Makes the number of ones in each octet odd by its lowest bit.
void SetOddParity(std::span<Byte> key);

}  // namespace gw::emulator
