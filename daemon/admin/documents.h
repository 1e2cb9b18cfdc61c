// Room: admin. May include: core. What the HTTP server hands out, without HTTP.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace gw {

// The whole registry in the Prometheus text format, version 0.0.4.
std::string MetricsText();

// {"version": ..., "uptime_s": ..., "status": STATUS}. A `status_json` that is not JSON becomes a
// string, so that the answer always parses.
std::string HealthJson(std::chrono::seconds uptime, std::string_view status_json);

}  // namespace gw
