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

// One HTTP/2 connection. gRPC reconnects it by itself.
struct Channel {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grep11::Crypto::Stub> stub;
  std::uint32_t outstanding = 0;
};

// "host:port", with brackets around an IPv6 address.
std::string TargetOf(const EndpointConfig& config);

// Loop only. Whether to use the endpoint at all is admission's choice; which of its connections is
// made here.
class Endpoint {
 public:
  Endpoint(const EndpointConfig& config,
           const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // The less busy of two random connections.
  Channel& Pick(std::minstd_rand& random);
  // Opens the connections now, so that the first call does not pay for the handshake.
  void Connect();

  std::size_t size() const { return channels_.size(); }

 private:
  std::vector<Channel> channels_;  // never resized: calls hold references
};

}  // namespace gw
