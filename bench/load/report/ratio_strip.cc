// Room: bench/load. A ratio as a small drawing: the target is the line in the middle, the rounds
// are a bar, their median a dot. All strips of a table have the same scale, of ratio to target.
#include <cmath>

#include "bench/load/report/axis.h"
#include "bench/load/report/chart.h"
#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"

namespace gw::bench {
namespace {

constexpr PlotArea kArea{180, 20, 4, 4, 2, 2};
// Four times the target, or a quarter of it, and what is beyond is at the edge.
constexpr double kEdge = 4;

std::string Vertical(double px, const char* css) {
  return "<line class=\"" + std::string(css) + "\" x1=\"" + Px(px) + "\" y1=\"1\" x2=\"" + Px(px) +
         "\" y2=\"19\"/>";
}

}  // namespace

std::string RatioStrip(const RatioRow& row) {
  if (!row.ratio) return {};
  const double target = row.reach && *row.reach > 0 ? *row.reach : 1;
  const LogScale x(target / kEdge, target * kEdge, kArea.x_from(), kArea.x_to());
  std::string svg = "<svg class=\"strip\" viewBox=\"0 0 180 20\" role=\"img\" aria-label=\"ratio " +
                    Figure(row.ratio->median) + "\">" + Vertical(x.At(target / 2), "grid") +
                    Vertical(x.At(target * 2), "grid") +
                    Vertical(x.At(target), row.reach ? "target" : "grid");
  const std::string css = !row.met ? "unjudged" : *row.met ? "met" : "missed";
  svg += "<line class=\"range " + css + "\" x1=\"" + Px(x.At(row.ratio->low)) +
         "\" y1=\"10\" x2=\"" + Px(x.At(row.ratio->high)) + "\" y2=\"10\"/>";
  svg += "<circle class=\"" + css + "\" cx=\"" + Px(x.At(row.ratio->median)) +
         "\" cy=\"10\" r=\"4.5\"/></svg>";
  return svg;
}

}  // namespace gw::bench
