// Room: bench/load. The charts of a report as HTML with SVG in it; empty when there is nothing to
// draw. Includes std only.
#pragma once

#include <string>
#include <vector>

#include "bench/load/report/report_data.h"

namespace gw::bench {

// Latency by quantile, the runs over each other.
std::string LatencyCharts(const ReportData& data);
// Operations per second by operations in flight.
std::string ThroughputCharts(const ReportData& data);
// CPU time of an operation by the process that spends it.
std::string CpuCharts(const ReportData& data);
// The ratio of one figure with its rounds, around its target, for a cell of a table.
std::string RatioStrip(const RatioRow& row);

}  // namespace gw::bench
