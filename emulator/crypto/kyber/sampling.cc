// Room: emulator/crypto.
#include "emulator/crypto/kyber/sampling.h"

#include "emulator/crypto/kyber/field.h"
#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::kyber {
namespace {

using lattice::Shake;

// Length that suffices nearly always, in whole blocks of SHAKE-128.
constexpr std::size_t kMatrixStream = 4 * 168;

// Two octets make a candidate; those below the largest multiple of q stay. This is what tells round
// 2 from the later versions, which take 12 bits.
bool TakeUniform(ByteView stream, Poly& poly) {
  constexpr std::int32_t kLimit = (1 << 16) / kQ * kQ;
  std::size_t taken = 0;
  for (std::size_t at = 0; at + 2 <= stream.size() && taken < kCoefficients; at += 2) {
    const std::int32_t value = stream[at] | stream[at + 1] << 8;
    if (value < kLimit) poly[taken++] = Reduced(value);
  }
  return taken == kCoefficients;
}

// Two bits of a nibble less the other two.
std::int32_t Noise(std::int32_t nibble) {
  const std::int32_t plus = (nibble & 1) + (nibble >> 1 & 1);
  const std::int32_t minus = (nibble >> 2 & 1) + (nibble >> 3 & 1);
  return Reduced(kQ + plus - minus);
}

}  // namespace

PolyVec SampleMatrix(const StrengthRow& row, ByteView rho) {
  PolyVec matrix(row.k * row.k);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    // First the column, then the row.
    const auto nonce = lattice::NonceBytes(i % row.k + 256 * (i / row.k));
    lattice::ReadStream(Shake::k128, {rho, nonce}, kMatrixStream,
                        [&](ByteView stream) { return TakeUniform(stream, matrix[i]); });
  }
  return matrix;
}

PolyVec SampleNoise(ByteView seed, std::size_t nonce, std::size_t count) {
  PolyVec noise(count);
  for (Poly& poly : noise) {
    const Byte octet = static_cast<Byte>(nonce++);
    const WipedBytes stream = lattice::Shake256({seed, {&octet, 1}}, kCoefficients / 2);
    for (std::size_t n = 0; n < kCoefficients; n += 2) {
      poly[n] = Noise(stream[n / 2] & 15);
      poly[n + 1] = Noise(stream[n / 2] >> 4);
    }
  }
  return noise;
}

}  // namespace gw::emulator::kyber
