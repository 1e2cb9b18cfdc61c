// Room: ops. PKCS #11 v3.0 5.14 and 5.16: one Init for many messages to sign or verify, each with a
// request of its own, as C_Sign and C_Verify have. There is no parameter that differs by message.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

//   mechanism  nullopt cancels the active operation
//   errors     CKR_OPERATION_ACTIVE; those of KeyFor and CheckMechanism
Status MessageSignInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                       ObjectHandle key);
// One message. Nothing ends but with MessageSignFinal.
//   errors  CKR_OPERATION_NOT_INITIALIZED  no MessageSignInit, or (Next) no Begin
//           CKR_OPERATION_ACTIVE           a message that was begun is not at its end
//           CKR_MECHANISM_PARAM_INVALID    a parameter
//           those of Sign; they end a message that was begun
Awaitable<Result<Output>> SignMessage(const CallScope& scope, ByteView parameter, ByteView data,
                                      Capacity capacity);
Status SignMessageBegin(const CallScope& scope, ByteView parameter);
//   last  false: there is more to come, and the output is empty
Awaitable<Result<Output>> SignMessageNext(const CallScope& scope, ByteView parameter, ByteView part,
                                          bool last, Capacity capacity);
//   errors  CKR_OPERATION_NOT_INITIALIZED
Status MessageSignFinal(const CallScope& scope);

// The same for verifying; errors of Verify.
Status MessageVerifyInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                         ObjectHandle key);
Awaitable<Status> VerifyMessage(const CallScope& scope, ByteView parameter, ByteView data,
                                ByteView signature);
Status VerifyMessageBegin(const CallScope& scope, ByteView parameter);
//   signature  nullopt: there is more to come
Awaitable<Status> VerifyMessageNext(const CallScope& scope, ByteView parameter, ByteView part,
                                    std::optional<ByteView> signature);
Status MessageVerifyFinal(const CallScope& scope);

}  // namespace gw::ops
