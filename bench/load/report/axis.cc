// Room: bench/load.
#include "bench/load/report/axis.h"

#include <algorithm>
#include <cmath>

namespace gw::bench {
namespace {

constexpr double kSteps[] = {1, 2, 5, 10};
constexpr double kSlack = 1e-9;  // of what is the same number after rounding
constexpr double kFewDecades = 3.2;

double DecadeOf(double value) { return std::pow(10, std::floor(std::log10(value) + kSlack)); }

}  // namespace

LogScale::LogScale(double low, double high, double from_px, double to_px)
    : low_(low), high_(std::max(high, low * 1.01)), from_px_(from_px), to_px_(to_px) {}

double LogScale::At(double value) const {
  const double inside = std::clamp(value, low_, high_);
  const double share = std::log(inside / low_) / std::log(high_ / low_);
  return from_px_ + share * (to_px_ - from_px_);
}

double RoundedDown(double value) {
  const double decade = DecadeOf(value);
  double rounded = decade;
  for (const double step : kSteps) {
    if (step * decade <= value * (1 + kSlack)) rounded = step * decade;
  }
  return rounded;
}

double RoundedUp(double value) {
  const double decade = DecadeOf(value);
  for (const double step : kSteps) {
    if (step * decade >= value * (1 - kSlack)) return step * decade;
  }
  return 10 * decade;
}

std::vector<double> LogTicks(double low, double high) {
  const bool few = std::log10(high / low) < kFewDecades;
  std::vector<double> ticks;
  for (double decade = DecadeOf(low); decade <= high * (1 + kSlack); decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      const double tick = step * decade;
      if (step != 1 && !few) continue;
      if (tick >= low * (1 - kSlack) && tick <= high * (1 + kSlack)) ticks.push_back(tick);
    }
  }
  return ticks;
}

std::vector<double> PowersOfTwo(double low, double high) {
  std::vector<double> ticks;
  const double first = std::exp2(std::ceil(std::log2(low) - kSlack));
  for (double tick = first; tick <= high * (1 + kSlack); tick *= 2) ticks.push_back(tick);
  return ticks;
}

std::vector<double> LinearTicks(double high, int wanted) {
  const double step = RoundedUp(high / wanted);
  std::vector<double> ticks;
  for (int i = 0; i * step <= high * (1 + kSlack); ++i) ticks.push_back(i * step);
  return ticks;
}

}  // namespace gw::bench
