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
Awaitable<Status> DigestUpdate(const CallScope& scope, ByteView part);
// The value of a secret key, which only the HSM sees: from here on it digests, in a request for
// each key and one at the end.
//   errors   CKR_OPERATION_NOT_INITIALIZED, CKR_KEY_HANDLE_INVALID
//            CKR_KEY_INDIGESTIBLE  not a secret key
//            CKR_DEVICE_MEMORY     more than 64 KiB of input came before the first key
//            those of HsmClient::DigestInit, DigestUpdate and DigestKey
//   ends op  when it fails
//   source   behaviour 4.2 C_DigestKey
Awaitable<Status> DigestKey(const CallScope& scope, ObjectHandle key);
Awaitable<Result<Output>> DigestFinal(const CallScope& scope, Capacity capacity);

}  // namespace gw::ops
