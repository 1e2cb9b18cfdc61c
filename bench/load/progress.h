// Room: bench/load. The line on the terminal that changes once a second. Touches one stream.
#pragma once

#include <cstdio>

#include "bench/load/board.h"

namespace gw::bench {

// Writes nothing when `stream` is no terminal or `quiet`. Thread: the parent's only one.
class Progress {
 public:
  Progress(std::FILE* stream, bool quiet, const Board& board, SteadyTime warmup_start,
           SteadyTime measure_start);
  // Wipes the line, so that the report stands alone.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows what happened since the last call.
  void Tick();

 private:
  std::FILE* stream_;
  bool active_;
  const Board& board_;
  SteadyTime start_;
  SteadyTime measure_start_;
  SteadyTime last_tick_;
  Histogram seen_;
};

}  // namespace gw::bench
