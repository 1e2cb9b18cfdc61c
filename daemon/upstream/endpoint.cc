// Room: upstream.
#include "daemon/upstream/endpoint.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <utility>

#include "daemon/upstream/status_map.h"
#include "daemon/upstream/tls_files.h"

namespace gw {
namespace {

constexpr int kLargestRequestBytes = 64 << 20;  // wire sheet 8.1

// Pings go out only while calls wait, since servers punish idle ones. The time-out also becomes
// TCP_USER_TIMEOUT, so a dead connection is found within it as soon as something is sent.
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 5'000;

// Short, since calls that wait for an HSM that is back wait for this; a few tries a second from one
// host hurt nobody.
constexpr int kFirstReconnectMs = 100;
constexpr int kLongestReconnectMs = 500;
// What one try may take, TLS included, before the next address has its turn.
constexpr int kConnectMs = 3'000;
// Names are looked up again whenever a connection is lost or refused, but no more often than this.
constexpr int kLookUpPauseMs = 2'000;

grpc::ChannelArguments ArgumentsOf(const EndpointConfig& config) {
  grpc::ChannelArguments arguments;
  // Without a pool of its own each channel would share one connection with its siblings.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kLargestReplyBytes);
  arguments.SetMaxSendMessageSize(kLargestRequestBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  // Named for what it was: gRPC takes it as the time that a connection may take to come about.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kLookUpPauseMs);
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
                   std::shared_ptr<grpc::ChannelCredentials> credentials, SteadyTime now)
    : config_(config), credentials_(std::move(credentials)) {
  channels_.resize(std::max(config.channels, 1u));
  for (ChannelPtr& each : channels_) each = MakeChannel(now);
}

ChannelPtr Endpoint::MakeChannel(SteadyTime now) const {
  auto made = std::make_shared<Channel>();
  made->channel = grpc::CreateCustomChannel(TargetOf(config_), credentials_, ArgumentsOf(config_));
  made->stub = grep11::Crypto::NewStub(made->channel);
  made->heard_at = now;
  return made;
}

std::size_t Endpoint::ReplaceSilent(SteadyTime since, SteadyTime now) {
  std::size_t replaced = 0;
  for (ChannelPtr& each : channels_) {
    if (each->heard_at >= since) continue;
    each = MakeChannel(now);
    each->channel->GetState(/*try_to_connect=*/true);
    ++replaced;
  }
  return replaced;
}

const ChannelPtr& Endpoint::Pick(std::minstd_rand& random) const {
  if (channels_.size() == 1) return channels_.front();
  std::uniform_int_distribution<std::size_t> any(0, channels_.size() - 1);
  std::uniform_int_distribution<std::size_t> other(1, channels_.size() - 1);
  const std::size_t first = any(random);
  const ChannelPtr& a = channels_[first];
  const ChannelPtr& b = channels_[(first + other(random)) % channels_.size()];
  const bool a_first = a->outstanding <= b->outstanding;
  const ChannelPtr& better = a_first ? a : b;
  return better->Refused() ? (a_first ? b : a) : better;
}

void Endpoint::Connect() {
  for (const ChannelPtr& each : channels_) each->channel->GetState(/*try_to_connect=*/true);
}

bool Endpoint::Connected() const {
  return std::ranges::all_of(channels_, [](const ChannelPtr& each) {
    return each->channel->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
  });
}

}  // namespace gw
