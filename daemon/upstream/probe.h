// Room: upstream. May include: rpc, runtime. One question to one address, once and without a
// login: for a check that has to say which part is in the way.
#pragma once

#include "daemon/config/config.h"
#include "daemon/core/async.h"
#include "daemon/core/result.h"

namespace gw {

class Silo;

// Connects to `endpoint` with the TLS files of its token and asks for the list of mechanisms,
// without a bearer token and without a second try. A service that wants one refuses, and has been
// reached all the same. On the loop of `silo`.
//   errors  CKR_ARGUMENTS_BAD  TLS files that cannot be used
//           as HsmClient otherwise
Awaitable<Status> ReachEndpoint(Silo& silo, EndpointConfig endpoint, TlsConfig tls,
                                Deadline deadline);

}  // namespace gw
