// Room: bench/measure. Recording and adding up.
#include "bench/measure/recorder.h"

#include <algorithm>

#include "bench/measure/shared_word.h"

namespace gw::bench {
namespace {

std::uint64_t NsOf(SteadyTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return static_cast<std::uint64_t>(since.count());
}

}  // namespace

void ErrorTable::Add(CK_RV rv) {
  for (Row& row : rows_) {
    if (row.count != 0 && row.rv != rv) continue;
    WriteShared(row.rv, rv);
    AddShared(row.count, 1);
    return;
  }
  AddShared(other_, 1);
}

void ErrorTable::MergeInto(std::map<std::uint64_t, std::uint64_t>& counts_by_rv) const {
  for (const Row& row : rows_) {
    const std::uint64_t count = ReadShared(row.count);
    if (count != 0) counts_by_rv[ReadShared(row.rv)] += count;
  }
  if (const std::uint64_t other = ReadShared(other_); other != 0) counts_by_rv[kOtherRv] += other;
}

void Recorder::Success(const Sample& sample) {
  latency.Record(sample.done - sample.planned);
  service.Record(sample.done - sample.begun);
  WriteShared(last_done_ns, NsOf(sample.done));
}

void Recorder::Failure(const Sample& sample, CK_RV rv) {
  errors.Add(rv);
  WriteShared(last_done_ns, NsOf(sample.done));
}

void Totals::Add(const Recorder& recorder) {
  latency.Merge(recorder.latency);
  service.Merge(recorder.service);
  recorder.errors.MergeInto(errors_by_rv);
  bad_results += ReadShared(recorder.bad_results);
  verified += ReadShared(recorder.verified);
  last_done_ns = std::max(last_done_ns, ReadShared(recorder.last_done_ns));
}

std::uint64_t Totals::Errors() const {
  std::uint64_t sum = bad_results;
  for (const auto& [rv, count] : errors_by_rv) sum += count;
  return sum;
}

}  // namespace gw::bench
