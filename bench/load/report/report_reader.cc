// Room: bench/load. Reading files, and the reports of single runs; read_comparison.cc has the rest.
#include "bench/load/report/report_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "bench/load/report/json_fields.h"
#include "bench/load/report/read_comparison.h"
#include "bench/measure/histogram.h"

namespace gw::bench {
namespace {

using nlohmann::json;

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20;
constexpr double kNsPerUs = 1000;

std::string Counted(double count, const std::string& noun, const char* plural) {
  std::ostringstream text;
  text << count << ' ' << noun << (count == 1 ? "" : plural);
  return text.str();
}

Origin ReadOrigin(const JsonFields& report, const std::string& file) {
  Origin origin;
  origin.file = file;
  origin.tool = report.Text("tool");
  origin.started_at = report.MaybeText("started_at");
  const JsonFields build = report.Object("build");
  origin.commit = build.MaybeText("commit");
  origin.build_type = build.MaybeText("build_type");
  origin.compiler = build.MaybeText("compiler");
  const JsonFields machine = report.Object("machine");
  origin.cpu = machine.MaybeText("cpu");
  origin.kernel = machine.MaybeText("kernel");
  origin.cores = machine.Number("cores");
  origin.memory_mib = machine.MaybeNumber("host_memory_mib").value_or(0);
  return origin;
}

Quantiles ReadQuantiles(const JsonFields& latency) {
  Quantiles quantiles;
  quantiles.count = latency.Number("count");
  quantiles.min = latency.Number("min");
  quantiles.mean = latency.Number("mean");
  quantiles.p50 = latency.Number("p50");
  quantiles.p90 = latency.Number("p90");
  quantiles.p99 = latency.Number("p99");
  quantiles.p999 = latency.Number("p99.9");
  quantiles.max = latency.Number("max");
  return quantiles;
}

Bucket ReadBucket(const json& bucket, const JsonFields& histogram) {
  const auto bad = [](const json& number) { return !number.is_number() || number < 0; };
  if (!bucket.is_array() || bucket.size() != 3 || std::ranges::any_of(bucket, bad)) {
    histogram.Complain("buckets", "not a list of [lowest, width, count]");
  }
  return {bucket[0].get<double>() / kNsPerUs, bucket[1].get<double>() / kNsPerUs,
          bucket[2].get<double>()};
}

std::vector<Bucket> ReadBuckets(const JsonFields& report) {
  if (report.MaybeObject("histogram") == nullptr) return {};
  const JsonFields histogram = report.Object("histogram");
  if (histogram.Text("unit") != "ns") histogram.Complain("unit", "not ns");
  const json* buckets = histogram.MaybeArray("buckets");
  if (buckets == nullptr) histogram.Complain("buckets", "missing");
  if (buckets->size() > Histogram::kBuckets) histogram.Complain("buckets", "too many");
  std::vector<Bucket> read;
  for (const json& bucket : *buckets) {
    read.push_back(ReadBucket(bucket, histogram));
    if (read.size() > 1 && read.back().lowest_us <= read[read.size() - 2].lowest_us) {
      histogram.Complain("buckets", "not in ascending order");
    }
  }
  return read;
}

void ReadLoadOptions(const JsonFields& options, MeasuredRun& run) {
  run.operation = options.Text("op");
  const double processes = options.Number("processes");
  const double threads = options.Number("threads");
  run.in_flight = processes * threads;
  run.open_loop = options.Text("loop") == "open";
  run.load = Counted(processes, "process", "es") + " \u00d7 " + Counted(threads, "thread", "s");
  run.load += run.open_loop ? ", open loop" : ", closed loop";
  const bool direct = options.Text("target") == "direct";
  const std::filesystem::path module = options.MaybeText("module");
  run.target = direct ? "direct" : module.filename().string();
}

// What a program is in a comparison, so that it has one colour in all charts.
std::string RoleOf(std::string program) {
  if (program == "grep11d") return "daemon";
  if (program == "grep11-emulator") return "emulator";
  return program;
}

// CPU of our own processes, then that of those that were watched.
void ReadCpuOfLoad(const JsonFields& report, MeasuredRun& run) {
  const json* processes = report.MaybeArray("processes");
  if (processes == nullptr || run.operations <= 0) return;
  double seconds = 0;
  for (const json& process : *processes) {
    seconds += JsonFields(process, report.WhereIs("processes[]")).Number("cpu_s");
  }
  run.cpu.push_back({"load and module", seconds * 1e6 / run.operations});
  const json* watched = report.MaybeArray("watched");
  if (watched == nullptr) return;
  for (const json& process : *watched) {
    const JsonFields fields(process, report.WhereIs("watched[]"));
    const auto us = fields.MaybeNumber("cpu_us_per_op");
    std::string name = RoleOf(fields.MaybeText("name"));
    if (name.empty()) name = "process " + std::to_string(static_cast<long>(fields.Number("pid")));
    if (us) run.cpu.push_back({std::move(name), *us});
  }
}

void ReadFloorOptions(const JsonFields& report, const std::string& tool, MeasuredRun& run) {
  const JsonFields options = report.Object("options");
  const bool uds = tool == "floor_uds";
  run.operation = tool;
  run.target = uds ? "a bare socket" : "a bare gRPC client";
  run.in_flight = options.Number(uds ? "threads" : "in_flight");
  run.load = Counted(run.in_flight, uds ? "thread" : "call", "s") + (uds ? "" : " in flight");
  const JsonFields result = report.Object("result");
  if (const auto us = result.MaybeNumber("client_cpu_us_per_op"))
    run.cpu.push_back({"client", *us});
  if (const auto us = result.MaybeNumber("server_cpu_us_per_op"))
    run.cpu.push_back({"server", *us});
}

void ReadProblems(const JsonFields& result, MeasuredRun& run) {
  if (const json* errors = result.MaybeObject("errors_by_name")) {
    for (const auto& [name, count] : errors->items()) {
      run.problems.push_back(name + ": " + count.dump());
    }
  }
  if (const json* failures = result.MaybeArray("failures")) {
    for (const json& failure : *failures) {
      run.problems.push_back(failure.is_string() ? failure.get<std::string>() : failure.dump());
    }
  }
  const std::string end = result.MaybeText("end");
  if (!end.empty() && end != "complete") run.problems.push_back("the run was " + end);
}

MeasuredRun ReadRun(const JsonFields& report, const std::string& tool, const std::string& label) {
  MeasuredRun run;
  run.label = label;
  const JsonFields result = report.Object("result");
  run.operations = result.Number("operations");
  run.per_second = result.Number("throughput_per_s");
  run.errors = result.Number("errors");
  run.latency = ReadQuantiles(result.Object("latency_us"));
  run.buckets = ReadBuckets(report);
  ReadProblems(result, run);
  if (tool == "grep11-load") {
    ReadLoadOptions(report.Object("options"), run);
    ReadCpuOfLoad(report, run);
  } else {
    ReadFloorOptions(report, tool, run);
  }
  return run;
}

json ParseFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw BadReport(path + ": is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw BadReport(path + ": cannot be read: " + std::strerror(errno));
  if (std::filesystem::file_size(path, error) > kMaxFileBytes && !error) {
    throw BadReport(path + ": larger than 64 MiB, no report is");
  }
  try {
    return json::parse(file);
  } catch (const json::parse_error& bad) {
    throw BadReport(path + ": not JSON, from byte " + std::to_string(bad.byte) + " on");
  }
}

}  // namespace

void ReadReport(const json& report, const std::string& file, const std::string& label,
                ReportData& data) {
  const JsonFields fields(report, file + ":");
  const std::string tool = fields.MaybeText("tool");
  if (tool == "compare") {
    data.comparisons.push_back(ReadComparison(fields, label));
  } else if (tool == "grep11-load" || tool == "floor_uds" || tool == "floor_grpc") {
    data.runs.push_back(ReadRun(fields, tool, label));
  } else {
    throw BadReport(file + ": " + (tool.empty() ? "no report" : "a report of " + tool) +
                    "; wanted is what --json of grep11-load, floor_uds, floor_grpc or compare "
                    "writes");
  }
  data.origins.push_back(ReadOrigin(fields, file));
}

void ReadReportFile(const std::string& path, ReportData& data) {
  const json report = ParseFile(path);
  ReadReport(report, path, std::filesystem::path(path).stem().string(), data);
}

}  // namespace gw::bench
