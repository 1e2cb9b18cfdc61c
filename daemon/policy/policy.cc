// Room: policy.
#include "daemon/policy/policy.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gw {
namespace {

bool Names(const PolicyConfig& config, const Peer& peer) {
  const auto has = [](const auto& list, auto id) {
    return std::ranges::find(list, id) != list.end();
  };
  return has(config.allowed_uids, peer.uid) || has(config.allowed_gids, peer.gid) ||
         std::ranges::any_of(peer.groups, [&](gid_t gid) { return has(config.allowed_gids, gid); });
}

bool Admits(const PolicyConfig& config, const Peer& peer) {
  const bool open = config.allowed_uids.empty() && config.allowed_gids.empty();
  return open || Names(config, peer);
}

std::string Refusal(const Peer& peer, const std::string& section) {
  std::string text = "pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid) +
                     ", gid " + std::to_string(peer.gid);
  if (!peer.unit.empty()) text += ", unit " + peer.unit;
  return text + " is in neither " + section + ".allowed_users nor " + section + ".allowed_groups";
}

}  // namespace

Policy::Policy(PolicyConfig config) : config_(std::move(config)) {}

Status Policy::MayConnect(const Peer& peer) const {
  if (Admits(config_, peer)) return Ok();
  return CallerError(CKR_FUNCTION_REJECTED, Refusal(peer, "gateway.policy"));
}

Status MayUseSlot(const GatewayConfig& gateway, std::uint64_t slot, const Peer& peer) {
  const auto at = gateway.slot_policies.find(slot);
  if (at == gateway.slot_policies.end() || Admits(at->second, peer)) return Ok();
  return CallerError(CKR_SLOT_ID_INVALID, Refusal(peer, "gateway.tokens." + std::to_string(slot)));
}

}  // namespace gw
