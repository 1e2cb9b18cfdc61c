// Room: upstream. May touch: gRPC channels. One crypto unit or service address, with several
// connections. Included by the files that send alone: it drags gRPC in.
#pragma once

#include <grep11.grpc.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/core/async.h"
#include "daemon/upstream/async_unary.h"

namespace gw {

// One HTTP/2 connection. gRPC reconnects it by itself, looking its name up again, and repeats by
// itself what the other side says it has not looked at (GOAWAY, refused streams).
struct Channel {
  // The last try to connect failed: a call would fail at once.
  bool Refused() const {
    return channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_TRANSIENT_FAILURE;
  }

  bool Connected() const {
    return channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
  }
  // Ends the requests on it, so that they can go elsewhere.
  void Abandon() {
    for (UnaryCallBase& call : in_flight) call.Abandon();
  }

  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grep11::Crypto::Stub> stub;
  std::uint32_t outstanding = 0;
  CallsInFlight in_flight;
  SteadyTime heard_at{};  // when its last answer came, or it was made
};
using ChannelPtr = std::shared_ptr<Channel>;  // shared with its calls

// "host:port", with brackets around an IPv6 address.
std::string TargetOf(const EndpointConfig& config);

// Loop only. Whether to use the endpoint at all is admission's choice; which of its connections is
// made here.
class Endpoint {
 public:
  Endpoint(const EndpointConfig& config, std::shared_ptr<grpc::ChannelCredentials> credentials,
           SteadyTime now);

  // The less busy of two random connections, unless only the other one stands.
  const ChannelPtr& Pick(std::minstd_rand& random) const;
  // Opens the connections now, so that the first call does not pay for the handshake.
  void Connect();
  // All connections stand; those that do not are opened.
  bool Connected() const;
  // Makes those connections anew that have brought no answer since `since`. The requests on the old
  // ones go on. Returns how many.
  std::size_t ReplaceSilent(SteadyTime since, SteadyTime now);

 private:
  ChannelPtr MakeChannel(SteadyTime now) const;

  EndpointConfig config_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::vector<ChannelPtr> channels_;
};

}  // namespace gw
