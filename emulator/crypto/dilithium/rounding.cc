// Room: emulator/crypto.
#include "emulator/crypto/dilithium/rounding.h"

#include "emulator/crypto/dilithium/field.h"

namespace gw::emulator::dilithium {
namespace {

// Divides numbers below 2^24 by 2 * gamma2 with a multiplication: the time of a division may depend
// on the number. Exact, because the reciprocal is too large by less than 2^-28 of the quotient's
// unit per unit of the number.
class ClassOf {
 public:
  explicit ClassOf(const StrengthRow& row)
      : reciprocal_((std::uint64_t{1} << 48) / static_cast<std::uint64_t>(2 * row.gamma2) + 1) {}

  std::int32_t operator()(std::int32_t number) const {
    return static_cast<std::int32_t>(static_cast<std::uint64_t>(number) * reciprocal_ >> 48);
  }

 private:
  std::uint64_t reciprocal_;
};

std::int32_t HintOf(const StrengthRow& row, std::int32_t high, std::int32_t low) {
  const std::int32_t above = IfNegative(row.gamma2 - low);
  const std::int32_t from_edge = low + row.gamma2;
  const std::int32_t below = IfNegative(from_edge);
  // The lower edge belongs to the class below, except that class 0 has both of its edges.
  const std::int32_t on_edge = ~IfNegative(from_edge | -from_edge);
  return (above | below | (on_edge & IfNegative(-high))) & 1;
}

}  // namespace

HighLow Power2Round(const StrengthRow& row, const PolyVec& t) {
  const unsigned d = row.round.dropped_bits;
  HighLow parts{PolyVec(t.size()), PolyVec(t.size())};
  for (std::size_t i = 0; i < t.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      const std::int32_t high = (t[i][n] + (1 << (d - 1)) - 1) >> d;
      parts.high[i][n] = high;
      parts.low[i][n] = t[i][n] - (high << d);
    }
  }
  return parts;
}

HighLow Decompose(const StrengthRow& row, const PolyVec& w) {
  const ClassOf class_of(row);
  HighLow parts{PolyVec(w.size()), PolyVec(w.size())};
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      const std::int32_t high = class_of(w[i][n] + row.gamma2 - 1);
      // What would be the last class is class 0, seen from q.
      const std::int32_t wraps = IfNegative(row.classes() - 1 - high);
      parts.high[i][n] = high & ~wraps;
      parts.low[i][n] = w[i][n] - high * 2 * row.gamma2 + wraps;
    }
  }
  return parts;
}

PolyVec MakeHints(const StrengthRow& row, const PolyVec& high, const PolyVec& low) {
  PolyVec hints(high.size());
  for (std::size_t i = 0; i < high.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      hints[i][n] = HintOf(row, high[i][n], low[i][n]);
    }
  }
  return hints;
}

std::size_t CountHints(const PolyVec& hints) {
  std::int32_t count = 0;
  for (const Poly& poly : hints) {
    for (const std::int32_t hint : poly) count += hint;
  }
  return static_cast<std::size_t>(count);
}

PolyVec UseHints(const StrengthRow& row, const PolyVec& hints, const PolyVec& w) {
  HighLow parts = Decompose(row, w);
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      if (hints[i][n] == 0) continue;
      const std::int32_t step = parts.low[i][n] > 0 ? 1 : row.classes() - 1;
      parts.high[i][n] = (parts.high[i][n] + step) % row.classes();
    }
  }
  return std::move(parts.high);
}

}  // namespace gw::emulator::dilithium
