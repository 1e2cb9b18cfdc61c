// Room: pkcs11-shim. The daemon's page of memory that begins with its epoch (proto/wire/WIRE.md).
#pragma once

#include <stdint.h>

namespace gw::shim {

// Maps the page behind a descriptor that came from the daemon, and closes the descriptor. nullptr:
// none came, or it is no page whose size is fixed, so that reading it is safe for ever.
const uint64_t* MapEpoch(int fd);
void UnmapEpoch(const uint64_t* page);

inline uint64_t ReadEpoch(const uint64_t* page) { return __atomic_load_n(page, __ATOMIC_ACQUIRE); }

}  // namespace gw::shim
