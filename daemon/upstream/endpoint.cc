// Room: upstream.
#include "daemon/upstream/endpoint.h"

#include <algorithm>
#include <utility>

#include "daemon/upstream/status_map.h"

namespace gw {

RpcTarget TargetOf(const EndpointConfig& config, TlsContextPtr tls) {
  RpcTarget target;
  target.host = config.address;
  target.port = config.port;
  target.tls = std::move(tls);
  target.largest_reply = kLargestReplyBytes;
  return target;
}

std::string NameOf(const EndpointConfig& config) { return TargetOf(config, nullptr).Name(); }

Endpoint::Endpoint(Silo& silo, RpcTarget target, unsigned channels, SteadyTime now)
    : silo_(&silo), target_(std::move(target)) {
  channels_.resize(std::max(channels, 1u));
  for (ChannelPtr& each : channels_) each = MakeChannel(now);
}

ChannelPtr Endpoint::MakeChannel(SteadyTime now) const {
  auto made = std::make_shared<Channel>();
  made->rpc = std::make_shared<RpcChannel>(*silo_, target_);
  made->heard_at = now;
  return made;
}

std::size_t Endpoint::ReplaceSilent(SteadyTime since, SteadyTime now) {
  std::size_t replaced = 0;
  for (ChannelPtr& each : channels_) replaced += RemakeIfSilent(each, since, now) ? 1u : 0u;
  for (auto& [login, each] : apart_) replaced += RemakeIfSilent(each, since, now) ? 1u : 0u;
  return replaced;
}

bool Endpoint::RemakeIfSilent(ChannelPtr& channel, SteadyTime since, SteadyTime now) const {
  if (channel->heard_at >= since) return false;
  const bool opened = channel->opened;
  channel = MakeChannel(now);
  channel->opened = opened;
  channel->rpc->Connect();
  return true;
}

const ChannelPtr& Endpoint::ApartFor(const HsmLogin& login, SteadyTime now) {
  ChannelPtr& channel = apart_[&login];
  if (channel == nullptr) channel = MakeChannel(now);
  return channel;
}

ChannelPtr Endpoint::ExistingFor(const HsmLogin& login) const {
  const auto at = apart_.find(&login);
  return at == apart_.end() ? nullptr : at->second;
}

void Endpoint::Follow(const Endpoint& before, SteadyTime now) {
  for (const auto& [login, channel] : before.apart_) {
    if (channel->opened) ApartFor(*login, now)->opened = true;
  }
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
  return better->rpc->Refused() ? (a_first ? b : a) : better;
}

void Endpoint::Connect() {
  for (const ChannelPtr& each : channels_) each->rpc->Connect();
}

bool Endpoint::Connected() const {
  return std::ranges::all_of(channels_,
                             [](const ChannelPtr& each) { return each->rpc->Connected(); });
}

}  // namespace gw
