// Room: bench/load.
#include "bench/load/report/report_page.h"

#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"
#include "bench/load/report/report_tables.h"

namespace gw::bench {
namespace {

constexpr const char* kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --weak: #59636e; --rule: #d5dae0; --grid: #e8ebee; --head: #f4f6f8;
  --c0: #1f66c8; --c1: #d1530f; --c2: #0d8a62; --c3: #a1479a; --c4: #a07800; --c5: #0b7f9e; --c6: #6a4cc0; --c7: #c32f4a;
  --good: #0d7a4f; --bad: #b3261e; --inside: #ffffff;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --ink: #e4e8ec; --weak: #9aa5b1; --rule: #39424c; --grid: #262d35; --head: #1c2229;
    --c0: #6ba4f8; --c1: #f28b57; --c2: #45c795; --c3: #d58ccd; --c4: #d9b441; --c5: #4fb9d8; --c6: #a691f0; --c7: #f27b8d;
    --good: #45c795; --bad: #ff8b80; --inside: #101418;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 28px 24px 56px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; }
h3 { font-size: 17px; margin: 36px 0 4px; }
p { margin: 0 0 10px; color: var(--weak); max-width: 90ch; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { font-weight: 600; color: var(--weak); background: var(--head); }
th:first-child, td:first-child { padding-left: 8px; }
td { font-variant-numeric: tabular-nums; }
.num { text-align: right; }
.narrow table { width: auto; } .wrapped td { white-space: normal; vertical-align: top; }
td .met { color: var(--good); } td .missed { color: var(--bad); font-weight: 600; }
.warning, .problems li { color: var(--bad); }
figure { margin: 0; }
figure svg:not(.key) { display: block; width: 100%; height: auto; }
.legend { list-style: none; margin: 0 0 8px; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 22px; font-size: 13.5px; }
.legend small { color: var(--weak); font-size: 12.5px; }
.key { width: 28px; height: 12px; margin-right: 7px; vertical-align: -1px; }
.strip { width: 180px; height: 20px; vertical-align: middle; display: block; }
text { font-family: inherit; fill: var(--ink); }
.tick { font-size: 12px; fill: var(--weak); } .name { font-size: 13px; fill: var(--ink); }
.bar-name { font-size: 13px; } .total { font-size: 13px; font-weight: 600; }
.inside { font-size: 12px; fill: var(--inside); }
.mid { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: var(--grid); stroke-width: 1; } .axis { stroke: var(--weak); stroke-width: 1; fill: none; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .spread { stroke-width: 1.6; opacity: 0.6; }
.dot { stroke: var(--page); stroke-width: 1.2; } .dashed.line { stroke-dasharray: 7 4; }
.target { stroke: var(--ink); stroke-width: 2; }
.range { stroke-width: 5; opacity: 0.4; stroke-linecap: round; }
line.met { stroke: var(--good); } line.missed { stroke: var(--bad); } line.unjudged { stroke: var(--weak); }
circle.met { fill: var(--good); } circle.missed { fill: var(--bad); } circle.unjudged { fill: var(--weak); }
)css";

// Lines and blocks of a series have its colour.
std::string SeriesStyle() {
  std::string css;
  for (int i = 0; i < 8; ++i) {
    const std::string number = std::to_string(i);
    const std::string colour = "var(--c" + number + ")";
    css += ".line.s" + number + ", .spread.s" + number + " { stroke: " + colour + "; } .block.s" +
           number + ", .dot.s" + number + " { fill: " + colour + "; }\n";
  }
  return css;
}

std::string Summary(const ReportData& data) {
  std::string first;
  std::string last;
  for (const Origin& origin : data.origins) {
    if (origin.started_at.empty()) continue;
    if (first.empty() || origin.started_at < first) first = origin.started_at;
    if (origin.started_at > last) last = origin.started_at;
  }
  std::string text =
      std::to_string(data.origins.size()) + (data.origins.size() == 1 ? " file" : " files");
  if (!first.empty()) text += ", measured " + first;
  if (first != last) text += " to " + last;
  return "<p>" + Escaped(text) + "</p>\n";
}

}  // namespace

std::string ReportPage(const ReportData& data, const std::string& title) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         Escaped(title) + "</title>\n<style>" + kStyle + SeriesStyle() +
         "</style>\n</head>\n<body>\n<h1>" + Escaped(title) + "</h1>\n" + Summary(data) +
         ProblemList(data) + RatioTables(data) + RunTable(data) + LatencyCharts(data) +
         ThroughputCharts(data) + CpuCharts(data) + RequestTables(data) + OriginTable(data) +
         "</body>\n</html>\n";
}

}  // namespace gw::bench
