// Room: tests. Mirrors emulator/crypto/dilithium/rounding.h: the definitions, on all of Z_q.
#include "emulator/crypto/dilithium/rounding.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

const char* const kOneOfEachKind[] = {"round 2 (6,5)", "round 3 (4,4)", "round 3 (8,7)"};

// The polynomial of the 256 numbers from `start`, modulo q.
PolyVec From(std::int32_t start) {
  PolyVec vector(1);
  for (std::int32_t& x : vector[0]) x = start++ % kQ;
  return vector;
}

TEST(DilithiumRoundingTest, PowersOfTwoSplitAsDefined) {
  for (const char* name : kOneOfEachKind) {
    const StrengthRow& row = StrengthNamed(name);
    const std::int32_t half = 1 << (row.round.dropped_bits - 1);
    for (std::int32_t start = 0; start < kQ; start += 256) {
      const PolyVec t = From(start);
      const HighLow parts = Power2Round(row, t);
      for (std::size_t n = 0; n < kCoefficients; ++n) {
        ASSERT_EQ(parts.high[0][n] * 2 * half + parts.low[0][n], t[0][n]);
        ASSERT_TRUE(-half < parts.low[0][n] && parts.low[0][n] <= half) << t[0][n];
      }
    }
  }
}

TEST(DilithiumRoundingTest, ClassesSplitAsDefined) {
  for (const char* name : kOneOfEachKind) {
    const StrengthRow& row = StrengthNamed(name);
    const std::int32_t last = (row.classes() - 1) * 2 * row.gamma2 + row.gamma2;
    for (std::int32_t start = 0; start < kQ; start += 256) {
      const PolyVec w = From(start);
      const HighLow parts = Decompose(row, w);
      for (std::size_t n = 0; n < kCoefficients; ++n) {
        const std::int32_t x = w[0][n];
        const std::int32_t high = parts.high[0][n];
        const std::int32_t low = parts.low[0][n];
        const bool wraps = x > last;
        ASSERT_EQ(high * 2 * row.gamma2 + low, wraps ? x - kQ : x);
        ASSERT_TRUE(wraps ? high == 0 && low < 0 : -row.gamma2 < low && low <= row.gamma2) << x;
        ASSERT_TRUE(0 <= high && high < row.classes());
      }
    }
  }
}

// low, high, hint
struct HintCase {
  std::int32_t from_edge;  // of gamma2, positive upwards
  bool at_upper_edge;
  std::int32_t high;
  std::int32_t hint;
};

TEST(DilithiumRoundingTest, TheLowerEdgeBelongsToClassZeroOnly) {
  constexpr HintCase kCases[] = {
      {0, true, 3, 0},  {1, true, 3, 1},   {0, true, 0, 0},  {1, true, 0, 1},   {1, false, 3, 0},
      {0, false, 3, 1}, {-1, false, 3, 1}, {0, false, 0, 0}, {-1, false, 0, 1}, {1, false, 0, 0},
  };
  for (const char* name : kOneOfEachKind) {
    const StrengthRow& row = StrengthNamed(name);
    for (const HintCase& c : kCases) {
      PolyVec high(1);
      PolyVec low(1);
      high[0][9] = c.high;
      low[0][9] = (c.at_upper_edge ? row.gamma2 : -row.gamma2) + c.from_edge;
      const PolyVec hints = MakeHints(row, high, low);
      EXPECT_EQ(hints[0][9], c.hint) << low[0][9] << " in class " << c.high;
      EXPECT_EQ(CountHints(hints), static_cast<std::size_t>(c.hint));
    }
  }
}

// What a hint is for: the verifier has w - carry, and finds the class of w.
TEST(DilithiumRoundingTest, HintsLeadBackToTheClass) {
  for (const char* name : kOneOfEachKind) {
    const StrengthRow& row = StrengthNamed(name);
    for (const std::int32_t carry : {-row.gamma2 + 1, -1, 0, 1, row.gamma2 - 1}) {
      for (std::int32_t start = 0; start < kQ; start += 256 * 7) {
        const PolyVec w = From(start);
        HighLow parts = Decompose(row, w);
        PolyVec seen = w;
        for (std::size_t n = 0; n < kCoefficients; ++n) {
          parts.low[0][n] += carry;
          seen[0][n] = (w[0][n] + carry + kQ) % kQ;
        }
        const PolyVec hints = MakeHints(row, parts.high, parts.low);
        ASSERT_EQ(UseHints(row, hints, seen), parts.high) << start << " " << carry;
      }
    }
  }
}

}  // namespace
}  // namespace gw::emulator::dilithium
