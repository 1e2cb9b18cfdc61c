// Room: upstream.
#include "daemon/upstream/endpoint.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>

#include "daemon/upstream/tls_files.h"

namespace gw {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;  // wire sheet 8.1

// Pings go out only while calls wait, since servers punish idle ones. The time-out also becomes
// TCP_USER_TIMEOUT, so a dead connection is found within it as soon as something is sent.
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 5'000;

constexpr int kFirstReconnectMs = 100;
constexpr int kLongestReconnectMs = 5'000;

grpc::ChannelArguments ArgumentsOf(const EndpointConfig& config) {
  grpc::ChannelArguments arguments;
  // Without a pool of its own each channel would share one connection with its siblings.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetServiceConfigJSON("{}");
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (IsLoopback(config.address)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

}  // namespace

std::string TargetOf(const EndpointConfig& config) {
  const bool is_ipv6 = config.address.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + config.address + "]" : config.address;
  return host + ":" + std::to_string(config.port);
}

Endpoint::Endpoint(const EndpointConfig& config,
                   const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  const grpc::ChannelArguments arguments = ArgumentsOf(config);
  channels_.resize(std::max(config.channels, 1u));
  for (Channel& each : channels_) {
    each.channel = grpc::CreateCustomChannel(TargetOf(config), credentials, arguments);
    each.stub = grep11::Crypto::NewStub(each.channel);
  }
}

Channel& Endpoint::Pick(std::minstd_rand& random) {
  if (channels_.size() == 1) return channels_.front();
  std::uniform_int_distribution<std::size_t> any(0, channels_.size() - 1);
  Channel& a = channels_[any(random)];
  Channel& b = channels_[any(random)];
  return a.outstanding <= b.outstanding ? a : b;
}

void Endpoint::Connect() {
  for (Channel& each : channels_) each.channel->GetState(/*try_to_connect=*/true);
}

}  // namespace gw
