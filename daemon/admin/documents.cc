// Room: admin.
#include "daemon/admin/documents.h"

#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>

#include "daemon/core/metrics.h"
#include "daemon/core/version.h"

namespace gw {

std::string MetricsText() {
  return prometheus::TextSerializer().Serialize(metrics::TheRegistry().Collect());
}

std::string HealthJson(std::chrono::seconds uptime, std::string_view status_json) {
  using nlohmann::ordered_json;
  ordered_json status = ordered_json::parse(status_json, nullptr, /*allow_exceptions=*/false);
  if (status.is_discarded()) status = status_json;
  ordered_json health;
  health["version"] = kVersion;
  health["uptime_s"] = uptime.count();
  health["status"] = std::move(status);
  // Octets that are not UTF-8 are replaced rather than thrown about.
  return health.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace gw
