// Room: bench/grep11. A GREP11 service as a target of the load tool: what one library per process
// would do.
#pragma once

#include <memory>

#include "bench/load/target.h"

namespace gw::bench {

// Fetches a token, opens a channel and makes a P-256 key; each caller then signs with blocking
// SignSingle calls over that one channel. Must not be called before a fork.
//   errors  those of Grep11Link
Result<std::unique_ptr<Target>> OpenDirectTarget(const Options& options);

}  // namespace gw::bench
