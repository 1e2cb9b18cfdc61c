// Room: front. Who is at the other end of a socket.
#pragma once

#include "daemon/core/peer.h"
#include "daemon/core/result.h"

namespace gw {

// From SO_PEERCRED, and /proc/<pid> for the supplementary groups and the systemd unit.
//   errors  CKR_DEVICE_ERROR  the kernel does not say
Result<Peer> PeerOf(int fd);

}  // namespace gw
