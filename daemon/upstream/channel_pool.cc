// Room: upstream.
#include "daemon/upstream/channel_pool.h"

#include <algorithm>

#include "daemon/core/log.h"
#include "daemon/upstream/credentials.h"
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
              TargetOf(endpoint));
  }
  return Ok();
}

}  // namespace

Result<ChannelPool> ChannelPool::Make(const TokenConfig& config, SteadyTime now) {
  GW_TRY_VOID(CheckPlaintext(config));
  GW_TRY(credentials, MakeChannelCredentials(config.tls));
  ChannelPool pool;
  for (const auto& endpoint : config.endpoints) {
    pool.places_.push_back({endpoint, Endpoint(endpoint, credentials, now), std::nullopt});
  }
  return pool;
}

void ChannelPool::Connect() {
  for (Place& place : places_) place.used.Connect();
}

void ChannelPool::Renew(const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                        SteadyTime now) {
  for (Place& place : places_) {
    place.next.emplace(place.config, credentials, now);
    place.next->Connect();
  }
}

void ChannelPool::Settle() {
  for (Place& place : places_) {
    if (!place.next || !place.next->Connected()) continue;
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
    if (place.next) names.push_back(TargetOf(place.config));
  }
  return names;
}

}  // namespace gw
