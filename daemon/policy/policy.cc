// Room: policy.
#include "daemon/policy/policy.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gw {
namespace {

PolicyConfig Sorted(PolicyConfig config) {
  std::ranges::sort(config.allowed_uids);
  std::ranges::sort(config.allowed_gids);
  return config;
}

std::string Refusal(const Peer& peer, const std::string& section) {
  std::string text = "pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid) +
                     ", gid " + std::to_string(peer.gid);
  if (!peer.unit.empty()) text += ", unit " + peer.unit;
  return text + " is in neither " + section + ".allowed_users nor " + section + ".allowed_groups";
}

}  // namespace

Policy::Policy(PolicyConfig config) : config_(Sorted(std::move(config))) {}

Status Policy::MayConnect(const Peer& peer) const {
  const bool open = config_.allowed_uids.empty() && config_.allowed_gids.empty();
  if (open || Names(peer)) return Ok();
  return CallerError(CKR_FUNCTION_REJECTED, Refusal(peer, "gateway.policy"));
}

bool Policy::Names(const Peer& peer) const {
  const auto has_gid = [this](gid_t gid) {
    return std::ranges::binary_search(config_.allowed_gids, gid);
  };
  return std::ranges::binary_search(config_.allowed_uids, peer.uid) || has_gid(peer.gid) ||
         std::ranges::any_of(peer.groups, has_gid);
}

Status MayUseSlot(const GatewayConfig& gateway, std::uint64_t slot, const Peer& peer) {
  const auto at = gateway.slot_policies.find(slot);
  if (at == gateway.slot_policies.end() || Policy(at->second).MayConnect(peer)) return Ok();
  return CallerError(CKR_SLOT_ID_INVALID, Refusal(peer, "gateway.tokens." + std::to_string(slot)));
}

}  // namespace gw
