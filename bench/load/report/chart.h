// Room: bench/load. What all charts share: the frame, the grid, the legend. Includes std only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gw::bench {

// Of a chart's drawing in pixels of its own; the page scales it.
struct PlotArea {
  double width, height;
  double left, right, top, bottom;  // margins
  double x_from() const { return left; }
  double x_to() const { return width - right; }
  double y_from() const { return height - bottom; }  // the lower edge
  double y_to() const { return top; }
};

struct Tick {
  double px = 0;
  std::string label;  // empty: a line of the grid alone
};

// The grid with its labels, and the names of the axes with their units.
std::string Frame(const PlotArea& area, const std::vector<Tick>& x, const std::vector<Tick>& y,
                  std::string_view x_name, std::string_view y_name);
std::string SvgOpen(const PlotArea& area, std::string_view what);

// The class of series `index`: a colour and, from the ninth on, dashes.
std::string SeriesClass(std::size_t index);

struct LegendEntry {
  std::string text;
  std::string detail;  // in a weaker tone behind it; may be empty
};
enum class Mark { kLine, kBlock };
// As HTML, so that it wraps and covers nothing.
std::string Legend(const std::vector<LegendEntry>& entries, Mark mark);

// A chart with its title, a sentence on how to read it, and its legend.
std::string FigureBlock(std::string_view title, std::string_view explanation,
                        const std::string& legend, const std::string& svg);

}  // namespace gw::bench
