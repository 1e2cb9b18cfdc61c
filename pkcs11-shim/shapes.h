// Room: pkcs11-shim. The shapes that most functions with an operation share.
#pragma once

#include "pkcs11-shim/call.h"

namespace gw::shim {

// C_...Init with a key. A NULL mechanism cancels the operation (PKCS #11 v3.0, 5.8.1).
inline CK_RV InitWithKey(Function function, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                         CK_OBJECT_HANDLE key) {
  Call call(function, session);
  call.put().MechanismOrNone(mechanism).U64(key);
  return call.ReturnNothing();
}

// Bytes in, bytes out: C_Sign and its like.
inline CK_RV DataToOutput(Function function, CK_SESSION_HANDLE session, Input data, Output output,
                          CK_RV too_long = CKR_DATA_LEN_RANGE) {
  Call call(function, session);
  call.put().Pointer(output.size).Data(data, too_long).Capacity(output);
  return call.ReturnOutput(output);
}

// Nothing in, bytes out: C_SignFinal and its like.
inline CK_RV ToOutput(Function function, CK_SESSION_HANDLE session, Output output) {
  Call call(function, session);
  call.put().Capacity(output);
  return call.ReturnOutput(output);
}

// Bytes in, nothing out: C_SignUpdate and its like.
inline CK_RV DataOnly(Function function, CK_SESSION_HANDLE session, Input data,
                      CK_RV too_long = CKR_DATA_LEN_RANGE) {
  Call call(function, session);
  call.put().Data(data, too_long);
  return call.ReturnNothing();
}

}  // namespace gw::shim
