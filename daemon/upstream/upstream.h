// Room: upstream. May include: core, config, runtime. What main.cc makes of this room: one token's
// way to HSM and IAM.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/config/config.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

class Silo;

// Made before the silo starts, or on its loop. Used on the loop. Shutdown() comes after the gate,
// before Silo::Stop(); the object is destroyed after Silo::Stop(). A reload makes a new one and
// lets the old one finish what it has: keep it in a shared_ptr.
class Upstream {
 public:
  virtual ~Upstream() = default;

  virtual HsmClient& client() = 0;
  // Without IAM (iam.enabled: false) every Authenticate() is an internal error: PINs are the
  // token's own then, and HsmCall::identity stays empty.
  virtual IdentityProvider& identities() = 0;

  // Turns of an application when requests queue; 1 is the default. On the loop.
  virtual void SetWeight(std::uint64_t application, unsigned weight) = 0;
  // Opens the connections to the HSM without waiting for them. Any thread.
  virtual void Connect() = 0;
  // Refuses what waits and what comes, stops renewing tokens. On the loop.
  virtual void Shutdown() = 0;
};

// Reads certificates and keys, opens no connection.
//   errors  CKR_ARGUMENTS_BAD  a file or URL of the configuration cannot be used; the text names it
Result<std::unique_ptr<Upstream>> MakeUpstream(const TokenConfig& token, const TimesConfig& times,
                                               Silo& silo, const Clock& clock = RealClock());

}  // namespace gw
