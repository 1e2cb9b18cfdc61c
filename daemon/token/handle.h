// Room: token. Object handles as numbers: what an application holds instead of an object.
// A handle is made from the object's number, which is never reused, so it means the same object for
// ever, over restarts of the daemon too. A private token object's handle also carries the login
// generation: after C_Logout it must stay invalid.
#pragma once

#include <cstdint>

#include "daemon/core/ck.h"

namespace gw {

enum class HandleKind : std::uint8_t { kTokenObject = 1, kSessionObject = 2 };

struct HandleParts {
  HandleKind kind = HandleKind::kTokenObject;
  std::uint32_t generation = 0;  // 22 bits; 0 for public token objects and session objects
  std::uint64_t number = 0;      // 39 bits
};

inline constexpr std::uint32_t kMaxGeneration = (1u << 22) - 1;
inline constexpr std::uint64_t kMaxObjectNumber = (std::uint64_t{1} << 39) - 1;

constexpr ObjectHandle MakeHandle(HandleParts parts) {
  return ObjectHandle{parts.number << 24 | std::uint64_t{parts.generation} << 2 |
                      static_cast<std::uint64_t>(parts.kind)};
}

constexpr HandleParts PartsOf(ObjectHandle handle) {
  const auto bits = static_cast<std::uint64_t>(handle);
  return {static_cast<HandleKind>(bits & 3), static_cast<std::uint32_t>(bits >> 2) & kMaxGeneration,
          bits >> 24};
}

static_assert(PartsOf(MakeHandle({HandleKind::kSessionObject, 7, 42})).number == 42);
static_assert(PartsOf(MakeHandle({HandleKind::kTokenObject, kMaxGeneration, 1})).generation ==
              kMaxGeneration);

}  // namespace gw
