// Room: bench/measure. What one worker writes down while it works. Includes std and proto/pkcs11
// through core/ck.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>

#include "bench/measure/histogram.h"
#include "daemon/core/ck.h"

namespace gw::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

// Failures by return code. The table holds 16 different codes, which is more than any run has
// shown; further codes are counted under kOtherRv. Plain memory; one writer; all-zero bytes are an
// empty one.
class ErrorTable {
 public:
  static constexpr std::size_t kCodes = 16;
  static constexpr std::uint64_t kOtherRv = ~std::uint64_t{0};

  void Add(CK_RV rv);
  void MergeInto(std::map<std::uint64_t, std::uint64_t>& counts_by_rv) const;

 private:
  struct Row {
    std::uint64_t rv;
    std::uint64_t count;  // 0: the row is free
  };
  std::array<Row, kCodes> rows_{};
  std::uint64_t other_ = 0;
};

// One operation, as the worker saw it.
struct Sample {
  SteadyTime planned;  // when it should have begun; equals `begun` in a closed loop
  SteadyTime begun;
  SteadyTime done;
};

// Plain memory in the mapping shared by all processes of a run; one writer; readable at any time.
struct Recorder {
  Histogram latency;  // planned to done, successful operations only
  Histogram service;  // begun to done, successful operations only
  ErrorTable errors;
  std::uint64_t bad_results = 0;   // answered CKR_OK with a wrong result
  std::uint64_t verified = 0;      // results that a second call of the module confirmed
  std::uint64_t last_done_ns = 0;  // steady clock

  void Success(const Sample& sample);
  void Failure(const Sample& sample, CK_RV rv);
};

// The sum of all recorders of a run.
struct Totals {
  Histogram latency;
  Histogram service;
  std::map<std::uint64_t, std::uint64_t> errors_by_rv;
  std::uint64_t bad_results = 0;
  std::uint64_t verified = 0;
  std::uint64_t last_done_ns = 0;

  void Add(const Recorder& recorder);
  std::uint64_t Operations() const { return latency.count(); }
  std::uint64_t Errors() const;
};

}  // namespace gw::bench
