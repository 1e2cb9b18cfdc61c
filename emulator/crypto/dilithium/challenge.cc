// Room: emulator/crypto.
#include "emulator/crypto/dilithium/challenge.h"

#include <bit>

#include "emulator/crypto/dilithium/sampling.h"
#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::dilithium {
namespace {

constexpr std::size_t kMapBytes = kCoefficients / 8;

// A bit for each coefficient that is not zero, then 64 bits with the signs of those, in the order
// of the coefficients and not in the one they were drawn in; 1 is negative.
Bytes EncodePoly(const StrengthRow& row, const Poly& poly) {
  Bytes encoded(row.round.challenge_bytes, 0);
  std::size_t sign = 8 * kMapBytes;
  for (std::size_t n = 0; n < kCoefficients; ++n) {
    if (poly[n] == 0) continue;
    encoded[n / 8] = static_cast<Byte>(encoded[n / 8] | 1 << (n % 8));
    if (poly[n] < 0) encoded[sign / 8] = static_cast<Byte>(encoded[sign / 8] | 1 << (sign % 8));
    ++sign;
  }
  return encoded;
}

std::optional<Poly> DecodePoly(const StrengthRow& row, ByteView encoded) {
  int ones = 0;
  for (const Byte octet : encoded.first(kMapBytes)) ones += std::popcount(octet);
  if (static_cast<std::size_t>(ones) != row.tau) return std::nullopt;  // there are signs for 64
  const auto bit = [&](std::size_t i) { return encoded[i / 8] >> (i % 8) & 1; };
  Poly poly{};
  std::size_t sign = 8 * kMapBytes;
  for (std::size_t n = 0; n < kCoefficients; ++n) {
    if (bit(n) != 0) poly[n] = 1 - 2 * bit(sign++);
  }
  return poly;
}

}  // namespace

Challenge ChallengeOf(const StrengthRow& row, ByteView mu, ByteView high) {
  Challenge challenge;
  if (row.is_round2()) {
    challenge.poly = SampleChallenge(row, mu, high);
    challenge.encoded = EncodePoly(row, challenge.poly);
    return challenge;
  }
  challenge.encoded.resize(row.round.challenge_bytes);
  ShakeInto(Shake::k256, {mu, high}, challenge.encoded);
  challenge.poly = SampleChallenge(row, challenge.encoded, {});
  return challenge;
}

std::optional<Poly> DecodeChallenge(const StrengthRow& row, ByteView encoded) {
  if (row.is_round2()) return DecodePoly(row, encoded);
  return SampleChallenge(row, encoded, {});
}

}  // namespace gw::emulator::dilithium
