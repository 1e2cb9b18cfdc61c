// Room: pkcs11-shim. PKCS #11 v2.40, 5.11 and 5.12: signatures and MACs.
#include "pkcs11-shim/shapes.h"

using gw::shim::Call;
using gw::shim::Function;

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  return gw::shim::InitWithKey(Function::C_SignInit, session, mechanism, key);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
             CK_ULONG_PTR signature_len) {
  return gw::shim::DataToOutput(Function::C_Sign, session, {data, data_len},
                                {signature, signature_len});
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len) {
  return gw::shim::DataOnly(Function::C_SignUpdate, session, {part, part_len});
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len) {
  return gw::shim::ToOutput(Function::C_SignFinal, session, {signature, signature_len});
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  return gw::shim::InitWithKey(Function::C_VerifyInit, session, mechanism, key);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
               CK_BYTE_PTR signature, CK_ULONG signature_len) {
  Call call(Function::C_Verify, session);
  call.put().Data({data, data_len}).Data({signature, signature_len}, CKR_SIGNATURE_LEN_RANGE);
  return call.ReturnNothing();
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len) {
  return gw::shim::DataOnly(Function::C_VerifyUpdate, session, {part, part_len});
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len) {
  Call call(Function::C_VerifyFinal, session);
  call.put().Data({signature, signature_len}, CKR_SIGNATURE_LEN_RANGE);
  return call.ReturnNothing();
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                        CK_OBJECT_HANDLE key) {
  return gw::shim::InitWithKey(Function::C_SignRecoverInit, session, mechanism, key);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
                    CK_BYTE_PTR signature, CK_ULONG_PTR signature_len) {
  return gw::shim::DataToOutput(Function::C_SignRecover, session, {data, data_len},
                                {signature, signature_len});
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key) {
  return gw::shim::InitWithKey(Function::C_VerifyRecoverInit, session, mechanism, key);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len,
                      CK_BYTE_PTR data, CK_ULONG_PTR data_len) {
  return gw::shim::DataToOutput(Function::C_VerifyRecover, session, {signature, signature_len},
                                {data, data_len}, CKR_SIGNATURE_LEN_RANGE);
}
