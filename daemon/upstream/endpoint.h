// Room: upstream. May include: rpc. One crypto unit or service address, with several connections.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/core/async.h"
#include "daemon/rpc/channel.h"

namespace gw {

class Silo;

// One HTTP/2 connection.
struct Channel {
  std::shared_ptr<RpcChannel> rpc;
  std::uint32_t outstanding = 0;
  SteadyTime heard_at{};  // when its last answer came, or it was made
};
using ChannelPtr = std::shared_ptr<Channel>;  // shared with its calls

// How to reach an endpoint; `tls` is null without TLS.
RpcTarget TargetOf(const EndpointConfig& config, TlsContextPtr tls);
// "host:port", with brackets around an IPv6 address.
std::string NameOf(const EndpointConfig& config);

// Loop only. Whether to use the endpoint at all is admission's choice; which of its connections is
// made here.
class Endpoint {
 public:
  Endpoint(Silo& silo, RpcTarget target, unsigned channels, SteadyTime now);

  // The less busy of two random connections, unless only the other one stands.
  const ChannelPtr& Pick(std::minstd_rand& random) const;
  // Opens the connections now, so that the first call does not pay for the handshake.
  void Connect();
  // All connections stand.
  bool Connected() const;
  // Makes those connections anew that have brought no answer since `since`. The requests on the old
  // ones go on. Returns how many.
  std::size_t ReplaceSilent(SteadyTime since, SteadyTime now);

 private:
  ChannelPtr MakeChannel(SteadyTime now) const;

  Silo* silo_;
  RpcTarget target_;
  std::vector<ChannelPtr> channels_;
};

}  // namespace gw
