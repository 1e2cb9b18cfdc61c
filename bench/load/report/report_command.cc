// Room: bench/load.
#include "bench/load/report/report_command.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "bench/load/options.h"
#include "bench/load/report/report_page.h"
#include "bench/load/report/report_reader.h"
#include "bench/load/run.h"
#include "bench/measure/help_format.h"

namespace gw::bench {
namespace {

struct ReportOptions {
  std::vector<std::string> files;
  std::string output;
  std::string title = "grep11-gateway: measurements";
};

void Describe(CLI::App& app, ReportOptions& options) {
  app.formatter(ManualFormatter());
  app.set_help_flag("-h,--help", "This text");
  app.add_option("files", options.files,
                 "What --json of grep11-load, floor_uds, floor_grpc or bench/compare has written. "
                 "The name of a file is the name of its run")
      ->type_name("FILE...")
      ->required();
  app.add_option("-o,--output", options.output, "The page to write; '-': to standard output")
      ->type_name("FILE")
      ->required();
  app.add_option("--title", options.title, "Its title")->type_name("TEXT")->capture_default_str();
  app.footer(
      "\nEXAMPLE\n  grep11-load report threads-*.json figures.json --output report.html\n\n"
      "The page needs nothing else and loads nothing: it can be kept beside the figures.");
}

// Runs of the same name, from different folders, are told apart by their paths.
void NameApart(ReportData& data, const std::vector<std::string>& files) {
  std::map<std::string, int> uses;
  for (const MeasuredRun& run : data.runs) ++uses[run.label];
  for (const Comparison& comparison : data.comparisons) ++uses[comparison.label];
  std::size_t run = 0;
  std::size_t comparison = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool compared = data.origins[i].tool == "compare";
    std::string& label = compared ? data.comparisons[comparison++].label : data.runs[run++].label;
    if (uses[label] > 1) label = files[i];
  }
}

bool Write(const std::string& page, const std::string& path) {
  if (path == "-") return static_cast<bool>(std::cout << page << std::flush);
  std::ofstream file(path, std::ios::trunc | std::ios::binary);
  return static_cast<bool>(file << page << std::flush);
}

int Complain(const std::string& text) {
  std::cerr << "grep11-load report: " << text << '\n';
  return kExitCannotStart;
}

}  // namespace

int RunReport(int argc, const char* const* argv) {
  CLI::App app("grep11-load report - draws what was measured, as one HTML page",
               "grep11-load report");
  ReportOptions options;
  Describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  ReportData data;
  try {
    for (const std::string& file : options.files) ReadReportFile(file, data);
  } catch (const BadReport& bad) {
    return Complain(bad.what());
  }
  NameApart(data, options.files);
  if (!Write(ReportPage(data, options.title), options.output)) {
    return Complain("cannot write " + options.output + ": " + std::strerror(errno));
  }
  return 0;
}

}  // namespace gw::bench
