// Room: pkcs11-shim. PKCS #11 v2.40, 5.6: sessions and login; 5.16: the functions of old that ran
// in parallel.
#include "pkcs11-shim/call.h"
#include "pkcs11-shim/kept.h"
#include "pkcs11-shim/state.h"
#include "pkcs11-shim/text.h"

using gw::shim::Call;
using gw::shim::Function;
using gw::shim::ReadNumber;

// Notifications are never sent, as the standard allows, so the callback is not kept.
CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR /*application*/,
                    CK_NOTIFY /*notify*/, CK_SESSION_HANDLE_PTR session) {
  Call call(Function::C_OpenSession);
  call.put().Pointer(session).U64(slot).U64(flags);
  const CK_RV result = call.ReturnNumber(session);
  if (result == CKR_OK)
    gw::shim::BeginSession(gw::shim::LoadFrom<CK_SESSION_HANDLE>(session), call.life(), slot);
  return result;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session) {
  Call call(Function::C_CloseSession, session);
  return call.ReturnNothing();
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot) {
  Call call(Function::C_CloseAllSessions);
  call.put().U64(slot);
  if (!call.Exchange()) return call.result();
  const uint32_t count = call.reply().Count(gw::wire::kMaxBodyBytes, sizeof(uint64_t));
  gw::wire::Reader closed = call.reply();
  for (uint32_t i = 0; i < count; ++i) call.reply().U64();
  if (!call.Accept(call.result() == CKR_OK)) return call.result();
  for (uint32_t i = 0; i < count; ++i) gw::shim::EndSession(closed.U64());
  return CKR_OK;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info) {
  CK_SESSION_INFO got = {};
  if (info != nullptr && gw::shim::FindInfo(session, &got)) {
    gw::shim::StoreTo(info, got);
    return CKR_OK;
  }
  const gw::shim::KnownInfo begun = gw::shim::BeginInfo(session);
  Call call(Function::C_GetSessionInfo, session);
  call.put().Pointer(info);
  if (!call.Exchange()) return call.result();
  got.slotID = ReadNumber(call.reply());
  got.state = ReadNumber(call.reply());
  got.flags = ReadNumber(call.reply());
  got.ulDeviceError = ReadNumber(call.reply());
  if (!call.Accept(call.result() == CKR_OK)) return call.result();
  gw::shim::StoreTo(info, got);
  gw::shim::KeepInfo(begun, got);
  return CKR_OK;
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR_PTR pin,
              CK_ULONG pin_len) {
  Call call(Function::C_Login, session);
  call.put().U64(user_type).Secret({pin, pin_len});
  return call.ReturnNothing();
}

CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_CHAR_PTR pin,
                  CK_ULONG pin_len, CK_UTF8CHAR_PTR user_name, CK_ULONG user_name_len) {
  Call call(Function::C_LoginUser, session);
  call.put()
      .U64(user_type)
      .Secret({pin, pin_len})
      .Data({user_name, user_name_len}, CKR_ARGUMENTS_BAD);
  return call.ReturnNothing();
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags) {
  Call call(Function::C_SessionCancel, session);
  call.put().U64(flags);
  const CK_RV result = call.ReturnNothing();
  if (result == CKR_OK) gw::shim::CancelKept(session, flags);
  return result;
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG_PTR state_len) {
  Call call(Function::C_GetOperationState, session);
  call.put().Capacity(gw::shim::Output{state, state_len});
  gw::shim::PutOperations(session, call.put());
  return call.ReturnOutput({state, state_len});
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG state_len,
                          CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key) {
  Call call(Function::C_SetOperationState, session);
  call.put().Data({state, state_len}, CKR_SAVED_STATE_INVALID);
  call.put().U64(encryption_key).U64(authentication_key);
  if (!call.Exchange()) return call.result();
  const gw::wire::Reader kept = call.reply();
  const uint32_t count = call.reply().Count(gw::shim::kKinds, sizeof(uint16_t));
  for (uint32_t i = 0; i < count; ++i) {
    call.reply().U16();
    call.reply().Bytes();
    call.reply().Bytes();
  }
  if (!call.Accept(call.result() == CKR_OK)) return call.result();
  return gw::shim::RestoreOperations(session, call.life(), kept) ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV C_Logout(CK_SESSION_HANDLE session) {
  Call call(Function::C_Logout, session);
  return call.ReturnNothing();
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE /*session*/) {
  return gw::shim::IsUp() ? CKR_FUNCTION_NOT_PARALLEL : CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE /*session*/) {
  return gw::shim::IsUp() ? CKR_FUNCTION_NOT_PARALLEL : CKR_CRYPTOKI_NOT_INITIALIZED;
}
