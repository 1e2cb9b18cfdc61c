// Room: keystore. May include: core. A keystore without a disk: for tests and for tokens without a
// remote store. Touches nothing.
#pragma once

#include <memory>

#include "daemon/core/clock.h"
#include "daemon/keystore/keystore.h"

namespace gw {

// Same rules as the engines on disk, but everything ends with the object. Commit completes at once.
// Thread: one, the loop's. `clock` outlives the keystore.
std::unique_ptr<Keystore> MakeMemoryKeystore(KeystoreContents contents = {},
                                             const Clock& clock = RealClock());

}  // namespace gw
