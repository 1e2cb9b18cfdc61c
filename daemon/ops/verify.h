// Room: ops. PKCS #11 v2.40 5.12: C_VerifyInit, C_Verify, C_VerifyUpdate, C_VerifyFinal. Public
// keys verify here, without a request (gateway.local.verify); MACs need the HSM.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

//   mechanism  nullopt cancels the active operation
//   errors     CKR_OPERATION_ACTIVE; those of KeyFor and CheckMechanism
Status VerifyInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                  ObjectHandle key);

//   errors   CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE  the signature is not one of `data`
//            CKR_OPERATION_NOT_INITIALIZED, CKR_DATA_LEN_RANGE; those of HsmClient::VerifySingle
//   ends op  always
Awaitable<Status> Verify(const CallScope& scope, ByteView data, ByteView signature);
Awaitable<Status> VerifyUpdate(const CallScope& scope, ByteView part);
Awaitable<Status> VerifyFinal(const CallScope& scope, ByteView signature);

}  // namespace gw::ops
