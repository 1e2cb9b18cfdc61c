// Room: bench/load. Scales of charts: from values to pixels, and where the lines of the grid are.
// Includes std only.
#pragma once

#include <string>
#include <vector>

namespace gw::bench {

// A logarithmic scale of `low`..`high` (both above zero) over `from_px`..`to_px`. Values outside
// are drawn at the edge.
class LogScale {
 public:
  LogScale(double low, double high, double from_px, double to_px);
  double At(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  double low_, high_, from_px_, to_px_;
};

// The powers of ten in `low`..`high`; with their two- and fivefold where those are few.
std::vector<double> LogTicks(double low, double high);
// The powers of two in `low`..`high`.
std::vector<double> PowersOfTwo(double low, double high);
// 0 and round numbers up to `high`, about `wanted` of them.
std::vector<double> LinearTicks(double high, int wanted);

// The nearest 1, 2 or 5 times a power of ten at or below (above) `value`.
double RoundedDown(double value);
double RoundedUp(double value);

}  // namespace gw::bench
