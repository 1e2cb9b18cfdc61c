// Room: bench/load. One worker thread's loop: take the next operation, do it, write it down.
#pragma once

#include "bench/load/board.h"
#include "bench/load/options.h"
#include "bench/load/target.h"

namespace gw::bench {

// Runs the warm-up and the measured phase of board.schedule(), which must have been written.
// Returns when the time or the count is over, or after Board::Stop(). Thread: the one that made
// `caller`.
void RunWorker(Caller& caller, Board& board, Recorder& recorder, const Options& options);

}  // namespace gw::bench
