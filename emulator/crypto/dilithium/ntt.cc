// Room: emulator/crypto.
#include "emulator/crypto/dilithium/ntt.h"

#include <array>

#include "daemon/core/check.h"
#include "emulator/crypto/dilithium/field.h"

namespace gw::emulator::dilithium {
namespace {

constexpr std::int64_t kRoot = 1753;  // of order 512
constexpr std::int64_t kMontgomery = (std::int64_t{1} << 32) % kQ;

constexpr unsigned BitReversed8(unsigned value) {
  unsigned reversed = 0;
  for (unsigned bit = 0; bit < 8; ++bit) reversed |= (value >> bit & 1) << (7 - bit);
  return reversed;
}

// kRoot^bitrev8(i) * 2^32, nearest to zero.
constexpr auto kZetas = [] {
  std::array<std::int64_t, kCoefficients> powers{};
  std::int64_t power = kMontgomery;
  for (std::int64_t& entry : powers) {
    entry = power;
    power = power * kRoot % kQ;
  }
  std::array<std::int32_t, kCoefficients> zetas{};
  for (unsigned i = 0; i < kCoefficients; ++i) {
    zetas[i] = Centred(static_cast<std::int32_t>(powers[BitReversed8(i)]));
  }
  return zetas;
}();

// 2^64 / 256: the halves that the way back leaves out, and the factor that its multiplication and
// the one of the products cost.
constexpr auto kBackFactor =
    static_cast<std::int32_t>(kMontgomery * kMontgomery % kQ * (kQ - (kQ - 1) / 256) % kQ);

std::int32_t Product(std::int32_t a, std::int32_t b) {
  return MontgomeryReduce(std::int64_t{a} * b);
}

void TransformBack(Poly& poly) {
  std::size_t zeta = kCoefficients;
  for (std::size_t half = 1; half < kCoefficients; half *= 2) {
    for (std::size_t start = 0; start < kCoefficients; start += 2 * half) {
      const std::int32_t factor = -kZetas[--zeta];
      for (std::size_t i = start; i < start + half; ++i) {
        // Sums double at each of the eight levels: below 256 * q, which is just below 2^31.
        const std::int32_t low = poly[i];
        poly[i] = low + poly[i + half];
        poly[i + half] = Product(factor, low - poly[i + half]);
      }
    }
  }
  for (std::int32_t& x : poly) x = Product(kBackFactor, x);
}

}  // namespace

void Transform(Poly& poly) {
  std::size_t zeta = 0;
  for (std::size_t half = kCoefficients / 2; half > 0; half /= 2) {
    for (std::size_t start = 0; start < kCoefficients; start += 2 * half) {
      const std::int32_t factor = kZetas[++zeta];
      for (std::size_t i = start; i < start + half; ++i) {
        const std::int32_t high = Product(factor, poly[i + half]);
        poly[i + half] = poly[i] - high;
        poly[i] += high;
      }
    }
  }
}

void Transform(PolyVec& vector) {
  for (Poly& poly : vector) Transform(poly);
}

void TransformBack(PolyVec& products) {
  for (Poly& poly : products) TransformBack(poly);
}

PolyVec MatrixTimes(const PolyVec& matrix, const PolyVec& vector) {
  const std::size_t columns = vector.size();
  GW_CHECK(columns <= 8 && matrix.size() % columns == 0);
  PolyVec products(matrix.size() / columns);
  for (std::size_t row = 0; row < products.size(); ++row) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      // Up to eight times q * 9q, below the 2^31 * q that one reduction can take.
      std::int64_t sum = 0;
      for (std::size_t j = 0; j < columns; ++j) {
        sum += std::int64_t{matrix[row * columns + j][n]} * vector[j][n];
      }
      products[row][n] = MontgomeryReduce(sum);
    }
  }
  return products;
}

PolyVec Times(const Poly& factor, const PolyVec& vector) {
  PolyVec products(vector.size());
  for (std::size_t i = 0; i < vector.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      products[i][n] = Product(factor[n], vector[i][n]);
    }
  }
  return products;
}

}  // namespace gw::emulator::dilithium
