// Room: upstream.
#include "daemon/upstream/channel_pool.h"

#include <algorithm>

#include "daemon/core/log.h"
#include "daemon/upstream/tls_files.h"

namespace gw {
namespace {

// Keys' results, and the bearer token, would cross the network in the clear.
Status CheckPlaintext(const TokenConfig& config) {
  if (config.tls.enabled) return Ok();
  for (const auto& endpoint : config.endpoints) {
    if (!IsLoopback(endpoint.address)) {
      return CallerError(CKR_ARGUMENTS_BAD, "slot " + std::to_string(config.slot) +
                                                ": TLS may be switched off for loopback addresses "
                                                "only, not for " +
                                                endpoint.address);
    }
    log::Warn("slot {}: the connection to {} is not protected by TLS", config.slot,
              NameOf(endpoint));
  }
  return Ok();
}

}  // namespace

Result<ChannelPool> ChannelPool::Make(const TokenConfig& config, Silo& silo, SteadyTime now) {
  GW_TRY_VOID(CheckPlaintext(config));
  TlsContextPtr tls;
  if (config.tls.enabled) {
    GW_TRY(material, LoadTlsMaterial(config.tls));
    GW_TRY(context, MakeTlsContext(material.pem()));
    tls = std::move(context);
  }
  ChannelPool pool(silo);
  for (const auto& endpoint : config.endpoints) {
    pool.places_.push_back({endpoint, pool.Make(endpoint, tls, now), std::nullopt});
  }
  return pool;
}

Endpoint ChannelPool::Make(const EndpointConfig& config, const TlsContextPtr& tls,
                           SteadyTime now) const {
  return {*silo_, TargetOf(config, tls), config.channels, now};
}

void ChannelPool::Connect() {
  for (Place& place : places_) place.used.Connect();
}

void ChannelPool::Renew(const TlsContextPtr& tls, SteadyTime now) {
  for (Place& place : places_) {
    place.next.emplace(Make(place.config, tls, now));
    place.next->Connect();
  }
}

void ChannelPool::Settle(SteadyTime now) {
  for (Place& place : places_) {
    if (!place.next || !place.next->Connected()) continue;
    place.next->Follow(place.used, now);
    place.used = std::move(*place.next);
    place.next.reset();
  }
}

bool ChannelPool::renewing() const {
  return std::ranges::any_of(places_, [](const Place& place) { return place.next.has_value(); });
}

std::vector<std::string> ChannelPool::Unsettled() const {
  std::vector<std::string> names;
  for (const Place& place : places_) {
    if (place.next) names.push_back(gw::NameOf(place.config));
  }
  return names;
}

}  // namespace gw
