// Room: ops. PKCS #11 v2.40 5.12: C_VerifyInit, C_Verify, C_VerifyUpdate, C_VerifyFinal. Public
// keys verify here, without a request (gateway.local.verify); MACs need the HSM.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/message_operation.h"
#include "daemon/ops/output.h"

namespace gw::ops {

//   mechanism  nullopt cancels the active operation
//   errors     CKR_OPERATION_ACTIVE; those of KeyFor and CheckMechanism
Status VerifyInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                  ObjectHandle key);

//   signature  ECDSA: two halves of equal length, the order's or shorter
//   errors   CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE  the signature is not one of `data`
//            CKR_OPERATION_NOT_INITIALIZED, CKR_DATA_LEN_RANGE; those of HsmClient::VerifySingle
//   ends op  always
Awaitable<Status> Verify(const CallScope& scope, ByteView data, ByteView signature);
Awaitable<Status> VerifyUpdate(const CallScope& scope, ByteView part);
Awaitable<Status> VerifyFinal(const CallScope& scope, ByteView signature);

// The operation that VerifyInit begins, and the verdict on one message: as a whole, or on what the
// operation was given in parts. They begin and end nothing. Errors as VerifyInit and Verify.
Result<std::shared_ptr<MessageOperation>> MakeVerifyOperation(const CallScope& scope,
                                                              const Mechanism& mechanism,
                                                              ObjectHandle key);
Awaitable<Status> VerifyWhole(const CallScope& scope, const MessageOperation& operation,
                              ByteView data, ByteView signature);
Awaitable<Status> VerifyParts(const CallScope& scope, MessageOperation& operation,
                              ByteView signature);

// C_VerifyRecoverInit and C_VerifyRecover: CKM_RSA_PKCS with the right CKA_VERIFY_RECOVER.
//   errors  as VerifyInit; CKR_KEY_SIZE_RANGE  a public exponent of more than 64 bits with a
//   modulus
//           of more than 3072
Status VerifyRecoverInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                         ObjectHandle key);
//   returns  what was signed
//   errors   CKR_OPERATION_NOT_INITIALIZED, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE
//   ends op  always, except a length query and CKR_BUFFER_TOO_SMALL
Result<Output> VerifyRecover(const CallScope& scope, ByteView signature, Capacity capacity);

}  // namespace gw::ops
