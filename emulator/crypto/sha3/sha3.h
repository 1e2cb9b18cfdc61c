// Room: emulator/crypto/sha3. SHA-3 digests in progress (FIPS 202). OpenSSL has the hash, but no
// way to take its sponge out of a context, and an operation state must travel to other instances.
// Threads: any; a Sha3State belongs to one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw::emulator {

class Sha3State {
 public:
  static constexpr std::size_t kLanes = 25;
  // The sponge and how far its rate is filled.
  static constexpr std::size_t kExportBytes = kLanes * 8 + 1;

  //   digest_bytes  28, 32, 48 or 64
  explicit Sha3State(std::size_t digest_bytes);

  void Update(ByteView data);
  // The digest of what was appended; the state itself stays as it is and may go on.
  Bytes Finish() const;

  Bytes Export() const;
  //   errors  CKR_ENCRYPTED_DATA_INVALID  not something that Export() wrote
  static Result<Sha3State> Import(std::size_t digest_bytes, ByteView exported);

 private:
  std::size_t rate_bytes() const { return kLanes * 8 - 2 * digest_bytes_; }
  void Absorb(Byte octet);

  std::size_t digest_bytes_;
  std::size_t filled_ = 0;  // octets of the current block that are in the sponge; below the rate
  std::array<std::uint64_t, kLanes> lanes_{};  // lane (x, y) at x + 5y
};

}  // namespace gw::emulator
