// Room: ops. PKCS #11 v2.40 5.11: C_SignInit, C_Sign, C_SignUpdate, C_SignFinal. Init costs no
// request to the HSM; Sign and Final cost one.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/message_operation.h"
#include "daemon/ops/output.h"

namespace gw::ops {

//   mechanism  nullopt cancels the active operation
//   errors     CKR_OPERATION_ACTIVE; those of KeyFor and CheckMechanism
Status SignInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                ObjectHandle key);

//   returns  RSA: modulus octets; ECDSA: r||s; HMAC: the hash's octets
//   errors   CKR_OPERATION_NOT_INITIALIZED  no SignInit, or it was followed by SignUpdate (which
//   ends it)
//            CKR_DATA_LEN_RANGE             too long or of a length that the mechanism does not
//            take those of HsmClient::Single
//   ends op  always, except a length query and CKR_BUFFER_TOO_SMALL
Awaitable<Result<Output>> Sign(const CallScope& scope, ByteView data, Capacity capacity);
Awaitable<Status> SignUpdate(const CallScope& scope, ByteView part);
Awaitable<Result<Output>> SignFinal(const CallScope& scope, Capacity capacity);

// The same for C_SignRecoverInit and C_SignRecover: an operation of its own kind, with the right
// CKA_SIGN_RECOVER. What the HSM computes is the signature of CKM_RSA_PKCS, so the key's blob has
// to have the right CKA_SIGN as well.
Status SignRecoverInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                       ObjectHandle key);
Awaitable<Result<Output>> SignRecover(const CallScope& scope, ByteView data, Capacity capacity);

// The operation that SignInit begins, and the request for one message: as a whole, or for what the
// operation was given in parts. They begin and end nothing. Errors as SignInit and Sign.
Result<std::shared_ptr<MessageOperation>> MakeSignOperation(const CallScope& scope,
                                                            const Mechanism& mechanism,
                                                            ObjectHandle key);
Awaitable<Result<Output>> SignWhole(const CallScope& scope, const MessageOperation& operation,
                                    ByteView data);
Awaitable<Result<Output>> SignParts(const CallScope& scope, MessageOperation& operation);

}  // namespace gw::ops
