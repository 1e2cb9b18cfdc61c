// Room: bench/load. The tables of a report as HTML; empty when they would have no row.
#pragma once

#include <string>

#include "bench/load/report/report_data.h"

namespace gw::bench {

std::string RatioTables(const ReportData& data);
std::string RunTable(const ReportData& data);
std::string RequestTables(const ReportData& data);
std::string ProblemList(const ReportData& data);
// Builds and machines, and a warning where there are several of either: then runs do not compare.
std::string OriginTable(const ReportData& data);

}  // namespace gw::bench
