// Room: emulator/blob. The login session that a key may be bound to, as blobs carry it.
#pragma once

#include <algorithm>
#include <array>

#include "daemon/core/bytes.h"

namespace gw::emulator {

inline constexpr std::size_t kSessionBytes = 32;

// All zero: bound to none.
using SessionId = std::array<Byte, kSessionBytes>;

inline bool IsBound(const SessionId& session) {
  return std::ranges::any_of(session, [](Byte octet) { return octet != 0; });
}

}  // namespace gw::emulator
