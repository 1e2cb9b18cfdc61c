// Room: bench/load. Latency by quantile: the axis below stretches the slow end, where services
// differ, so that 99 % and 99.9 % get as much room as the median.
#include <algorithm>
#include <cmath>
#include <span>

#include "bench/load/report/axis.h"
#include "bench/load/report/chart.h"
#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"

namespace gw::bench {
namespace {

constexpr PlotArea kArea{900, 400, 76, 24, 12, 50};
constexpr std::size_t kMostLines = 8;  // of one chart
constexpr double kLeastUs = 1e-3;      // the histogram's nanosecond
constexpr double kFarthest = 1e6;      // 99.9999 %

// A quantile as the share of slower operations, 1 (none is faster) down to 0.
struct Step {
  double slower;
  double us;
};

std::vector<Step> StepsOfBuckets(const MeasuredRun& run) {
  double total = 0;
  for (const Bucket& bucket : run.buckets) total += bucket.count;
  std::vector<Step> steps;
  double seen = 0;
  for (const Bucket& bucket : run.buckets) {
    if (bucket.count <= 0 || total <= 0) continue;
    // The middle of the bucket, but no value that was never seen.
    const double us = std::clamp(bucket.lowest_us + bucket.width_us / 2, run.latency.min,
                                 std::max(run.latency.min, run.latency.max));
    steps.push_back({(total - seen) / total, us});
    seen += bucket.count;
    // The slowest operation itself stands at its own share, not at the end of the axis.
    steps.push_back({std::max(total - seen, 0.5) / total, us});
  }
  return steps;
}

// Of a file without a histogram: what its quantiles say.
std::vector<Step> StepsOfQuantiles(const Quantiles& latency) {
  const double last = latency.count > 0 ? 0.5 / latency.count : 0.5;
  std::vector<Step> steps{{1, latency.min}};
  for (const Step& step : {Step{0.5, latency.p50}, Step{0.1, latency.p90}, Step{0.01, latency.p99},
                           Step{0.001, latency.p999}, Step{last, latency.max}}) {
    if (step.slower >= last && step.slower < steps.back().slower) steps.push_back(step);
  }
  return steps;
}

std::vector<Step> StepsOf(const MeasuredRun& run) {
  return run.buckets.empty() ? StepsOfQuantiles(run.latency) : StepsOfBuckets(run);
}

// `slower` on an axis of 1/slower.
double AxisOf(double slower) { return std::min(1 / std::max(slower, 1 / kFarthest), kFarthest); }

std::string PathOf(const std::vector<Step>& steps, const LogScale& x, const LogScale& y) {
  std::string path;
  double last_x = 0;
  double last_y = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double px = x.At(AxisOf(steps[i].slower));
    const double py = y.At(std::max(steps[i].us, kLeastUs));
    const bool moved = std::hypot(px - last_x, py - last_y) > 0.4 || i + 1 == steps.size();
    if (i != 0 && !moved) continue;
    path += (path.empty() ? "M" : "L") + Px(px) + " " + Px(py);
    last_x = px;
    last_y = py;
  }
  return path;
}

std::vector<Tick> QuantileTicks(const LogScale& x) {
  static constexpr struct {
    double one_in;
    const char* label;
  } kTicks[] = {{1, "0 %"},      {2, "50 %"},      {10, "90 %"},      {100, "99 %"},
                {1e3, "99.9 %"}, {1e4, "99.99 %"}, {1e5, "99.999 %"}, {1e6, "99.9999 %"}};
  std::vector<Tick> ticks;
  for (const auto& tick : kTicks) {
    if (tick.one_in <= x.high()) ticks.push_back({x.At(tick.one_in), tick.label});
  }
  return ticks;
}

std::string Chart(std::span<const MeasuredRun* const> runs, const std::string& title) {
  double least = 1e12;
  double most = kLeastUs;
  double farthest = 100;
  std::vector<std::vector<Step>> lines;
  for (const MeasuredRun* run : runs) {
    lines.push_back(StepsOf(*run));
    for (const Step& step : lines.back()) {
      least = std::min(least, std::max(step.us, kLeastUs));
      most = std::max(most, step.us);
      farthest = std::max(farthest, AxisOf(step.slower));
    }
  }
  const LogScale x(1, farthest, kArea.x_from(), kArea.x_to());
  const LogScale y(RoundedDown(std::min(least, most)), RoundedUp(most), kArea.y_from(),
                   kArea.y_to());
  std::vector<Tick> y_ticks;
  for (const double us : LogTicks(y.low(), y.high())) y_ticks.push_back({y.At(us), TimeText(us)});
  std::string svg =
      SvgOpen(kArea, title) + Frame(kArea, QuantileTicks(x), y_ticks,
                                    "share of operations that were at least as fast", "latency");
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const MeasuredRun& run = *runs[i];
    svg += "<path class=\"line " + SeriesClass(i) + "\" d=\"" + PathOf(lines[i], x, y) +
           "\"><title>" + Escaped(run.label) + "</title></path>\n";
    entries.push_back(
        {run.label, "p50 " + TimeText(run.latency.p50) + ", p99 " + TimeText(run.latency.p99)});
  }
  return FigureBlock(title,
                     "The higher a line, the slower. Both axes are logarithmic. In an open loop "
                     "latency counts from the moment at which an operation was due.",
                     Legend(entries, Mark::kLine), svg + "</svg>\n");
}

}  // namespace

std::string LatencyCharts(const ReportData& data) {
  std::vector<const MeasuredRun*> runs;
  for (const MeasuredRun& run : data.runs) {
    if (run.latency.count > 0) runs.push_back(&run);
  }
  const std::size_t charts = (runs.size() + kMostLines - 1) / kMostLines;
  std::string html;
  for (std::size_t i = 0; i < charts; ++i) {
    const auto first = i * kMostLines;
    const std::span some(runs.data() + first, std::min(kMostLines, runs.size() - first));
    const std::string part =
        charts == 1 ? "" : " (" + std::to_string(i + 1) + " of " + std::to_string(charts) + ")";
    html += Chart(some, "Latency" + part);
  }
  return html;
}

}  // namespace gw::bench
