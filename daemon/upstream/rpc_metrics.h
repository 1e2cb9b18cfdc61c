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

// grep11_upstream_requests_total{rpc,result}, grep11_upstream_seconds{rpc},
// grep11_upstream_retries_total{reason}, grep11_upstream_hedges_total{result},
// grep11_upstream_silent_connections_total. Loop only, since the look-up table is filled as it is
// used.
class RpcMetrics {
 public:
  RpcMetrics();
  void Answered(const RpcInfo& rpc, std::chrono::nanoseconds took);
  void Failed(const RpcInfo& rpc, FailureClass what, std::chrono::nanoseconds took);
  // Ended by us: the other half of a hedged request was faster, or the daemon stops.
  void Cancelled(const RpcInfo& rpc, std::chrono::nanoseconds took);
  // It is sent again because of `what`.
  void Repeated(FailureClass what);

  enum class Hedge : std::uint8_t { kWon, kLost, kDenied };
  // The second request of a pair was faster, or slower, or was not sent: bounded, or no room.
  void Hedged(Hedge result);
  // So many connections were made anew because nothing came on them any more.
  void Replaced(std::size_t connections);

 private:
  static constexpr std::size_t kResults = kFailureClasses + 2;  // "ok", classes, "cancelled"
  void Note(const RpcInfo& rpc, std::size_t result, std::chrono::nanoseconds took);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  std::array<std::array<prometheus::Counter*, kResults>, kRpcCount> counters_{};
  std::array<prometheus::Histogram*, kRpcCount> histograms_{};
  std::array<prometheus::Counter*, kFailureClasses> retries_{};
  std::array<prometheus::Counter*, 3> hedges_{};
  prometheus::Counter& replaced_;
};

}  // namespace gw
