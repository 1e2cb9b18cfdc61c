// Room: bench/load. Throughput by the operations in flight: what more of them bring.
#include <algorithm>
#include <map>

#include "bench/load/report/axis.h"
#include "bench/load/report/chart.h"
#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"

namespace gw::bench {
namespace {

constexpr PlotArea kArea{900, 380, 76, 24, 12, 50};
constexpr std::size_t kMostLines = 8;  // of one chart

// Single runs of the same operation on the same target make one line. Several with the same number
// in flight become one point with their spread.
std::vector<ThroughputSeries> SeriesOfRuns(const std::vector<MeasuredRun>& runs) {
  std::map<std::string, std::map<double, std::vector<double>>> rates;
  for (const MeasuredRun& run : runs) {
    if (run.open_loop || run.per_second <= 0 || run.in_flight < 1) continue;
    rates[run.operation + ", " + run.target][run.in_flight].push_back(run.per_second);
  }
  std::vector<ThroughputSeries> all;
  for (auto& [name, points] : rates) {
    ThroughputSeries series{name, {}};
    for (auto& [in_flight, values] : points) {
      std::ranges::sort(values);
      series.points.push_back(
          {in_flight, {values[values.size() / 2], values.front(), values.back()}});
    }
    all.push_back(std::move(series));
  }
  return all;
}

// Of a comparison, without what cannot stand on a logarithmic axis.
std::vector<ThroughputSeries> Drawable(std::vector<ThroughputSeries> all) {
  for (ThroughputSeries& series : all) {
    std::erase_if(series.points, [](const auto& point) {
      return point.per_second.low <= 0 || point.in_flight < 1;
    });
  }
  std::erase_if(all, [](const auto& series) { return series.points.empty(); });
  return all;
}

struct Bounds {
  double slowest = 1e15, fastest = 1e-3, fewest = 1e9, most = 1;
};

Bounds BoundsOf(const std::vector<ThroughputSeries>& all) {
  Bounds bounds;
  for (const ThroughputSeries& series : all) {
    for (const ThroughputPoint& point : series.points) {
      bounds.slowest = std::min(bounds.slowest, point.per_second.low);
      bounds.fastest = std::max(bounds.fastest, point.per_second.high);
      bounds.fewest = std::min(bounds.fewest, point.in_flight);
      bounds.most = std::max(bounds.most, point.in_flight);
    }
  }
  return bounds;
}

std::string Drawn(const ThroughputSeries& series, std::size_t index, const LogScale& x,
                  const LogScale& y) {
  std::string line;
  std::string marks;
  for (const ThroughputPoint& point : series.points) {
    const std::string px = Px(x.At(point.in_flight));
    const std::string py = Px(y.At(point.per_second.median));
    line += (line.empty() ? "M" : "L") + px + " " + py;
    const Spread& rate = point.per_second;
    if (rate.high > rate.low) {
      marks += "<path class=\"spread " + SeriesClass(index) + "\" d=\"M" + px + " " +
               Px(y.At(rate.low)) + "V" + Px(y.At(rate.high)) + "\"/>\n";
    }
    marks += "<circle class=\"dot " + SeriesClass(index) + "\" cx=\"" + px + "\" cy=\"" + py +
             "\" r=\"4\"><title>" + Escaped(series.name) + ": " + Figure(rate.median) +
             " /s with " + Figure(point.in_flight) + " in flight</title></circle>\n";
  }
  return "<path class=\"line " + SeriesClass(index) + "\" d=\"" + line + "\"/>\n" + marks;
}

std::string DetailOf(const ThroughputSeries& series) {
  const auto best = std::ranges::max_element(
      series.points, {}, [](const auto& point) { return point.per_second.median; });
  return Figure(best->per_second.median) + " /s at " + Figure(best->in_flight);
}

std::string Chart(const std::vector<ThroughputSeries>& all, const std::string& title) {
  const Bounds bounds = BoundsOf(all);
  // Room beside the first and the last point.
  const LogScale x(bounds.fewest / 1.3, bounds.most * 1.3, kArea.x_from(), kArea.x_to());
  const LogScale y(RoundedDown(bounds.slowest), RoundedUp(bounds.fastest), kArea.y_from(),
                   kArea.y_to());
  std::vector<Tick> x_ticks;
  for (const double count : PowersOfTwo(x.low(), x.high())) {
    x_ticks.push_back({x.At(count), Figure(count)});
  }
  std::vector<Tick> y_ticks;
  for (const double rate : LogTicks(y.low(), y.high()))
    y_ticks.push_back({y.At(rate), Figure(rate)});
  std::string svg = SvgOpen(kArea, title) + Frame(kArea, x_ticks, y_ticks,
                                                  "operations in flight (processes \u00d7 threads)",
                                                  "operations per second");
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < all.size(); ++i) {
    svg += Drawn(all[i], i, x, y);
    entries.push_back({all[i].name, DetailOf(all[i])});
  }
  return FigureBlock(title,
                     "The higher, the more. Both axes are logarithmic; a bar through a point is "
                     "the spread of its rounds. Open loops are left out: their rate was given.",
                     Legend(entries, Mark::kLine), svg + "</svg>\n");
}

std::string Charts(const std::vector<ThroughputSeries>& all, const std::string& title) {
  const std::size_t charts = (all.size() + kMostLines - 1) / kMostLines;
  std::string html;
  for (std::size_t i = 0; i < charts; ++i) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(i * kMostLines);
    const auto left = static_cast<std::size_t>(all.end() - first);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(kMostLines, left));
    const std::string part =
        charts == 1 ? "" : " (" + std::to_string(i + 1) + " of " + std::to_string(charts) + ")";
    html += Chart({first, last}, title + part);
  }
  return html;
}

}  // namespace

std::string ThroughputCharts(const ReportData& data) {
  std::string html = Charts(SeriesOfRuns(data.runs), "Throughput");
  for (const Comparison& comparison : data.comparisons) {
    html += Charts(Drawable(comparison.throughput), "Throughput: " + comparison.label);
  }
  return html;
}

}  // namespace gw::bench
