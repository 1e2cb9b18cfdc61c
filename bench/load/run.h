// Room: bench/load. One run from the command line to the exit status; both programs are this with
// their own target.
#pragma once

#include "bench/load/options.h"
#include "bench/load/target.h"

namespace gw::bench {

inline constexpr int kExitErrors = 1;
inline constexpr int kExitCannotStart = 2;

// Runs the load, prints the report, writes the JSON. Returns the exit status. Thread: the only one
// of the process.
int RunLoad(const Options& options, OpenTarget open_target);

}  // namespace gw::bench
