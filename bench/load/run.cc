// Room: bench/load. Puts board, crew, progress and report together.
#include "bench/load/run.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/load/crew.h"
#include "bench/load/outcome.h"
#include "bench/load/progress.h"
#include "bench/measure/pacer.h"
#include "bench/measure/report_json.h"
#include "bench/measure/usage.h"

namespace gw::bench {
namespace {

// An interrupted open loop is judged by what was due until then.
std::uint64_t UnstartedOf(const Options& options, const Schedule& schedule, const Totals& totals,
                          SteadyTime now) {
  if (options.rate_per_s <= 0) return 0;
  const Pacer pacer(schedule.measure_start, schedule.end, options.rate_per_s);
  std::uint64_t due = pacer.DueBefore(now);
  if (options.count != 0) due = std::min(due, options.count);
  std::uint64_t started = totals.Operations();
  for (const auto& [rv, count] : totals.errors_by_rv) started += count;
  return due > started ? due - started : 0;
}

double MeasuredSeconds(const Schedule& schedule, const Totals& totals) {
  const SteadyTime last{std::chrono::nanoseconds(totals.last_done_ns)};
  return last <= schedule.measure_start
             ? 0
             : std::chrono::duration<double>(last - schedule.measure_start).count();
}

std::vector<WatchedProcess> CpuTimes(const Options& options) {
  std::vector<WatchedProcess> times;
  for (const pid_t pid : options.watched) times.push_back({pid, ProgramOf(pid), CpuTimeOf(pid)});
  return times;
}

// What the watched processes used since `before`.
std::vector<WatchedProcess> CpuSince(const Options& options,
                                     const std::vector<WatchedProcess>& before) {
  std::vector<WatchedProcess> times = CpuTimes(options);
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i].cpu && before[i].cpu) {
      *times[i].cpu -= *before[i].cpu;
    } else {
      times[i].cpu.reset();
    }
  }
  return times;
}

std::unique_ptr<Outcome> Drive(const Options& options, OpenTarget open_target) {
  Board board(options.processes, options.Workers());
  Crew crew(options, board, std::move(open_target));
  auto outcome = std::make_unique<Outcome>();
  outcome->started_at = NowText();
  if (crew.Launch()) {
    crew.Begin();
    const Schedule& schedule = board.schedule();
    Progress progress(stderr, options.quiet, board, schedule.warmup_start, schedule.measure_start);
    const auto tick = [&] { progress.Tick(); };
    crew.AwaitMeasureStart(tick);
    const auto cpu_before = CpuTimes(options);
    outcome->end = crew.AwaitEnd(tick);
    outcome->watched = CpuSince(options, cpu_before);
    const SteadyTime now = std::chrono::steady_clock::now();
    board.AddUp(outcome->totals);
    outcome->seconds = MeasuredSeconds(schedule, outcome->totals);
    outcome->unstarted = UnstartedOf(options, schedule, outcome->totals, now);
    outcome->processes.assign(board.processes().begin(), board.processes().end());
  }
  outcome->failures = crew.failures();
  return outcome;
}

bool Tell(const Options& options, const Outcome& outcome) {
  if (!options.quiet && options.json_path != "-") PrintReport(std::cout, options, outcome);
  if (options.json_path.empty() || WriteJson(ReportJson(options, outcome), options.json_path))
    return true;
  std::cerr << "grep11-load: cannot write " << options.json_path << ": " << std::strerror(errno)
            << '\n';
  return false;
}

}  // namespace

int RunLoad(const Options& options, OpenTarget open_target) {
  const auto outcome = Drive(options, std::move(open_target));
  if (outcome->processes.empty()) {
    for (const std::string& failure : outcome->failures)
      std::cerr << "grep11-load: " << failure << '\n';
    return kExitCannotStart;
  }
  const bool told = Tell(options, *outcome);
  const bool excused =
      options.allow_errors && outcome->failures.empty() && outcome->end != RunEnd::kHung;
  return told && (outcome->Flawless() || excused) ? 0 : kExitErrors;
}

}  // namespace gw::bench
