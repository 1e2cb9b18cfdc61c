// Room: ops. PKCS #11 v2.40 5.10. Digests are computed here, without a request; with
// gateway.local.digest off the message is gathered and the HSM digests it whole.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

//   mechanism  nullopt cancels the active operation
//   errors     CKR_OPERATION_ACTIVE; those of CheckMechanism
Status DigestInit(const CallScope& scope, const std::optional<Mechanism>& mechanism);

//   errors   CKR_OPERATION_NOT_INITIALIZED  no DigestInit, or DigestWhole() after DigestUpdate()
//   (which ends it) ends op  DigestWhole and DigestFinal: always, except a length query and
//   CKR_BUFFER_TOO_SMALL
Awaitable<Result<Output>> DigestWhole(const CallScope& scope, ByteView data, Capacity capacity);
Status DigestUpdate(const CallScope& scope, ByteView part);
Awaitable<Result<Output>> DigestFinal(const CallScope& scope, Capacity capacity);

}  // namespace gw::ops
