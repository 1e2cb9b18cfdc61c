// Room: emulator/crypto/sha3. Names of steps and tables are those of FIPS 202.
#include "emulator/crypto/sha3/sha3.h"

#include <bit>

#include "daemon/core/check.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kRounds = 24;
constexpr std::size_t kSide = 5;
constexpr Byte kSuffix = 0x06;  // the two bits of SHA-3, then the first bit of the padding
constexpr Byte kLastPadding = 0x80;

using Lanes = std::array<std::uint64_t, Sha3State::kLanes>;

constexpr std::size_t At(std::size_t x, std::size_t y) { return x % kSide + kSide * (y % kSide); }

// Section 3.2.2: by how much rho turns each lane.
constexpr std::array<int, Sha3State::kLanes> Offsets() {
  std::array<int, Sha3State::kLanes> offsets{};
  std::size_t x = 1, y = 0;
  for (int t = 0; t < 24; ++t) {
    offsets[At(x, y)] = (t + 1) * (t + 2) / 2 % 64;
    const std::size_t next = (2 * x + 3 * y) % kSide;
    x = y;
    y = next;
  }
  return offsets;
}
constexpr auto kOffsets = Offsets();

// Section 3.2.5: what iota adds in each round, from a shift register over x^8 + x^6 + x^5 + x^4
// + 1.
constexpr std::array<std::uint64_t, kRounds> RoundConstants() {
  std::array<std::uint64_t, kRounds> constants{};
  unsigned shift_register = 1;
  for (std::uint64_t& constant : constants) {
    for (unsigned j = 0; j <= 6; ++j) {
      if ((shift_register & 1) != 0) constant |= std::uint64_t{1} << ((1U << j) - 1);
      shift_register <<= 1;
      if ((shift_register & 0x100) != 0) shift_register ^= 0x171;
    }
  }
  return constants;
}
constexpr auto kRoundConstants = RoundConstants();

void Theta(Lanes& a) {
  std::array<std::uint64_t, kSide> columns{};
  for (std::size_t i = 0; i < a.size(); ++i) columns[i % kSide] ^= a[i];
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] ^= columns[(i + 4) % kSide] ^ std::rotl(columns[(i + 1) % kSide], 1);
  }
}

void RhoAndPi(Lanes& a) {
  Lanes moved;
  for (std::size_t x = 0; x < kSide; ++x) {
    for (std::size_t y = 0; y < kSide; ++y) {
      moved[At(y, 2 * x + 3 * y)] = std::rotl(a[At(x, y)], kOffsets[At(x, y)]);
    }
  }
  a = moved;
}

void Chi(Lanes& a) {
  const Lanes before = a;
  for (std::size_t x = 0; x < kSide; ++x) {
    for (std::size_t y = 0; y < kSide; ++y) {
      a[At(x, y)] ^= ~before[At(x + 1, y)] & before[At(x + 2, y)];
    }
  }
}

void Permute(Lanes& a) {
  for (const std::uint64_t constant : kRoundConstants) {
    Theta(a);
    RhoAndPi(a);
    Chi(a);
    a[0] ^= constant;
  }
}

// Lanes are little-endian.
void Mix(Lanes& lanes, std::size_t position, Byte octet) {
  lanes[position / 8] ^= std::uint64_t{octet} << (position % 8 * 8);
}

Byte OctetOf(const Lanes& lanes, std::size_t position) {
  return static_cast<Byte>(lanes[position / 8] >> (position % 8 * 8));
}

}  // namespace

Sha3State::Sha3State(std::size_t digest_bytes) : digest_bytes_(digest_bytes) {
  GW_CHECK(digest_bytes == 28 || digest_bytes == 32 || digest_bytes == 48 || digest_bytes == 64);
}

void Sha3State::Absorb(Byte octet) {
  Mix(lanes_, filled_, octet);
  if (++filled_ < rate_bytes()) return;
  Permute(lanes_);
  filled_ = 0;
}

void Sha3State::Update(ByteView data) {
  for (const Byte octet : data) Absorb(octet);
}

Bytes Sha3State::Finish() const {
  Lanes last = lanes_;
  Mix(last, filled_, kSuffix);
  Mix(last, rate_bytes() - 1, kLastPadding);
  Permute(last);
  Bytes digest;
  for (std::size_t i = 0; i < digest_bytes_; ++i) digest.push_back(OctetOf(last, i));
  return digest;
}

Bytes Sha3State::Export() const {
  Bytes out;
  out.reserve(kExportBytes);
  for (std::size_t i = 0; i < kLanes * 8; ++i) out.push_back(OctetOf(lanes_, i));
  out.push_back(static_cast<Byte>(filled_));
  return out;
}

Result<Sha3State> Sha3State::Import(std::size_t digest_bytes, ByteView exported) {
  Sha3State state(digest_bytes);
  if (exported.size() != kExportBytes || exported.back() >= state.rate_bytes()) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "no sponge of this hash");
  }
  for (std::size_t i = 0; i < kLanes * 8; ++i) Mix(state.lanes_, i, exported[i]);
  state.filled_ = exported.back();
  return state;
}

}  // namespace gw::emulator
