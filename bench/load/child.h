// Room: bench/load. What one forked process does from the fork to its exit.
#pragma once

#include <string_view>

#include "bench/load/board.h"
#include "bench/load/options.h"
#include "bench/load/target.h"

namespace gw::bench {

// What a child sends when it stands ready; anything else it sends is the reason why it cannot.
inline constexpr std::string_view kReadyWord = "ready";

// Opens the target, gathers its threads, reports on `control` and waits there for the word to go,
// runs, and closes everything again. Returns the exit status of the process. Thread: the process's
// first.
int RunChild(const Options& options, Board& board, std::size_t index, int control,
             const OpenTarget& open_target);

}  // namespace gw::bench
