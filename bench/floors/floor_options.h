// Room: bench/floors. What the floors have in common: how long they run and where the figures go.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bench/measure/recorder.h"

namespace CLI {
class App;
}

namespace gw::bench {

struct FloorOptions {
  double duration_s = 5;
  double warmup_s = 0.5;
  std::uint64_t count = 0;  // 0: run for the duration
  std::string json_path;
};

// Adds --duration, --count, --warmup, --json and the help. `options` must live as long as `app`.
void AddFloorOptions(CLI::App& app, FloorOptions& options);

// When a floor drops its warm-up and when it ends, counted from now.
struct FloorSchedule {
  explicit FloorSchedule(const FloorOptions& options);
  SteadyTime measure_start;
  SteadyTime end;  // SteadyTime::max() when a count ends the run
};

struct FloorResult {
  Totals totals;
  double seconds = 0;
  double client_cpu_us = 0;  // per operation
  double server_cpu_us = 0;  // per operation; negative when there is no server of ours
};

// Prints the text report, or the JSON to standard output for "-", or both when the JSON goes to a
// file. `extra` is merged into the top level. Returns the exit status.
int TellFloor(const FloorOptions& options, const std::string& name, const FloorResult& result,
              const nlohmann::json& extra);

}  // namespace gw::bench
