// Room: bench/measure. The arithmetic of the log-linear histogram.
#include "bench/measure/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "bench/measure/shared_word.h"

namespace gw::bench {

std::size_t Histogram::BucketOf(std::uint64_t value_ns) {
  if (value_ns < kSubBuckets) return static_cast<std::size_t>(value_ns);
  const int top_bit = static_cast<int>(std::bit_width(value_ns)) - 1;
  if (top_bit >= kTopBit) return kBuckets - 1;
  const int octave = top_bit - kSubBucketBits;  // 0 for 128..255
  const std::uint64_t inside = (value_ns >> octave) - kSubBuckets;
  return kSubBuckets * static_cast<std::size_t>(octave + 1) + static_cast<std::size_t>(inside);
}

Histogram::Range Histogram::RangeOf(std::size_t bucket) {
  if (bucket < kSubBuckets) return {bucket, 1};
  const std::size_t octave = bucket / kSubBuckets - 1;
  const std::uint64_t inside = bucket % kSubBuckets;
  return {(kSubBuckets + inside) << octave, std::uint64_t{1} << octave};
}

void Histogram::Record(std::chrono::nanoseconds value) {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count()));
  AddShared(counts_[BucketOf(ns)], 1);
  AddShared(sum_, ns);
  if (ns > max_) WriteShared(max_, ns);
  if (~ns > inverted_min_) WriteShared(inverted_min_, ~ns);
  AddShared(count_, 1);
}

void Histogram::Merge(const Histogram& other) {
  // The total is the sum of the buckets as they were read, so that a picture taken while `other` is
  // being written is consistent in itself.
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t more = ReadShared(other.counts_[i]);
    counts_[i] += more;
    count_ += more;
  }
  sum_ += ReadShared(other.sum_);
  max_ = std::max(max_, ReadShared(other.max_));
  inverted_min_ = std::max(inverted_min_, ReadShared(other.inverted_min_));
}

void Histogram::Subtract(const Histogram& older) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] -= std::min(counts_[i], older.counts_[i]);
  count_ -= std::min(count_, older.count_);
  sum_ -= std::min(sum_, older.sum_);
}

double Histogram::QuantileNs(double fraction) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    const Range range = RangeOf(i);
    const double middle =
        static_cast<double>(range.lowest_ns) + (static_cast<double>(range.width_ns - 1)) / 2;
    return std::clamp(middle, static_cast<double>(MinNs()), static_cast<double>(MaxNs()));
  }
  return static_cast<double>(MaxNs());
}

double Histogram::MeanNs() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

}  // namespace gw::bench
