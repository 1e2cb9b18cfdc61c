// Room: bench/measure. JSON for reports. Touches /proc/cpuinfo and the file it is told to write.
#include "bench/measure/report_json.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/measure/build_info.h"

namespace gw::bench {
namespace {

using nlohmann::json;

double Microseconds(double ns) { return ns / 1000; }

// The model line of the first processor; x86 says "model name", s390x "processor 0" with the
// machine type in it.
std::string CpuModel() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line)) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (line.starts_with("model name") || line.starts_with("processor 0"))
      return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

json LatencyJson(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"min", Microseconds(static_cast<double>(histogram.MinNs()))},
          {"mean", Microseconds(histogram.MeanNs())},
          {"p50", Microseconds(histogram.QuantileNs(0.5))},
          {"p90", Microseconds(histogram.QuantileNs(0.9))},
          {"p99", Microseconds(histogram.QuantileNs(0.99))},
          {"p99.9", Microseconds(histogram.QuantileNs(0.999))},
          {"max", Microseconds(static_cast<double>(histogram.MaxNs()))}};
}

json BucketsJson(const Histogram& histogram) {
  json buckets = json::array();
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (histogram.CountOf(i) == 0) continue;
    const auto range = Histogram::RangeOf(i);
    buckets.push_back(json::array({range.lowest_ns, range.width_ns, histogram.CountOf(i)}));
  }
  return {{"unit", "ns"}, {"buckets", std::move(buckets)}};
}

json ErrorsJson(const Totals& totals) {
  json errors = json::object();
  for (const auto& [rv, count] : totals.errors_by_rv) {
    errors[rv == ErrorTable::kOtherRv ? "other" : std::string(NameOfRv(rv))] = count;
  }
  if (totals.bad_results != 0) errors["wrong result"] = totals.bad_results;
  return errors;
}

json BuildJson() {
  return {{"commit", kBuildCommit}, {"build_type", kBuildType}, {"compiler", kBuildCompiler}};
}

json MachineJson() {
  utsname system{};
  uname(&system);
  struct sysinfo memory {};
  sysinfo(&memory);
  const auto bytes = std::uint64_t{memory.totalram} * memory.mem_unit;
  return {{"cores", sysconf(_SC_NPROCESSORS_ONLN)},
          {"cpu", CpuModel()},
          {"kernel", std::string(system.sysname) + " " + system.release + " " + system.machine},
          {"host_memory_mib", bytes >> 20}};
}

std::string NowText() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), length};
}

bool WriteJson(const json& report, const std::string& path) {
  if (path == "-") {
    std::cout << report.dump(2) << std::endl;
    return std::cout.good();
  }
  std::ofstream file(path, std::ios::trunc);
  file << report.dump(2) << std::endl;
  return file.good();
}

}  // namespace gw::bench
