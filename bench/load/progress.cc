// Room: bench/load. The progress line.
#include "bench/load/progress.h"

#include <unistd.h>

#include <cinttypes>
#include <memory>

namespace gw::bench {

Progress::Progress(std::FILE* stream, bool quiet, const Board& board, SteadyTime warmup_start,
                   SteadyTime measure_start)
    : stream_(stream),
      active_(!quiet && isatty(fileno(stream)) == 1),
      board_(board),
      start_(warmup_start),
      measure_start_(measure_start),
      last_tick_(measure_start) {}

Progress::~Progress() {
  if (active_) std::fputs("\r\x1b[K", stream_);
}

void Progress::Tick() {
  if (!active_) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  const double elapsed_s = std::chrono::duration<double>(now - start_).count();
  if (now <= measure_start_) {
    std::fprintf(stream_, "\r\x1b[K%4.0f s  warming up", elapsed_s);
    std::fflush(stream_);
    return;
  }
  const auto totals = std::make_unique<Totals>();
  board_.AddUp(*totals);
  Histogram interval = totals->latency;
  interval.Subtract(seen_);
  const double interval_s = std::chrono::duration<double>(now - last_tick_).count();
  std::fprintf(stream_, "\r\x1b[K%4.0f s  %.0f ops/s  p50 %.1f us  p99 %.1f us  errors %" PRIu64,
               elapsed_s, static_cast<double>(interval.count()) / interval_s,
               interval.QuantileNs(0.5) / 1000, interval.QuantileNs(0.99) / 1000, totals->Errors());
  std::fflush(stream_);
  seen_ = totals->latency;
  last_tick_ = now;
}

}  // namespace gw::bench
