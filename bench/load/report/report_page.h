// Room: bench/load. The report as one HTML page that needs nothing else: no script, no font, no
// picture from anywhere. Includes std only.
#pragma once

#include <string>

#include "bench/load/report/report_data.h"

namespace gw::bench {

// Light or dark as the reader's system asks, and light on paper.
std::string ReportPage(const ReportData& data, const std::string& title);

}  // namespace gw::bench
