// Room: bench/load. A finished run, and how it is told: as text for people, as JSON for programs.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/board.h"
#include "bench/load/crew.h"
#include "bench/load/options.h"

namespace gw::bench {

// CPU time of a process that is not ours, while the load was measured. Nothing when it could not be
// read.
struct WatchedProcess {
  pid_t pid = 0;
  std::string name;  // of its program, as the kernel keeps it: 15 characters
  std::optional<std::chrono::nanoseconds> cpu;
};

struct Outcome {
  std::string started_at;  // wall clock, UTC
  RunEnd end = RunEnd::kComplete;
  double seconds = 0;  // from the start of the measurement to the end of its last operation
  std::uint64_t unstarted = 0;  // open loop: due before the end, but no worker was free
  Totals totals;
  std::vector<ProcessNote> processes;
  std::vector<WatchedProcess> watched;
  std::vector<std::string> failures;

  double PerSecond() const {
    return seconds > 0 ? static_cast<double>(totals.Operations()) / seconds : 0;
  }
  bool Flawless() const { return totals.Errors() == 0 && failures.empty() && end != RunEnd::kHung; }
};

void PrintReport(std::ostream& out, const Options& options, const Outcome& outcome);
// docs/load-tool.md describes the fields. The PIN and the API key are not among them.
nlohmann::json ReportJson(const Options& options, const Outcome& outcome);

}  // namespace gw::bench
