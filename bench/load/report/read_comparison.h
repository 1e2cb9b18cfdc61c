// Room: bench/load. The report of bench/compare.
#pragma once

#include "bench/load/report/json_fields.h"
#include "bench/load/report/report_data.h"

namespace gw::bench {

// Figures with their targets; and of the samples, by their names, what charts can show: a number
// "throughput" of a measurement "sign_64" is a point of the series "sign" at 64 in flight, a number
// "daemon_cpu_us" a part of the CPU bar of its measurement. Throws BadReport.
Comparison ReadComparison(const JsonFields& report, const std::string& label);

}  // namespace gw::bench
