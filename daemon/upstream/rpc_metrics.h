// Room: upstream. May include: core. The counters of HSM requests, looked up once per RPC and
// result.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "daemon/core/metrics.h"
#include "daemon/upstream/failure.h"
#include "daemon/upstream/rpc_table.h"

namespace gw {

// grep11_upstream_requests_total{rpc,result} and grep11_upstream_seconds{rpc}. One per process;
// loop only, since the look-up table is filled as it is used.
class RpcMetrics {
 public:
  RpcMetrics();
  void Answered(const RpcInfo& rpc, std::chrono::nanoseconds took);
  void Failed(const RpcInfo& rpc, FailureClass what, std::chrono::nanoseconds took);

 private:
  static constexpr std::size_t kResults = 8;  // "ok", then one per FailureClass
  void Note(const RpcInfo& rpc, std::size_t result, std::chrono::nanoseconds took);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  std::array<std::array<prometheus::Counter*, kResults>, kRpcCount> counters_{};
  std::array<prometheus::Histogram*, kRpcCount> histograms_{};
};

}  // namespace gw
