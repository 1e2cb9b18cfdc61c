// Room: upstream.
#include "daemon/upstream/rpc_metrics.h"

#include <string>

namespace gw {
namespace {

constexpr const char* kResultNames[] = {"ok",        "hsm_error",   "unauthenticated", "forbidden",
                                        "exhausted", "unreachable", "timeout",         "ask_again"};

}  // namespace

RpcMetrics::RpcMetrics()
    : requests_(metrics::CounterFamily("grep11_upstream_requests_total",
                                       "HSM requests sent, by RPC and result")),
      seconds_(metrics::HistogramFamily("grep11_upstream_seconds",
                                        "Time from sending an HSM request to its answer")) {}

void RpcMetrics::Note(const RpcInfo& rpc, std::size_t result, std::chrono::nanoseconds took) {
  const auto row = static_cast<std::size_t>(rpc.id);
  auto*& counter = counters_[row][result];
  if (counter == nullptr) {
    counter = &requests_.Add({{"rpc", std::string(rpc.name)}, {"result", kResultNames[result]}});
  }
  auto*& histogram = histograms_[row];
  if (histogram == nullptr) {
    histogram = &seconds_.Add({{"rpc", std::string(rpc.name)}}, metrics::LatencyBuckets());
  }
  counter->Increment();
  histogram->Observe(std::chrono::duration<double>(took).count());
}

void RpcMetrics::Answered(const RpcInfo& rpc, std::chrono::nanoseconds took) { Note(rpc, 0, took); }

void RpcMetrics::Failed(const RpcInfo& rpc, FailureClass what, std::chrono::nanoseconds took) {
  static_assert(std::size(kResultNames) == kResults);
  static_assert(static_cast<std::size_t>(FailureClass::kAskAgain) + 2 == kResults);
  Note(rpc, static_cast<std::size_t>(what) + 1, took);
}

}  // namespace gw
