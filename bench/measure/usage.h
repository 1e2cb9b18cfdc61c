// Room: bench/measure. What a process costs: CPU time and memory. Touches /proc and process CPU
// clocks.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace gw::bench {

// User and system time that `pid` (a live process of ours, or 0 for this one) has used so far;
// nothing if it is gone.
std::optional<std::chrono::nanoseconds> CpuTimeOf(pid_t pid);

// The program that `pid` runs, as the kernel keeps its name: 15 characters, what is not printable
// ASCII as '?'. Empty if it is gone.
std::string ProgramOf(pid_t pid);

// In KiB, from /proc/self/smaps_rollup; zeros where the kernel does not offer it.
struct MemoryUse {
  std::uint64_t rss_kib = 0;      // all pages in memory, shared ones too
  std::uint64_t pss_kib = 0;      // shared pages counted by their share
  std::uint64_t private_kib = 0;  // pages that nobody else maps: what one more process costs
};
MemoryUse MemoryOfThisProcess();

// Resident memory of a process in KiB; nothing if it is gone.
std::optional<std::uint64_t> ResidentKibOf(pid_t pid);

void to_json(nlohmann::json& out, const MemoryUse& use);

}  // namespace gw::bench
