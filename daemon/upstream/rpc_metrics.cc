// Room: upstream.
#include "daemon/upstream/rpc_metrics.h"

#include <string>

namespace gw {
namespace {

constexpr const char* kResultNames[] = {"ok",        "hsm_error", "unauthenticated", "forbidden",
                                        "exhausted", "not_sent",  "unreachable",     "timeout",
                                        "ask_again", "garbled",   "master_key",      "cancelled"};
constexpr const char* kHedgeNames[] = {"won", "lost", "denied"};

}  // namespace

RpcMetrics::RpcMetrics()
    : requests_(metrics::CounterFamily("grep11_upstream_requests_total",
                                       "HSM requests sent, by RPC and result")),
      seconds_(metrics::HistogramFamily("grep11_upstream_seconds",
                                        "Time from sending an HSM request to its answer")),
      replaced_(metrics::CounterFamily("grep11_upstream_silent_connections_total",
                                       "Connections made anew because no answer came on them")
                    .Add({})) {
  auto& retries = metrics::CounterFamily("grep11_upstream_retries_total",
                                         "HSM requests sent again, by the reason");
  for (std::size_t i = 0; i < kFailureClasses; ++i) {
    retries_[i] = &retries.Add({{"reason", kResultNames[i + 1]}});
  }
  auto& hedges = metrics::CounterFamily("grep11_upstream_hedges_total",
                                        "Second requests for slow signatures, by what came of it");
  for (std::size_t i = 0; i < hedges_.size(); ++i) {
    hedges_[i] = &hedges.Add({{"result", kHedgeNames[i]}});
  }
}

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
  static_assert(static_cast<std::size_t>(FailureClass::kMasterKey) + 1 == kFailureClasses);
  Note(rpc, static_cast<std::size_t>(what) + 1, took);
}

void RpcMetrics::Cancelled(const RpcInfo& rpc, std::chrono::nanoseconds took) {
  Note(rpc, kResults - 1, took);
}

void RpcMetrics::Repeated(FailureClass what) {
  retries_[static_cast<std::size_t>(what)]->Increment();
}

void RpcMetrics::Hedged(Hedge result) { hedges_[static_cast<std::size_t>(result)]->Increment(); }

void RpcMetrics::Replaced(std::size_t connections) {
  replaced_.Increment(static_cast<double>(connections));
}

}  // namespace gw
