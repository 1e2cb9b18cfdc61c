// Room: bench/measure. The parts that every report has in common, as JSON. docs/load-tool.md
// describes the fields.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bench/measure/histogram.h"
#include "bench/measure/recorder.h"

namespace gw::bench {

// {"count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"}: microseconds, except the count.
nlohmann::json LatencyJson(const Histogram& histogram);
// {"unit": "ns", "buckets": [[lowest, width, count], ...]}: the buckets that are not empty, in
// ascending order.
nlohmann::json BucketsJson(const Histogram& histogram);
// {"CKR_DEVICE_ERROR": 3, ...}
nlohmann::json ErrorsJson(const Totals& totals);
// {"commit", "build_type", "compiler"}
nlohmann::json BuildJson();
// {"cores", "cpu", "kernel", "host_memory_mib"}
nlohmann::json MachineJson();
// Wall time as 2024-01-31T12:00:00Z.
std::string NowText();

// Writes `report` to the file, or to standard output for "-". False (with errno set) when that
// fails.
bool WriteJson(const nlohmann::json& report, const std::string& path);

}  // namespace gw::bench
