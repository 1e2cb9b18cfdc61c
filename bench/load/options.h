// Room: bench/load. What the command line of grep11-load asks for. Includes std and core only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/direct_options.h"
#include "daemon/core/bytes.h"

namespace gw::bench {

// Valid as a whole once ParseOptions() has returned it. Move-only, since it may hold a PIN.
struct Options {
  std::string module;
  std::optional<std::uint64_t> slot;
  std::optional<SecretBytes> pin;
  bool direct = false;
  DirectOptions grep11;

  std::string op = "ecdsa";
  std::string key_label;                  // empty: make a key for the run
  std::optional<std::size_t> size_bytes;  // nothing: the default of the operation
  std::uint64_t verify_every = 1000;      // 0: never
  bool canned_signatures = false;         // they do not verify; verify_every is then 0

  unsigned processes = 1;
  unsigned threads = 1;
  std::chrono::nanoseconds duration{};  // 0 when `count` is given
  std::uint64_t count = 0;              // 0: run for `duration`
  std::chrono::nanoseconds warmup{};
  double rate_per_s = 0;  // 0: closed loop
  std::chrono::nanoseconds grace{};

  std::vector<pid_t> watched;  // processes whose CPU time belongs into the report
  std::string json_path;
  bool quiet = false;
  bool allow_errors = false;

  unsigned Workers() const { return processes * threads; }
};

// Either options, or the exit code with which the program should end at once (help was asked for,
// or the command line was wrong; the text has been printed).
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;
};

// Exit code of a wrong command line, as sysexits.h has it.
inline constexpr int kExitUsage = 64;

ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace gw::bench
