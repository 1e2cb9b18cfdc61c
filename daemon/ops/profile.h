// Room: ops. Touches nothing. Profiles: the slots that an application sees, and how it numbers
// them.
#pragma once

#include <optional>

#include "daemon/config/config.h"
#include "daemon/token/application.h"

namespace gw::ops {

// The slot of the configuration that the application calls `number`: without a profile the same,
// else the slot at that place of gateway.profiles[].slots. nullopt: it has none of that number.
std::optional<SlotId> SlotBehind(const GatewayConfig& gateway, const Application& application,
                                 SlotId number);

// The other way round. nullopt: the profile does not show the slot.
std::optional<SlotId> NumberOf(const GatewayConfig& gateway, const Application& application,
                               SlotId slot);

}  // namespace gw::ops
