// Room: emulator/crypto.
#include "emulator/crypto/dilithium/sampling.h"

#include "emulator/crypto/dilithium/field.h"
#include "emulator/crypto/dilithium/packing.h"
#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::dilithium {
namespace {

// Lengths that suffice nearly always: whole blocks of SHAKE.
constexpr std::size_t kBlock128 = 168;
constexpr std::size_t kBlock256 = 136;
constexpr std::size_t kMatrixStream = 5 * kBlock128;
constexpr std::size_t kSecretStream128 = 2 * kBlock128;
constexpr std::size_t kSecretStream256 = 3 * kBlock256;
constexpr std::size_t kMaskStream = 5 * kBlock256;

// Three octets make 23 bits.
bool TakeUniform(ByteView stream, Poly& poly) {
  std::size_t taken = 0;
  for (std::size_t at = 0; at + 3 <= stream.size() && taken < kCoefficients; at += 3) {
    const std::int32_t value = stream[at] | stream[at + 1] << 8 | (stream[at + 2] & 0x7f) << 16;
    if (value < kQ) poly[taken++] = value;
  }
  return taken == kCoefficients;
}

// Two candidates from each octet: its lowest bits, then its highest. Those below the largest
// multiple of 2 * eta + 1 stay, modulo that number.
class SecretTaker {
 public:
  explicit SecretTaker(const StrengthRow& row)
      : eta_(row.eta),
        values_(2 * row.eta + 1),
        bits_(row.is_round2() ? row.s_bits() : 4),
        limit_((1 << bits_) / values_ * values_) {}

  bool operator()(ByteView stream, Poly& poly) const {
    std::size_t taken = 0;
    for (const Byte octet : stream) {
      for (const int candidate : {octet & ((1 << bits_) - 1), octet >> (8 - bits_)}) {
        if (candidate < limit_ && taken < kCoefficients) poly[taken++] = eta_ - Modulo(candidate);
      }
    }
    return taken == kCoefficients;
  }

 private:
  // By subtraction: the time of a division may depend on the candidate.
  std::int32_t Modulo(std::int32_t candidate) const {
    for (std::int32_t multiple = values_; multiple < limit_; multiple += values_) {
      candidate -= values_ & ~IfNegative(candidate - values_);
    }
    return candidate;
  }

  std::int32_t eta_;
  std::int32_t values_;
  unsigned bits_;
  std::int32_t limit_;
};

// Round 2: five octets make two values of 20 bits, of which the few above the range are left out.
bool TakeMask(const StrengthRow& row, ByteView stream, Poly& poly) {
  std::size_t taken = 0;
  for (std::size_t at = 0; at + 5 <= stream.size() && taken < kCoefficients; at += 5) {
    const std::int32_t low = stream[at] | stream[at + 1] << 8 | (stream[at + 2] & 0x0f) << 16;
    const std::int32_t high = stream[at + 2] >> 4 | stream[at + 3] << 4 | stream[at + 4] << 12;
    for (const std::int32_t value : {low, high}) {
      if (value <= 2 * row.gamma1 - 2 && taken < kCoefficients) {
        poly[taken++] = row.gamma1 - 1 - value;
      }
    }
  }
  return taken == kCoefficients;
}

bool TakeChallenge(const StrengthRow& row, ByteView stream, Poly& poly) {
  std::uint64_t signs = 0;
  for (std::size_t i = 0; i < 8; ++i) signs |= std::uint64_t{stream[i]} << (8 * i);
  poly.fill(0);
  std::size_t at = 8;
  for (std::size_t i = kCoefficients - row.tau; i < kCoefficients; ++i) {
    while (at < stream.size() && stream[at] > i) ++at;
    if (at == stream.size()) return false;
    poly[i] = poly[stream[at]];
    poly[stream[at++]] = 1 - 2 * static_cast<std::int32_t>(signs & 1);
    signs >>= 1;
  }
  return true;
}

}  // namespace

PolyVec SampleMatrix(const StrengthRow& row, ByteView rho) {
  PolyVec matrix(row.k * row.l);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const auto nonce = NonceBytes(256 * (i / row.l) + i % row.l);
    ReadStream(Shake::k128, {rho, nonce}, kMatrixStream,
               [&](ByteView stream) { return TakeUniform(stream, matrix[i]); });
  }
  return matrix;
}

PolyVec SampleSecret(const StrengthRow& row, ByteView rhoprime, std::size_t nonce,
                     std::size_t count) {
  const Shake shake = row.is_round2() ? Shake::k128 : Shake::k256;
  const std::size_t size = row.is_round2() ? kSecretStream128 : kSecretStream256;
  const SecretTaker take(row);
  PolyVec secret(count);
  for (Poly& poly : secret) {
    ReadStream(shake, {rhoprime, NonceBytes(nonce++)}, size,
               [&](ByteView stream) { return take(stream, poly); });
  }
  return secret;
}

PolyVec SampleMask(const StrengthRow& row, ByteView rhoprime, std::size_t nonce) {
  PolyVec mask;
  if (row.is_round2()) {
    mask.resize(row.l);
    for (Poly& poly : mask) {
      ReadStream(Shake::k256, {rhoprime, NonceBytes(nonce++)}, kMaskStream,
                 [&](ByteView stream) { return TakeMask(row, stream, poly); });
    }
    return mask;
  }
  // Round 3 has chosen gamma1 so that every packed value is in range.
  WipedBytes packed(row.z_bytes());
  const std::size_t one = row.z_bytes() / row.l;
  for (std::size_t i = 0; i < row.l; ++i) {
    ShakeInto(Shake::k256, {rhoprime, NonceBytes(nonce++)},
              std::span(packed).subspan(i * one, one));
  }
  return Unpack(ZFormat(row), packed);
}

Poly SampleChallenge(const StrengthRow& row, ByteView seed, ByteView more) {
  Poly challenge{};
  ReadStream(Shake::k256, {seed, more}, kBlock256,
             [&](ByteView stream) { return TakeChallenge(row, stream, challenge); });
  return challenge;
}

}  // namespace gw::emulator::dilithium
