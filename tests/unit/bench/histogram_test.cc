// The histogram against exact arithmetic on the same values.
#include "bench/measure/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

namespace gw::bench {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t kSeed = 20240131;

std::vector<std::uint64_t> SkewedValues(std::size_t count) {
  std::mt19937_64 random(kSeed);
  std::lognormal_distribution<double> skewed(std::log(2e5), 1.5);
  std::vector<std::uint64_t> values(count);
  for (auto& value : values) value = static_cast<std::uint64_t>(skewed(random));
  return values;
}

std::unique_ptr<Histogram> HistogramOf(const std::vector<std::uint64_t>& values) {
  auto histogram = std::make_unique<Histogram>();
  for (const std::uint64_t value : values)
    histogram->Record(nanoseconds(static_cast<std::int64_t>(value)));
  return histogram;
}

double ExactQuantile(std::vector<std::uint64_t> values, double fraction) {
  std::ranges::sort(values);
  const auto rank =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values.size())));
  return static_cast<double>(values[std::max<std::size_t>(rank, 1) - 1]);
}

TEST(HistogramTest, EmptyOneAnswersZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.QuantileNs(0.5), 0);
  EXPECT_EQ(histogram.MinNs(), 0u);
  EXPECT_EQ(histogram.MaxNs(), 0u);
  EXPECT_EQ(histogram.MeanNs(), 0);
}

TEST(HistogramTest, BucketsFollowEachOtherWithoutGaps) {
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    const auto range = Histogram::RangeOf(i);
    ASSERT_EQ(range.lowest_ns, next) << "bucket " << i;
    ASSERT_EQ(Histogram::BucketOf(range.lowest_ns), i);
    ASSERT_EQ(Histogram::BucketOf(range.lowest_ns + range.width_ns - 1), i);
    next = range.lowest_ns + range.width_ns;
  }
  EXPECT_EQ(next, std::uint64_t{1} << Histogram::kTopBit);
}

TEST(HistogramTest, NoBucketIsWiderThanOnePercentOfItsValues) {
  for (std::size_t i = Histogram::kSubBuckets; i < Histogram::kBuckets; ++i) {
    const auto range = Histogram::RangeOf(i);
    ASSERT_LE(static_cast<double>(range.width_ns), 0.01 * static_cast<double>(range.lowest_ns))
        << "bucket " << i;
  }
}

TEST(HistogramTest, QuantilesAreWithinOnePercentOfTheExactOnes) {
  const auto values = SkewedValues(100'000);
  const auto histogram = HistogramOf(values);
  for (const double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const double exact = ExactQuantile(values, fraction);
    EXPECT_NEAR(histogram->QuantileNs(fraction), exact, 0.01 * exact) << fraction;
  }
}

TEST(HistogramTest, ExtremesAndMeanAreExact) {
  const auto values = SkewedValues(10'000);
  const auto histogram = HistogramOf(values);
  EXPECT_EQ(histogram->MinNs(), *std::ranges::min_element(values));
  EXPECT_EQ(histogram->MaxNs(), *std::ranges::max_element(values));
  double sum = 0;
  for (const auto value : values) sum += static_cast<double>(value);
  EXPECT_NEAR(histogram->MeanNs(), sum / static_cast<double>(values.size()), 1);
  EXPECT_LE(histogram->QuantileNs(1), static_cast<double>(histogram->MaxNs()));
  EXPECT_GE(histogram->QuantileNs(0), static_cast<double>(histogram->MinNs()));
}

TEST(HistogramTest, MergedPartsEqualTheWhole) {
  const auto values = SkewedValues(30'000);
  const auto whole = HistogramOf(values);
  Histogram merged;
  for (std::size_t part = 0; part < 3; ++part) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(part * 10'000);
    merged.Merge(*HistogramOf({begin, begin + 10'000}));
  }
  EXPECT_EQ(merged.count(), whole->count());
  EXPECT_EQ(merged.MinNs(), whole->MinNs());
  EXPECT_EQ(merged.MaxNs(), whole->MaxNs());
  EXPECT_EQ(merged.MeanNs(), whole->MeanNs());
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
    ASSERT_EQ(merged.CountOf(i), whole->CountOf(i)) << i;
}

TEST(HistogramTest, SubtractLeavesWhatCameSince) {
  Histogram histogram;
  for (int i = 0; i < 100; ++i) histogram.Record(nanoseconds(1'000));
  const Histogram older = histogram;
  for (int i = 0; i < 10; ++i) histogram.Record(nanoseconds(1'000'000));
  histogram.Subtract(older);
  EXPECT_EQ(histogram.count(), 10u);
  EXPECT_NEAR(histogram.QuantileNs(0.5), 1e6, 1e4);
}

TEST(HistogramTest, AbsurdValuesAreCountedAtTheEnds) {
  Histogram histogram;
  histogram.Record(nanoseconds(-5));
  histogram.Record(nanoseconds(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(histogram.CountOf(0), 1u);
  EXPECT_EQ(histogram.CountOf(Histogram::kBuckets - 1), 1u);
}

}  // namespace
}  // namespace gw::bench
