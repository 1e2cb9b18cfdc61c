// Room: emulator/crypto.
#include "emulator/crypto/kyber/ntt.h"

#include <array>

#include "daemon/core/check.h"
#include "emulator/crypto/kyber/field.h"

namespace gw::emulator::kyber {
namespace {

constexpr std::int32_t kRoot = 17;  // of order 256
constexpr std::size_t kPairs = kCoefficients / 2;

constexpr unsigned BitReversed7(unsigned value) {
  unsigned reversed = 0;
  for (unsigned bit = 0; bit < 7; ++bit) reversed |= (value >> bit & 1) << (6 - bit);
  return reversed;
}

constexpr std::int32_t Power(unsigned exponent) {
  std::int32_t power = 1;
  for (unsigned i = 0; i < exponent; ++i) power = power * kRoot % kQ;
  return power;
}

// kRoot^bitrev7(i).
constexpr auto kZetas = [] {
  std::array<std::int32_t, kPairs> zetas{};
  for (unsigned i = 0; i < kPairs; ++i) zetas[i] = Power(BitReversed7(i));
  return zetas;
}();

// What X^2 is for each pair.
constexpr auto kSquares = [] {
  std::array<std::int32_t, kPairs> squares{};
  for (unsigned i = 0; i < kPairs; ++i) squares[i] = Power(2 * BitReversed7(i) + 1);
  return squares;
}();

// 1 / 128: the halves that the way back leaves out.
constexpr std::int32_t kBackFactor = kQ - (kQ - 1) / 128;

std::int32_t Product(std::int32_t a, std::int32_t b) { return Reduced(a * b); }

void Transform(Poly& poly) {
  std::size_t zeta = 0;
  for (std::size_t half = kPairs; half > 1; half /= 2) {
    for (std::size_t start = 0; start < kCoefficients; start += 2 * half) {
      const std::int32_t factor = kZetas[++zeta];
      for (std::size_t i = start; i < start + half; ++i) {
        const std::int32_t high = Product(factor, poly[i + half]);
        poly[i + half] = Reduced(poly[i] + kQ - high);
        poly[i] = Reduced(poly[i] + high);
      }
    }
  }
}

void TransformBack(Poly& poly) {
  std::size_t zeta = kPairs;
  for (std::size_t half = 2; half <= kPairs; half *= 2) {
    for (std::size_t start = 0; start < kCoefficients; start += 2 * half) {
      const std::int32_t factor = kZetas[--zeta];
      for (std::size_t i = start; i < start + half; ++i) {
        const std::int32_t low = poly[i];
        poly[i] = Reduced(low + poly[i + half]);
        poly[i + half] = Product(factor, poly[i + half] + kQ - low);
      }
    }
  }
  for (std::int32_t& x : poly) x = Product(kBackFactor, x);
}

}  // namespace

PolyVec Transformed(PolyVec vector) {
  for (Poly& poly : vector) Transform(poly);
  return vector;
}

PolyVec TransformedBack(PolyVec vector) {
  for (Poly& poly : vector) TransformBack(poly);
  return vector;
}

PolyVec MatrixTimes(const PolyVec& matrix, const PolyVec& vector) {
  const std::size_t columns = vector.size();
  GW_CHECK(columns <= 4 && matrix.size() % columns == 0);
  PolyVec products(matrix.size() / columns);
  for (std::size_t row = 0; row < products.size(); ++row) {
    for (std::size_t pair = 0; pair < kPairs; ++pair) {
      const std::size_t n = 2 * pair;
      // Up to four times 2 * q^2, far below the 2^31 that a reduction can take.
      std::int32_t low = 0;
      std::int32_t high = 0;
      for (std::size_t j = 0; j < columns; ++j) {
        const Poly& a = matrix[row * columns + j];
        const Poly& b = vector[j];
        low += a[n] * b[n] + kSquares[pair] * Product(a[n + 1], b[n + 1]);
        high += a[n] * b[n + 1] + a[n + 1] * b[n];
      }
      products[row][n] = Reduced(low);
      products[row][n + 1] = Reduced(high);
    }
  }
  return products;
}

PolyVec Transposed(const PolyVec& matrix, std::size_t columns) {
  GW_CHECK(matrix.size() == columns * columns);
  PolyVec transposed(matrix.size());
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    transposed[i] = matrix[i % columns * columns + i / columns];
  }
  return transposed;
}

}  // namespace gw::emulator::kyber
