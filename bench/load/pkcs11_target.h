// Room: bench/load. A PKCS #11 module as a target: one per process, with a session for each thread.
#pragma once

#include <memory>

#include "bench/load/target.h"

namespace gw::bench {

// Loads the module, logs in if there is a PIN, makes or finds the key of the operation.
// The PIN in `options` is borrowed for the life of the target.
//   errors  what the module answers, with the name of the function; CKR_GENERAL_ERROR when it
//   cannot be loaded
Result<std::unique_ptr<Target>> OpenPkcs11Target(const Options& options);

}  // namespace gw::bench
