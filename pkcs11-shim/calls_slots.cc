// Room: pkcs11-shim. PKCS #11 v2.40, 5.5: slots and tokens.
#include "pkcs11-shim/call.h"
#include "pkcs11-shim/state.h"
#include "pkcs11-shim/text.h"

using gw::shim::Call;
using gw::shim::CapacityOf;
using gw::shim::Function;
using gw::shim::LoadFrom;
using gw::shim::NumberList;
using gw::shim::ReadNumber;
using gw::shim::ReadText;
using gw::shim::ReadVersion;

namespace {

constexpr CK_ULONG kLabelBytes = 32;

CK_RV ReturnCounted(Call& call, NumberList list) {
  call.put().Capacity(list);
  if (call.put().refusal() != CKR_OK) return call.ReturnNothing();
  return call.ReturnNumberList(list, CapacityOf(list.data, LoadFrom<CK_ULONG>(list.count)));
}

constexpr int kEventPauseMs = 500;

CK_RV AskForEvent(CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved) {
  Call call(Function::C_WaitForSlotEvent);
  call.put().Pointer(slot);
  if (reserved != nullptr) call.put().Refuse(CKR_ARGUMENTS_BAD);
  return call.ReturnNumber(slot);
}

void ReadTokenInfo(gw::wire::Reader& reply, CK_TOKEN_INFO& info) {
  ReadText(reply, info.label);
  ReadText(reply, info.manufacturerID);
  ReadText(reply, info.model);
  ReadText(reply, info.serialNumber);
  info.flags = ReadNumber(reply);
  info.ulMaxSessionCount = ReadNumber(reply);
  info.ulSessionCount = ReadNumber(reply);
  info.ulMaxRwSessionCount = ReadNumber(reply);
  info.ulRwSessionCount = ReadNumber(reply);
  info.ulMaxPinLen = ReadNumber(reply);
  info.ulMinPinLen = ReadNumber(reply);
  info.ulTotalPublicMemory = ReadNumber(reply);
  info.ulFreePublicMemory = ReadNumber(reply);
  info.ulTotalPrivateMemory = ReadNumber(reply);
  info.ulFreePrivateMemory = ReadNumber(reply);
  info.hardwareVersion = ReadVersion(reply);
  info.firmwareVersion = ReadVersion(reply);
  ReadText(reply, info.utcTime);
}

}  // namespace

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  Call call(Function::C_GetSlotList);
  call.put().U8(token_present != CK_FALSE ? 1 : 0);
  return ReturnCounted(call, {slots, count});
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info) {
  Call call(Function::C_GetSlotInfo);
  call.put().Pointer(info).U64(slot);
  if (!call.Exchange()) return call.result();
  CK_SLOT_INFO got = {};
  ReadText(call.reply(), got.slotDescription);
  ReadText(call.reply(), got.manufacturerID);
  got.flags = ReadNumber(call.reply());
  got.hardwareVersion = ReadVersion(call.reply());
  got.firmwareVersion = ReadVersion(call.reply());
  if (call.Accept(call.result() == CKR_OK)) gw::shim::StoreTo(info, got);
  return call.result();
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  Call call(Function::C_GetTokenInfo);
  call.put().Pointer(info).U64(slot);
  if (!call.Exchange()) return call.result();
  CK_TOKEN_INFO got = {};
  ReadTokenInfo(call.reply(), got);
  if (call.Accept(call.result() == CKR_OK)) gw::shim::StoreTo(info, got);
  return call.result();
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR mechanisms, CK_ULONG_PTR count) {
  Call call(Function::C_GetMechanismList);
  call.put().U64(slot);
  return ReturnCounted(call, {mechanisms, count});
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info) {
  Call call(Function::C_GetMechanismInfo);
  call.put().Pointer(info).U64(slot).U64(type);
  if (!call.Exchange()) return call.result();
  CK_MECHANISM_INFO got = {};
  got.ulMinKeySize = ReadNumber(call.reply());
  got.ulMaxKeySize = ReadNumber(call.reply());
  got.flags = ReadNumber(call.reply());
  if (call.Accept(call.result() == CKR_OK)) gw::shim::StoreTo(info, got);
  return call.result();
}

// The daemon is asked again and again: a thread that waits holds no connection, and goes on waiting
// whatever becomes of the daemon meanwhile. C_Finalize wakes it.
CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved) {
  for (;;) {
    const CK_RV result = AskForEvent(slot, reserved);
    if (result != CKR_NO_EVENT || (flags & CKF_DONT_BLOCK) != 0) return result;
    if (!gw::shim::StayUp(kEventPauseMs)) return CKR_CRYPTOKI_NOT_INITIALIZED;
  }
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label) {
  Call call(Function::C_InitToken);
  call.put().Pointer(label).U64(slot).Secret({pin, pin_len}).Data({label, kLabelBytes});
  return call.ReturnNothing();
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len) {
  Call call(Function::C_InitPIN, session);
  call.put().Secret({pin, pin_len}, CKR_PIN_LEN_RANGE);
  return call.ReturnNothing();
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
               CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len) {
  Call call(Function::C_SetPIN, session);
  call.put().Secret({old_pin, old_len}).Secret({new_pin, new_len}, CKR_PIN_LEN_RANGE);
  return call.ReturnNothing();
}
