// Room: upstream.
#include "daemon/upstream/channel_pool.h"

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

Result<ChannelPool> ChannelPool::Make(const TokenConfig& config) {
  GW_TRY_VOID(CheckPlaintext(config));
  GW_TRY(credentials, MakeChannelCredentials(config.tls));
  ChannelPool pool;
  for (const auto& endpoint : config.endpoints) {
    pool.endpoints_.emplace_back(endpoint, credentials);
  }
  return pool;
}

void ChannelPool::Connect() {
  for (Endpoint& endpoint : endpoints_) endpoint.Connect();
}

}  // namespace gw
