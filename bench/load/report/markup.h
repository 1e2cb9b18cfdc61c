// Room: bench/load. Text for HTML and SVG. Includes std only.
#pragma once

#include <string>
#include <string_view>

namespace gw::bench {

// `text` with the five characters that mean something in HTML replaced, and control characters by
// spaces.
std::string Escaped(std::string_view text);

// A coordinate: at most two decimals.
std::string Px(double value);

// Three significant digits or all before the point: 0.0123, 1.23, 12.3, 1234.
std::string Figure(double value);

// A time in the unit that suits it: "934 \u00b5s", "1.49 ms", "2.5 s".
std::string TimeText(double us);

}  // namespace gw::bench
