// Room: bench/load.
#include "bench/load/report/chart.h"

#include "bench/load/report/markup.h"

namespace gw::bench {
namespace {

constexpr std::size_t kColours = 8;

std::string GridLine(double x1, double y1, double x2, double y2) {
  return "<line class=\"grid\" x1=\"" + Px(x1) + "\" y1=\"" + Px(y1) + "\" x2=\"" + Px(x2) +
         "\" y2=\"" + Px(y2) + "\"/>\n";
}

std::string Label(double x, double y, std::string_view css, std::string_view text,
                  const std::string& more = "") {
  return "<text class=\"" + std::string(css) + "\" x=\"" + Px(x) + "\" y=\"" + Px(y) + "\"" + more +
         ">" + Escaped(text) + "</text>\n";
}

}  // namespace

std::string SvgOpen(const PlotArea& area, std::string_view what) {
  return "<svg viewBox=\"0 0 " + Px(area.width) + " " + Px(area.height) +
         "\" role=\"img\" aria-label=\"" + Escaped(what) + "\">\n";
}

std::string Frame(const PlotArea& area, const std::vector<Tick>& x, const std::vector<Tick>& y,
                  std::string_view x_name, std::string_view y_name) {
  std::string svg;
  for (const Tick& tick : x) {
    svg += GridLine(tick.px, area.y_from(), tick.px, area.y_to());
    if (!tick.label.empty()) svg += Label(tick.px, area.y_from() + 18, "tick mid", tick.label);
  }
  for (const Tick& tick : y) {
    svg += GridLine(area.x_from(), tick.px, area.x_to(), tick.px);
    if (!tick.label.empty()) svg += Label(area.x_from() - 8, tick.px + 4, "tick end", tick.label);
  }
  svg += "<path class=\"axis\" d=\"M" + Px(area.x_from()) + " " + Px(area.y_to()) + "V" +
         Px(area.y_from()) + "H" + Px(area.x_to()) + "\"/>\n";
  svg += Label((area.x_from() + area.x_to()) / 2, area.height - 6, "name mid", x_name);
  const double middle = (area.y_from() + area.y_to()) / 2;
  if (!y_name.empty()) {
    svg +=
        Label(14, middle, "name mid", y_name, " transform=\"rotate(-90 14 " + Px(middle) + ")\"");
  }
  return svg;
}

std::string SeriesClass(std::size_t index) {
  return "s" + std::to_string(index % kColours) + (index / kColours % 2 == 1 ? " dashed" : "");
}

std::string Legend(const std::vector<LegendEntry>& entries, Mark mark) {
  std::string html = "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string shape =
        mark == Mark::kLine
            ? "<line class=\"line " + SeriesClass(i) + "\" x1=\"1\" y1=\"6\" x2=\"27\" y2=\"6\"/>"
            : "<rect class=\"block " + SeriesClass(i) +
                  "\" x=\"8\" y=\"0\" width=\"12\" height=\"12\"/>";
    html += "<li><svg class=\"key\" viewBox=\"0 0 28 12\">" + shape + "</svg>" +
            Escaped(entries[i].text);
    if (!entries[i].detail.empty()) html += " <small>" + Escaped(entries[i].detail) + "</small>";
    html += "</li>\n";
  }
  return html + "</ul>\n";
}

std::string FigureBlock(std::string_view title, std::string_view explanation,
                        const std::string& legend, const std::string& svg) {
  return "<figure>\n<h3>" + Escaped(title) + "</h3>\n<p>" + Escaped(explanation) + "</p>\n" +
         legend + svg + "</figure>\n";
}

}  // namespace gw::bench
