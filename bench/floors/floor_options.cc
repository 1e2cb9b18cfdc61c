// Room: bench/floors. Options and report of the floors.
#include "bench/floors/floor_options.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "bench/measure/help_format.h"
#include "bench/measure/report_json.h"

namespace gw::bench {
namespace {

using nlohmann::json;

std::chrono::nanoseconds Nanoseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

json ResultJson(const FloorResult& result) {
  const auto operations = static_cast<double>(result.totals.Operations());
  json out = {{"seconds", result.seconds},
              {"operations", result.totals.Operations()},
              {"throughput_per_s", result.seconds > 0 ? operations / result.seconds : 0},
              {"errors", result.totals.Errors()},
              {"errors_by_name", ErrorsJson(result.totals)},
              {"latency_us", LatencyJson(result.totals.latency)},
              {"client_cpu_us_per_op", result.client_cpu_us}};
  if (result.server_cpu_us >= 0) out["server_cpu_us_per_op"] = result.server_cpu_us;
  return out;
}

void PrintText(const std::string& name, const FloorResult& result) {
  const Histogram& latency = result.totals.latency;
  const auto operations = static_cast<double>(latency.count());
  std::printf("%s\n  throughput  %.0f operations in %.3f s: %.1f /s\n", name.c_str(), operations,
              result.seconds, result.seconds > 0 ? operations / result.seconds : 0);
  std::printf("  latency     p50 %.1f  p90 %.1f  p99 %.1f  max %.1f us\n",
              latency.QuantileNs(0.5) / 1000, latency.QuantileNs(0.9) / 1000,
              latency.QuantileNs(0.99) / 1000, static_cast<double>(latency.MaxNs()) / 1000);
  std::printf("  CPU         client %.2f us", result.client_cpu_us);
  if (result.server_cpu_us >= 0) std::printf(", server %.2f us", result.server_cpu_us);
  std::printf(" per operation\n");
  const nlohmann::json errors = ErrorsJson(result.totals);
  for (const auto& [error, count] : errors.items()) {
    std::printf("  error       %s: %s\n", error.c_str(), count.dump().c_str());
  }
}

}  // namespace

void AddFloorOptions(CLI::App& app, FloorOptions& options) {
  app.formatter(ManualFormatter());
  app.set_help_flag("-h,--help", "This text");
  auto* duration = app.add_option("--duration", options.duration_s, "Seconds to measure");
  duration->type_name("S")->check(CLI::Range(0.001, 1e6))->capture_default_str();
  auto* count = app.add_option("--count", options.count,
                               "Do N operations in total instead, without a warm-up");
  count->type_name("N")->check(CLI::PositiveNumber)->excludes(duration);
  auto* warmup =
      app.add_option("--warmup", options.warmup_s, "Seconds of the same load before that; dropped");
  warmup->type_name("S")->check(CLI::Range(0.0, 1e6))->capture_default_str();
  app.add_option("--json", options.json_path,
                 "Write the figures as JSON; '-': to standard output, instead of text")
      ->type_name("FILE");
}

FloorSchedule::FloorSchedule(const FloorOptions& options) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (options.count != 0) {
    measure_start = now;
    end = SteadyTime::max();
    return;
  }
  measure_start = now + Nanoseconds(options.warmup_s);
  end = measure_start + Nanoseconds(options.duration_s);
}

int TellFloor(const FloorOptions& options, const std::string& name, const FloorResult& result,
              const json& extra) {
  if (options.json_path != "-") PrintText(name, result);
  if (!options.json_path.empty()) {
    json report = {{"tool", name},
                   {"started_at", NowText()},
                   {"build", BuildJson()},
                   {"machine", MachineJson()},
                   {"result", ResultJson(result)},
                   {"histogram", BucketsJson(result.totals.latency)}};
    report.update(extra);
    if (!WriteJson(report, options.json_path)) {
      std::fprintf(stderr, "%s: cannot write %s: %s\n", name.c_str(), options.json_path.c_str(),
                   std::strerror(errno));
      return 1;
    }
  }
  return result.totals.Errors() == 0 && result.totals.Operations() != 0 ? 0 : 1;
}

}  // namespace gw::bench
