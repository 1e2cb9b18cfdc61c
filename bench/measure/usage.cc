// Room: bench/measure. Reading CPU clocks and /proc.
#include "bench/measure/usage.h"

#include <time.h>

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gw::bench {
namespace {

std::optional<clockid_t> CpuClockOf(pid_t pid) {
  if (pid == 0) return CLOCK_PROCESS_CPUTIME_ID;
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) return std::nullopt;
  return clock;
}

}  // namespace

std::optional<std::chrono::nanoseconds> CpuTimeOf(pid_t pid) {
  const auto clock = CpuClockOf(pid);
  timespec used{};
  if (!clock || clock_gettime(*clock, &used) != 0) return std::nullopt;
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

std::string ProgramOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  for (char& c : name) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return name;
}

MemoryUse MemoryOfThisProcess() {
  MemoryUse use;
  std::ifstream rollup("/proc/self/smaps_rollup");
  rollup.ignore(std::numeric_limits<std::streamsize>::max(), '\n');  // the address range
  std::string name;
  std::uint64_t kib = 0;
  while (rollup >> name >> kib) {
    if (name == "Rss:") use.rss_kib = kib;
    if (name == "Pss:") use.pss_kib = kib;
    if (name == "Private_Clean:" || name == "Private_Dirty:") use.private_kib += kib;
    rollup.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return use;
}

std::optional<std::uint64_t> ResidentKibOf(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string name;
  while (status >> name) {
    std::uint64_t kib = 0;
    if (name == "VmRSS:" && status >> kib) return kib;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

void to_json(nlohmann::json& out, const MemoryUse& use) {
  out = {{"rss_kib", use.rss_kib}, {"pss_kib", use.pss_kib}, {"private_kib", use.private_kib}};
}

}  // namespace gw::bench
