// Room: bench/load. JSON of grep11-load, the floors and bench/compare, as what a report shows.
// Touches the files it is told to read.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>

#include "bench/load/report/report_data.h"

namespace gw::bench {

// A file that is no such report; the text names the file and what is wrong with it.
struct BadReport : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds what `path` holds to `data`. Throws BadReport.
void ReadReportFile(const std::string& path, ReportData& data);

// The same for a parsed file. `file` is its name in texts, `label` that of its lines in charts.
void ReadReport(const nlohmann::json& report, const std::string& file, const std::string& label,
                ReportData& data);

}  // namespace gw::bench
