// Room: emulator/crypto. Lattices: SHAKE as a hash of any length and as a stream, and SHA-3 over
// secrets. Threads: any.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <vector>

#include "daemon/core/wiping_allocator.h"

namespace gw::emulator::lattice {

using WipedBytes = std::vector<Byte, WipingAllocator<Byte>>;

enum class Shake : std::uint8_t { k128, k256 };

// Fills `out` with the output over the parts, one after the other.
void ShakeInto(Shake shake, std::initializer_list<ByteView> parts, std::span<Byte> out);

// SHAKE-256 over the parts.
WipedBytes Shake256(std::initializer_list<ByteView> parts, std::size_t size);

// SHA3-256 and SHA3-512 over the parts; wiped, unlike the digests of emulator/crypto/hash.h.
WipedBytes Sha3_256(std::initializer_list<ByteView> parts);
WipedBytes Sha3_512(std::initializer_list<ByteView> parts);

// Two octets, little-endian, as they stand behind a seed. Larger values would begin anew.
inline std::array<Byte, 2> NonceBytes(std::size_t nonce) {
  return {static_cast<Byte>(nonce), static_cast<Byte>(nonce >> 8)};
}

// Output of unknown length. `take` gets the first `size` octets and says whether they were enough;
// if not, it gets twice as many, from the start again: OpenSSL 3.0 gives out what it has once.
template <typename Take>
void ReadStream(Shake shake, std::initializer_list<ByteView> parts, std::size_t size, Take take) {
  for (;; size *= 2) {
    WipedBytes stream(size);
    ShakeInto(shake, parts, stream);
    if (take(ByteView(stream))) return;
  }
}

}  // namespace gw::emulator::lattice
