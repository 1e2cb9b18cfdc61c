// Room: pkcs11-shim. Makes a connection usable: socket open and attached to the application that
// this process is at the daemon. Waits for a daemon that is away, and asks for a new application id
// when the daemon does not know the old one.
#pragma once

#include "pkcs11-shim/pool.h"

namespace gw::shim {

enum class Link : uint8_t {
  kUp,
  kAway,     // no daemon answered until the deadline, or C_Finalize has begun
  kRefused,  // the daemon answered, with a reason
};

struct LinkResult {
  Link link;
  CK_RV refusal;  // of kRefused
  int error;      // of kAway: errno of the last attempt
};

// Opens and attaches `connection` if it is not attached to the current application.
LinkResult EnsureLink(Connection* connection, Deadline until);

// Waits a growing time before another attempt at something outside; C_Finalize ends it early.
class Pause {
 public:
  // False when C_Finalize has begun or `until` has passed.
  bool Wait(Deadline until);

 private:
  int ms_ = 1;
};

}  // namespace gw::shim
