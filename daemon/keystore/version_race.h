// Room: keystore. May include: core. Touches nothing.
#pragma once

#include <string>

#include "daemon/core/result.h"

namespace gw {

// The answer of every engine to a record whose version is not the stored one + 1, or that is gone.
// The store works; two callers changed one object at the same time.
inline Error LostRace(std::uint64_t number) {
  return StateError(CKR_DEVICE_ERROR, "keystore: object " + std::to_string(number) +
                                          " was changed or removed by somebody else");
}

}  // namespace gw
