// Room: emulator/crypto. DES with two and three keys, as far as derivations and check values need
// it. Threads: any.
#pragma once

#include <cstddef>
#include <span>

#include "daemon/core/bytes.h"

namespace gw::emulator {

inline constexpr std::size_t kDesBlockBytes = 8;
inline constexpr std::size_t kDes2Bytes = 16;
inline constexpr std::size_t kDes3Bytes = 24;

// What one call encrypts at most: EVP counts in int.
inline constexpr std::size_t kMaxDesDataBytes = 1U << 30;

// Whole blocks in ECB mode. Parity bits of the key do not count.
//   key   kDes2Bytes or kDes3Bytes
//   data  a multiple of kDesBlockBytes, 0 to kMaxDesDataBytes
SecretBytes Des3EcbEncrypt(ByteView key, ByteView data);

// Makes the number of ones in each octet odd by its lowest bit.
void SetOddParity(std::span<Byte> key);

}  // namespace gw::emulator
