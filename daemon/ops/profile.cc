// Room: ops.
#include "daemon/ops/profile.h"

#include <algorithm>

namespace gw::ops {
namespace {

// nullptr: all slots, as they are numbered. So it is, too, for a value that names no profile.
const std::vector<std::uint32_t>* SlotsOf(const GatewayConfig& gateway,
                                          const Application& application) {
  if (application.profile.empty()) return nullptr;
  const auto at = gateway.profile_slots.find(application.profile);
  return at == gateway.profile_slots.end() ? nullptr : &at->second;
}

}  // namespace

std::optional<SlotId> SlotBehind(const GatewayConfig& gateway, const Application& application,
                                 SlotId number) {
  const auto* slots = SlotsOf(gateway, application);
  if (slots == nullptr) return number;
  if (ToNumber(number) >= slots->size()) return std::nullopt;
  return SlotId{(*slots)[ToNumber(number)]};
}

std::optional<SlotId> NumberOf(const GatewayConfig& gateway, const Application& application,
                               SlotId slot) {
  const auto* slots = SlotsOf(gateway, application);
  if (slots == nullptr) return slot;
  const auto at = std::ranges::find(*slots, ToNumber(slot));
  if (at == slots->end()) return std::nullopt;
  return SlotId{static_cast<std::uint64_t>(at - slots->begin())};
}

}  // namespace gw::ops
