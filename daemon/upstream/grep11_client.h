// Room: upstream. May include: core, mechanism, config, runtime, rpc. One token's HSM
// behind the GREP11 service.
#pragma once

#include <memory>

#include "daemon/config/config.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/upstream/admission.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

class Silo;

// Loop only, once the silo runs; made and destroyed while it does not run, or on the loop.
class Grep11Client : public HsmClient {
 public:
  // Opens no connection yet.
  //   errors  CKR_ARGUMENTS_BAD  TLS files that cannot be used, or no TLS to another host
  static Result<std::unique_ptr<Grep11Client>> Make(const TokenConfig& config,
                                                    const TimesConfig& times, Silo& silo,
                                                    const Clock& clock);

  virtual Admission& admission() = 0;
  // Refuses what waits and what comes, ends back-offs; requests in flight go on until the silo
  // cancels them.
  virtual void Close() = 0;
  // Whether certificate, key or CA file have changed; new connections then replace the old ones as
  // soon as they stand. Done every two seconds without being asked; this is for tests.
  virtual void LookAtTlsFiles() = 0;
  // Opens all connections, so that the first call does not pay for the handshake. Any thread.
  virtual void Connect() = 0;
};

}  // namespace gw
