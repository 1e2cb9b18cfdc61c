// Room: sealing. May include: core, localcrypto, token. May touch: the seal key's file.
#pragma once

#include <string>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw {

// The key that applications' records are sealed under: 32 octets in `path`, mode 0600, kept over
// restarts of the daemon and made anew after each boot of the host, which `boot_id` tells apart.
// Without the file every application would lose its sessions at a restart, so a file that cannot be
// kept is an error and not a warning.
//   errors  CKR_DEVICE_ERROR  the directory is missing or not writable, or the file is somebody
//                             else's, or open to others; the detail says what to do
Result<SecretBytes> LoadOrMakeSealKey(const std::string& path, const std::string& boot_id);

// Differs after each boot of the host. Empty where the kernel does not tell.
std::string BootId();

}  // namespace gw
