// Room: bench/load. CPU time of an operation, cut into the processes that spend it.
#include <algorithm>

#include "bench/load/report/axis.h"
#include "bench/load/report/chart.h"
#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"

namespace gw::bench {
namespace {

constexpr double kBarPx = 22;
constexpr double kStepPx = 48;        // from bar to bar: the name stands above its bar
constexpr double kTotalPx = 90;       // room for the total behind the longest bar
constexpr double kCharacterPx = 7.2;  // of a label inside a part, at most

std::vector<CpuBar> BarsOf(const ReportData& data) {
  std::vector<CpuBar> bars;
  for (const MeasuredRun& run : data.runs) {
    if (!run.cpu.empty()) {
      bars.push_back({run.label + ": " + run.operation + ", " + run.load, run.cpu});
    }
  }
  for (const Comparison& comparison : data.comparisons) {
    for (const CpuBar& bar : comparison.cpu) {
      bars.push_back({comparison.label + ": " + bar.name, bar.parts});
    }
  }
  return bars;
}

// Each name once, in the order in which they appear: a name has the same colour in all bars.
std::vector<std::string> PartNames(const std::vector<CpuBar>& bars) {
  std::vector<std::string> names;
  for (const CpuBar& bar : bars) {
    for (const CpuPart& part : bar.parts) {
      if (std::ranges::find(names, part.name) == names.end()) names.push_back(part.name);
    }
  }
  return names;
}

double TotalOf(const CpuBar& bar) {
  double total = 0;
  for (const CpuPart& part : bar.parts) total += part.us_per_operation;
  return total;
}

class BarPainter {
 public:
  BarPainter(std::vector<std::string> names, const PlotArea& area, double longest)
      : names_(std::move(names)), area_(area), longest_(longest) {}

  double At(double us) const {
    return area_.x_from() + us / longest_ * (area_.x_to() - area_.x_from());
  }

  std::string Paint(const CpuBar& bar, double y) const {
    std::string svg = "<text class=\"bar-name\" x=\"" + Px(area_.x_from() + 5) + "\" y=\"" +
                      Px(y - 6) + "\">" + Escaped(bar.name) + "</text>\n";
    double us = 0;
    for (const CpuPart& part : bar.parts) {
      svg += PaintPart(part, us, y);
      us += part.us_per_operation;
    }
    return svg + "<text class=\"total\" x=\"" + Px(At(us) + 8) + "\" y=\"" + Px(y + 16) + "\">" +
           TimeText(us) + "</text>\n";
  }

 private:
  std::string PaintPart(const CpuPart& part, double from_us, double y) const {
    const auto name = std::ranges::find(names_, part.name);
    const auto colour = static_cast<std::size_t>(name - names_.begin());
    const double from = At(from_us);
    const double to = At(from_us + part.us_per_operation);
    std::string svg = "<rect class=\"block " + SeriesClass(colour) + "\" x=\"" + Px(from) +
                      "\" y=\"" + Px(y) + "\" width=\"" + Px(std::max(to - from - 1, 0.5)) +
                      "\" height=\"" + Px(kBarPx) + "\"><title>" + Escaped(part.name) + ": " +
                      TimeText(part.us_per_operation) + "</title></rect>\n";
    const std::string text = Figure(part.us_per_operation);
    if (HasRoom(text, to - from)) {
      svg += "<text class=\"inside mid\" x=\"" + Px((from + to) / 2) + "\" y=\"" + Px(y + 16) +
             "\">" + text + "</text>\n";
    }
    return svg;
  }
  static bool HasRoom(const std::string& text, double px) {
    return px > kCharacterPx * static_cast<double>(text.size()) + 8;
  }

  const std::vector<std::string> names_;
  const PlotArea& area_;
  const double longest_;
};

}  // namespace

std::string CpuCharts(const ReportData& data) {
  const std::vector<CpuBar> bars = BarsOf(data);
  if (bars.empty()) return {};
  const double longest = std::max(TotalOf(*std::ranges::max_element(bars, {}, TotalOf)), 1e-3);
  const double height = kStepPx * static_cast<double>(bars.size()) + 54;
  const PlotArea area{900, height, 12, kTotalPx, 4, 50};
  const std::vector<std::string> names = PartNames(bars);
  const BarPainter painter(names, area, longest);
  std::vector<Tick> ticks;
  for (const double us : LinearTicks(longest, 8)) ticks.push_back({painter.At(us), Figure(us)});
  std::string svg = SvgOpen(area, "CPU time of one operation") +
                    Frame(area, ticks, {}, "CPU time of one operation in \u00b5s", "");
  for (std::size_t i = 0; i < bars.size(); ++i) {
    svg += painter.Paint(bars[i], kStepPx * static_cast<double>(i) + 22);
  }
  std::vector<LegendEntry> entries;
  for (const std::string& name : names) entries.push_back({name, ""});
  return FigureBlock("CPU time of one operation",
                     "The shorter, the cheaper. What the load tool itself uses to make the calls "
                     "is in its part.",
                     Legend(entries, Mark::kBlock), svg + "</svg>\n");
}

}  // namespace gw::bench
