// Room: bench/load. The report.
#include "bench/load/outcome.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "bench/load/workload.h"
#include "bench/measure/report_json.h"

namespace gw::bench {
namespace {

using nlohmann::json;

[[gnu::format(printf, 2, 3)]] void Line(std::ostream& out, const char* format, ...) {
  std::array<char, 512> text{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  out << text.data() << '\n';
}

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

const char* NameOf(RunEnd end) {
  switch (end) {
    case RunEnd::kComplete:
      return "complete";
    case RunEnd::kInterrupted:
      return "interrupted";
    case RunEnd::kHung:
      return "hung";
  }
  return "";
}

void PrintLatency(std::ostream& out, const char* name, const Histogram& histogram) {
  const auto us = [&](double fraction) { return histogram.QuantileNs(fraction) / 1000; };
  Line(out, "  %-11s p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f us", name, us(0.5), us(0.9),
       us(0.99), us(0.999), static_cast<double>(histogram.MaxNs()) / 1000);
}

void PrintErrors(std::ostream& out, const Totals& totals) {
  Line(out, "  %-11s %" PRIu64, "errors", totals.Errors());
  const json by_name = ErrorsJson(totals);
  for (const auto& [name, count] : by_name.items()) {
    Line(out, "    %-32s %" PRIu64, name.c_str(), count.get<std::uint64_t>());
  }
}

std::size_t SizeOf(const Options& options) {
  return options.size_bytes.value_or(FindWorkload(options.op)->default_size);
}

std::string KeyText(const Options& options) {
  if (FindWorkload(options.op)->key == KeyNeed::kNone) return "none";
  return options.key_label.empty() ? "made for the run" : options.key_label;
}

json OptionsJson(const Options& options) {
  json out = {{"target", options.direct ? "direct" : "module"},
              {"op", options.op},
              {"size_bytes", SizeOf(options)},
              {"processes", options.processes},
              {"threads", options.threads},
              {"loop", options.rate_per_s > 0 ? "open" : "closed"},
              {"warmup_s", Seconds(options.warmup)},
              {"key", KeyText(options)},
              {"signatures", options.canned_signatures ? "canned" : "made"},
              {"verify_every", options.verify_every}};
  if (options.direct) out["address"] = options.grep11.address;
  if (!options.direct) out["module"] = options.module;
  if (options.slot) out["slot"] = *options.slot;
  if (options.rate_per_s > 0) out["rate_per_s"] = options.rate_per_s;
  if (options.count != 0) out["count"] = options.count;
  if (options.count == 0) out["duration_s"] = Seconds(options.duration);
  return out;
}

json ResultJson(const Options& options, const Outcome& outcome) {
  json out = {{"end", NameOf(outcome.end)},
              {"seconds", outcome.seconds},
              {"operations", outcome.totals.Operations()},
              {"throughput_per_s", outcome.PerSecond()},
              {"errors", outcome.totals.Errors()},
              {"errors_by_name", ErrorsJson(outcome.totals)},
              {"verified", outcome.totals.verified},
              {"failures", outcome.failures},
              {"latency_us", LatencyJson(outcome.totals.latency)},
              {"service_us", LatencyJson(outcome.totals.service)}};
  if (options.rate_per_s > 0) out["unstarted"] = outcome.unstarted;
  return out;
}

json ProcessesJson(const Outcome& outcome) {
  json out = json::array();
  for (const ProcessNote& note : outcome.processes) {
    out.push_back({{"pid", note.pid},
                   {"attach_us", static_cast<double>(note.attach_ns) / 1000},
                   {"setup_us", static_cast<double>(note.setup_ns) / 1000},
                   {"cpu_s", static_cast<double>(note.cpu_ns) / 1e9},
                   {"memory", note.memory}});
  }
  return out;
}

double UsPerOperation(const Outcome& outcome, std::chrono::nanoseconds cpu) {
  const std::uint64_t operations = outcome.totals.Operations();
  return operations == 0
             ? 0
             : static_cast<double>(cpu.count()) / 1000 / static_cast<double>(operations);
}

json WatchedJson(const Outcome& outcome) {
  json out = json::array();
  for (const WatchedProcess& process : outcome.watched) {
    json row = {{"pid", process.pid},
                {"name", process.name},
                {"cpu_s", nullptr},
                {"cpu_us_per_op", nullptr}};
    if (process.cpu) {
      row["cpu_s"] = Seconds(*process.cpu);
      row["cpu_us_per_op"] = UsPerOperation(outcome, *process.cpu);
    }
    out.push_back(std::move(row));
  }
  return out;
}

void PrintWatched(std::ostream& out, const Outcome& outcome) {
  for (const WatchedProcess& process : outcome.watched) {
    if (process.cpu) {
      Line(out, "  %-11s process %d: %.2f us for each operation", "CPU", process.pid,
           UsPerOperation(outcome, *process.cpu));
    } else {
      Line(out, "  %-11s process %d: cannot be read", "CPU", process.pid);
    }
  }
}

void PrintHead(std::ostream& out, const Options& options) {
  out << options.op << " through " << (options.direct ? options.grep11.address : options.module)
      << '\n';
  Line(out, "  %-11s %u process%s x %u thread%s, %s", "load", options.processes,
       options.processes == 1 ? "" : "es", options.threads, options.threads == 1 ? "" : "s",
       options.rate_per_s > 0 ? "open loop" : "closed loop");
  if (options.rate_per_s > 0) Line(out, "  %-11s %.10g /s", "asked for", options.rate_per_s);
}

}  // namespace

void PrintReport(std::ostream& out, const Options& options, const Outcome& outcome) {
  PrintHead(out, options);
  Line(out, "  %-11s %" PRIu64 " operations in %.3f s: %.1f /s", "throughput",
       outcome.totals.Operations(), outcome.seconds, outcome.PerSecond());
  PrintLatency(out, "latency", outcome.totals.latency);
  if (options.rate_per_s > 0) PrintLatency(out, "service", outcome.totals.service);
  PrintErrors(out, outcome.totals);
  if (outcome.totals.verified != 0) {
    Line(out, "  %-11s %" PRIu64 " results confirmed by a further call", "verified",
         outcome.totals.verified);
  }
  PrintWatched(out, outcome);
  if (outcome.unstarted != 0) {
    Line(out,
         "  %-11s %" PRIu64
         " operations were due and no worker was free: the target is slower than the rate",
         "unstarted", outcome.unstarted);
  }
  if (outcome.end != RunEnd::kComplete) Line(out, "  %-11s %s", "end", NameOf(outcome.end));
  for (const std::string& failure : outcome.failures) out << "  failure     " << failure << '\n';
}

json ReportJson(const Options& options, const Outcome& outcome) {
  return {{"tool", "grep11-load"},
          {"started_at", outcome.started_at},
          {"build", BuildJson()},
          {"machine", MachineJson()},
          {"options", OptionsJson(options)},
          {"result", ResultJson(options, outcome)},
          {"processes", ProcessesJson(outcome)},
          {"watched", WatchedJson(outcome)},
          {"histogram", BucketsJson(outcome.totals.latency)}};
}

}  // namespace gw::bench
