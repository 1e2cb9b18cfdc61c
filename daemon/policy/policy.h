// Room: policy. May include: core, config. May touch: memory only.
// Says which process of this host may use the gateway, and which slot of it. The answer depends on
// the configuration and on what the kernel says about the peer, never on anything the peer sends.
#pragma once

#include "daemon/config/config.h"
#include "daemon/core/peer.h"
#include "daemon/core/result.h"

namespace gw {

// An immutable snapshot: a reload makes a new one. Thread: any.
class Policy {
 public:
  explicit Policy(PolicyConfig config);

  // May this process attach at all? Without lists the mode of the socket has already decided. With
  // lists its uid, its gid or one of its supplementary groups must be named; root is not an
  // exception, since a server that starts as root is an application like any other.
  //   errors  CKR_FUNCTION_REJECTED  not named; the text says who was refused, for the log
  Status MayConnect(const Peer& peer) const;

 private:
  const PolicyConfig config_;
};

// May this process use the slot? One that may not is not told that there is such a slot. As above
// for the lists of gateway.tokens.<slot>.
//   errors  CKR_SLOT_ID_INVALID  not named; the text says who was refused, for the log
Status MayUseSlot(const GatewayConfig& gateway, std::uint64_t slot, const Peer& peer);

}  // namespace gw
