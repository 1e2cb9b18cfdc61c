// Room: bench/load.
#include "bench/load/report/report_tables.h"

#include <cmath>
#include <initializer_list>
#include <set>
#include <tuple>

#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"

namespace gw::bench {
namespace {

// A cell is HTML already; texts of files pass through Escaped() on the way.
struct Cell {
  std::string html;
  bool number = false;
};

Cell Text(const std::string& text) { return {Escaped(text), false}; }
Cell Number(const std::string& text) { return {Escaped(text), true}; }

std::string Head(std::initializer_list<Cell> cells) {
  std::string html = "<thead><tr>";
  for (const Cell& cell : cells) {
    html += (cell.number ? "<th class=\"num\">" : "<th>") + cell.html + "</th>";
  }
  return html + "</tr></thead>\n";
}

std::string Row(std::initializer_list<Cell> cells) {
  std::string html = "<tr>";
  for (const Cell& cell : cells) {
    html += (cell.number ? "<td class=\"num\">" : "<td>") + cell.html + "</td>";
  }
  return html + "</tr>\n";
}

std::string Section(const std::string& title, const std::string& before, const std::string& head,
                    const std::string& rows, const std::string& css = "") {
  if (rows.empty()) return {};
  return "<section class=\"" + css + "\">\n<h3>" + Escaped(title) + "</h3>\n" + before +
         "<div class=\"scroll\"><table>\n" + head + "<tbody>\n" + rows +
         "</tbody></table></div>\n</section>\n";
}

std::string Explained(const std::string& text) { return "<p>" + Escaped(text) + "</p>\n"; }

std::string MedianOf(const std::optional<Spread>& spread) {
  return spread ? Figure(spread->median) : "";
}

std::string RoundsOf(const std::optional<Spread>& spread) {
  if (!spread || spread->low == spread->high) return "";
  return Figure(spread->low) + " \u2026 " + Figure(spread->high);
}

std::string TargetOf(const RatioRow& row) {
  if (!row.reach) return "";
  return (row.at_least ? "\u2265 " : "\u2264 ") + Figure(*row.reach);
}

Cell Verdict(const RatioRow& row) {
  if (!row.met) return Text("");
  return {*row.met ? "<span class=\"met\">met</span>" : "<span class=\"missed\">not met</span>"};
}

std::string RatioTable(const Comparison& comparison) {
  std::string rows;
  for (const RatioRow& row : comparison.rows) {
    rows += Row({Text(row.name), Number(MedianOf(row.ours)), Number(MedianOf(row.floor)),
                 Text(row.unit), Number(MedianOf(row.ratio)), Number(RoundsOf(row.ratio)),
                 Cell{RatioStrip(row)}, Number(TargetOf(row)), Verdict(row)});
  }
  const std::string rounds = comparison.rounds > 0 ? Figure(comparison.rounds) + " rounds of " +
                                                         Figure(comparison.duration_s) + " s. "
                                                   : "";
  return Section(
      "Ours against the floors: " + comparison.label,
      Explained(rounds +
                "Medians; the ratio is taken round by round. In the strip the line is the target, "
                "and the edges are a quarter and four times of it."),
      Head({Text("figure"), Number("ours"), Number("floor"), Text("unit"), Number("ratio"),
            Number("rounds"), Text(""), Number("to reach"), Text("")}),
      rows);
}

}  // namespace

std::string RatioTables(const ReportData& data) {
  std::string html;
  for (const Comparison& comparison : data.comparisons) html += RatioTable(comparison);
  return html;
}

std::string RunTable(const ReportData& data) {
  std::string rows;
  for (const MeasuredRun& run : data.runs) {
    const Quantiles& latency = run.latency;
    rows += Row({Text(run.label), Text(run.operation), Text(run.target), Text(run.load),
                 Number(Figure(run.per_second)), Number(TimeText(latency.p50)),
                 Number(TimeText(latency.p90)), Number(TimeText(latency.p99)),
                 Number(TimeText(latency.p999)), Number(TimeText(latency.max)),
                 Number(Figure(run.errors))});
  }
  return Section("Runs", "",
                 Head({Text("run"), Text("operation"), Text("target"), Text("load"),
                       Number("per second"), Number("p50"), Number("p90"), Number("p99"),
                       Number("p99.9"), Number("max"), Number("errors")}),
                 rows);
}

std::string RequestTables(const ReportData& data) {
  std::string html;
  for (const Comparison& comparison : data.comparisons) {
    std::string rows;
    for (const auto& [operation, count] : comparison.requests_per_call) {
      rows += Row({Text(operation), Number(Figure(count))});
    }
    html += Section("HSM requests per call: " + comparison.label, "",
                    Head({Text("operation"), Number("requests")}), rows, "narrow");
  }
  return html;
}

std::string ProblemList(const ReportData& data) {
  std::string items;
  const auto add = [&items](const std::string& label, const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) {
      items += "<li>" + Escaped(label + ": " + problem) + "</li>\n";
    }
  };
  for (const MeasuredRun& run : data.runs) add(run.label, run.problems);
  for (const Comparison& comparison : data.comparisons) add(comparison.label, comparison.problems);
  if (items.empty()) return {};
  return "<section class=\"problems\">\n<h3>What went wrong</h3>\n<ul>\n" + items +
         "</ul>\n</section>\n";
}

std::string OriginTable(const ReportData& data) {
  std::set<std::tuple<std::string, std::string, std::string>> builds;
  std::set<std::tuple<std::string, std::string, double>> machines;
  std::string rows;
  for (const Origin& origin : data.origins) {
    builds.emplace(origin.commit, origin.build_type, origin.compiler);
    machines.emplace(origin.cpu, origin.kernel, origin.cores);
    rows += Row({Text(origin.file), Text(origin.tool), Text(origin.started_at), Text(origin.commit),
                 Text(origin.build_type), Text(origin.compiler),
                 Text(Figure(origin.cores) + " \u00d7 " + origin.cpu), Text(origin.kernel),
                 Number(origin.memory_mib > 0 ? Figure(origin.memory_mib) + " MiB" : "")});
  }
  std::string warning;
  if (builds.size() > 1 || machines.size() > 1) {
    warning = "<p class=\"warning\">" + std::to_string(builds.size()) + " builds, " +
              std::to_string(machines.size()) +
              " machines: figures of different ones say little about each other.</p>\n";
  }
  return Section("Builds and machines", warning,
                 Head({Text("file"), Text("tool"), Text("started"), Text("commit"), Text("build"),
                       Text("compiler"), Text("processor"), Text("kernel"), Number("memory")}),
                 rows, "wrapped");
}

}  // namespace gw::bench
