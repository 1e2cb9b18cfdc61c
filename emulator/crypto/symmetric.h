// Room: emulator/crypto. AES, randomness and key derivation. Threads: any.
#pragma once

#include <array>
#include <cstddef>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/hash.h"

namespace gw::emulator {

inline constexpr std::size_t kAesBlockBytes = 16;
inline constexpr std::size_t kGcmNonceBytes = 12;
inline constexpr std::size_t kGcmTagBytes = 16;

enum class BlockMode : Byte { kEcb, kCbc };
enum class Direction : Byte { kEncrypt, kDecrypt };

// Whole blocks, no padding. `iv` is read in CBC mode only.
//   key   16, 24 or 32 octets;  data  a multiple of kAesBlockBytes, may be empty
Bytes AesBlocks(BlockMode mode, Direction direction, ByteView key, ByteView iv, ByteView data);

// AES-256-GCM: ciphertext followed by the tag.
//   key 32 octets, nonce kGcmNonceBytes
Bytes GcmSeal(ByteView key, ByteView nonce, ByteView associated, ByteView plain);
//   errors  CKR_ENCRYPTED_DATA_INVALID  too short, or the tag does not fit
Result<Bytes> GcmOpen(ByteView key, ByteView nonce, ByteView associated, ByteView sealed);

void FillRandom(std::span<Byte> out);
Bytes RandomBytes(std::size_t size);

// HKDF-SHA256 without salt (RFC 5869), for keys below the master key.
Bytes Hkdf(ByteView secret, std::string_view info, std::size_t size);
// The ANSI X9.63 KDF of ECDH1: Hash(secret || counter || shared), counter from 1, 32 bits.
Bytes X963Kdf(HashId hash, ByteView secret, ByteView shared, std::size_t size);

}  // namespace gw::emulator
