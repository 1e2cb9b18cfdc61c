// Room: bench/measure. How long things took, in fixed memory. Includes std only; touches nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gw::bench {

// A log-linear histogram of nanoseconds: each power of two is cut into 128 equal buckets, so a
// bucket is never wider than 1/128 of the values in it and the middle of a bucket is within 0.4 %
// of each of them. Below 128 ns it is exact. Values above the last bucket (about 73 minutes) are
// counted in it.
//
// Plain memory without pointers: it may lie in a mapping that several processes share. All-zero
// bytes are an empty one. Thread: one thread records; any thread or process may merge from it
// meanwhile and sees a slightly old picture.
class Histogram {
 public:
  static constexpr int kSubBucketBits = 7;
  static constexpr int kTopBit = 42;
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBucketBits;
  static constexpr std::size_t kBuckets = kSubBuckets * (kTopBit - kSubBucketBits + 1);

  // A bucket holds the values lowest_ns <= v < lowest_ns + width_ns.
  struct Range {
    std::uint64_t lowest_ns;
    std::uint64_t width_ns;
  };
  static std::size_t BucketOf(std::uint64_t value_ns);
  static Range RangeOf(std::size_t bucket);

  void Record(std::chrono::nanoseconds value);
  // Adds what `other` holds now.
  void Merge(const Histogram& other);
  // Takes away an older picture of the same histogram; what stays is the time in between. Max and
  // min stay whole.
  void Subtract(const Histogram& older);

  std::uint64_t count() const { return count_; }
  // The value that `fraction` (0..1) of the records do not exceed: the middle of its bucket, and
  // never beyond the true extremes. 0 when empty.
  double QuantileNs(double fraction) const;
  double MeanNs() const;
  // 0 when empty.
  std::uint64_t MaxNs() const { return max_; }
  std::uint64_t MinNs() const { return count_ == 0 ? 0 : ~inverted_min_; }
  std::uint64_t CountOf(std::size_t bucket) const { return counts_[bucket]; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
  // Kept inverted so that zeroed memory means "no minimum yet".
  std::uint64_t inverted_min_ = 0;
  std::array<std::uint64_t, kBuckets> counts_{};
};

}  // namespace gw::bench
