// Room: upstream. May touch: gRPC channels. One crypto unit or service address, with several
// connections. Included by channel_pool and grep11_client.cc alone: it drags gRPC in.
#pragma once

#include <grep11.grpc.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/config/config.h"

namespace gw {

// One HTTP/2 connection. gRPC reconnects it by itself, looking its name up again, and repeats by
// itself what the other side says it has not looked at (GOAWAY, refused streams).
struct Channel {
  // The last try to connect failed: a call would fail at once.
  bool Refused() const {
    return channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_TRANSIENT_FAILURE;
  }

  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grep11::Crypto::Stub> stub;
  std::uint32_t outstanding = 0;
};
using ChannelPtr = std::shared_ptr<Channel>;  // shared with its calls

// "host:port", with brackets around an IPv6 address.
std::string TargetOf(const EndpointConfig& config);

// Loop only. Whether to use the endpoint at all is admission's choice; which of its connections is
// made here.
class Endpoint {
 public:
  Endpoint(const EndpointConfig& config,
           const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // The less busy of two random connections, unless only the other one stands.
  const ChannelPtr& Pick(std::minstd_rand& random) const;
  // Opens the connections now, so that the first call does not pay for the handshake.
  void Connect();
  // All connections stand; those that do not are opened.
  bool Connected() const;

 private:
  std::vector<ChannelPtr> channels_;
};

}  // namespace gw
