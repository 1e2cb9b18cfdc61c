// Room: pkcs11-shim. PKCS #11 v3.0, 5.14 and 5.16: many messages with one Init.
#include "pkcs11-shim/shapes.h"

using gw::shim::Call;
using gw::shim::Function;
using gw::shim::Output;

namespace {

CK_RV Final(Function function, CK_SESSION_HANDLE session) {
  Call call(function, session);
  return call.ReturnNothing();
}

CK_RV Begin(Function function, CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len) {
  Call call(function, session);
  call.put().Data({params, params_len}, CKR_MECHANISM_PARAM_INVALID);
  return call.ReturnNothing();
}

}  // namespace

CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                        CK_OBJECT_HANDLE key) {
  return gw::shim::InitWithKey(Function::C_MessageSignInit, session, mechanism, key);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len,
                    CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
                    CK_ULONG_PTR signature_len) {
  const Output output = {signature, signature_len};
  Call call(Function::C_SignMessage, session);
  call.put().Pointer(signature_len).Data({params, params_len}, CKR_MECHANISM_PARAM_INVALID);
  call.put().Data({data, data_len}).Capacity(output);
  return call.ReturnOutput(output);
}

CK_RV C_SignMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len) {
  return Begin(Function::C_SignMessageBegin, session, params, params_len);
}

// The place of a length says that this is the last part.
CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len,
                        CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR signature,
                        CK_ULONG_PTR signature_len) {
  const bool last = signature_len != nullptr;
  uint8_t nothing = 0;
  CK_ULONG no_length = 0;
  const Output output = last ? Output{signature, signature_len} : Output{&nothing, &no_length};
  Call call(Function::C_SignMessageNext, session);
  call.put().Data({params, params_len}, CKR_MECHANISM_PARAM_INVALID);
  call.put().Data({part, part_len}).U8(last ? 1 : 0).Capacity(output);
  return call.ReturnOutput(output);
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session) {
  return Final(Function::C_MessageSignFinal, session);
}

CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key) {
  return gw::shim::InitWithKey(Function::C_MessageVerifyInit, session, mechanism, key);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len,
                      CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
                      CK_ULONG signature_len) {
  Call call(Function::C_VerifyMessage, session);
  call.put().Data({params, params_len}, CKR_MECHANISM_PARAM_INVALID).Data({data, data_len});
  call.put().Data({signature, signature_len}, CKR_SIGNATURE_LEN_RANGE);
  return call.ReturnNothing();
}

CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len) {
  return Begin(Function::C_VerifyMessageBegin, session, params, params_len);
}

// The signature says that this is the last part.
CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR params, CK_ULONG params_len,
                          CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR signature,
                          CK_ULONG signature_len) {
  const bool last = signature != nullptr || signature_len != 0;
  Call call(Function::C_VerifyMessageNext, session);
  call.put().Data({params, params_len}, CKR_MECHANISM_PARAM_INVALID);
  call.put().Data({part, part_len}).U8(last ? 1 : 0);
  if (last) call.put().Data({signature, signature_len}, CKR_SIGNATURE_LEN_RANGE);
  return call.ReturnNothing();
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session) {
  return Final(Function::C_MessageVerifyFinal, session);
}
