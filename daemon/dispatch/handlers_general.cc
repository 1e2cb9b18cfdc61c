// Room: dispatch. General purpose, slots, tokens, sessions, users.
#include "daemon/dispatch/handlers.h"
#include "daemon/ops/sessions.h"
#include "daemon/ops/slots.h"

namespace gw::handlers {
namespace {

void WriteVersion(ReplyWriter& reply, ops::Version version) {
  reply.U8(version.major);
  reply.U8(version.minor);
}

}  // namespace

Awaitable<CK_RV> Finalize(Call& call) {
  if (!call.Decoded()) co_return CKR_OK;
  call.services.applications.Remove(*call.scope.application);
  co_return CKR_OK;
}

Awaitable<CK_RV> GetInfo(Call& call) {
  if (!call.Decoded()) co_return CKR_OK;
  const ops::Info info = ops::GetInfo(call.services);
  WriteVersion(call.reply, info.cryptoki);
  WriteText(call.reply, info.manufacturer);
  WriteText(call.reply, info.description);
  WriteVersion(call.reply, info.library);
  co_return CKR_OK;
}

Awaitable<CK_RV> GetSlotList(Call& call) {
  call.body.U8();  // token present: every slot has its token
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  co_return WriteNumbers(call.reply, ops::GetSlotList(call.services, call.scope.application),
                         capacity);
}

Awaitable<CK_RV> GetSlotInfo(Call& call) {
  const SlotId slot{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  auto info = ops::GetSlotInfo(call.services, call.scope.application, slot);
  if (!info) co_return Failed(call, info.error());
  WriteText(call.reply, info->description);
  WriteText(call.reply, info->manufacturer);
  call.reply.U64(info->flags);
  const ops::Version version = ops::GetInfo(call.services).library;
  WriteVersion(call.reply, version);
  WriteVersion(call.reply, version);
  co_return CKR_OK;
}

Awaitable<CK_RV> GetTokenInfo(Call& call) {
  const SlotId slot{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  auto info = ops::GetTokenInfo(call.services, call.scope.application, slot);
  if (!info) co_return Failed(call, info.error());
  for (const std::string& text :
       {info->label, info->manufacturer, info->model, info->serial_number}) {
    WriteText(call.reply, text);
  }
  for (CK_ULONG number :
       {info->flags, info->max_sessions, info->sessions, info->max_read_write_sessions,
        info->read_write_sessions, info->max_pin_bytes, info->min_pin_bytes}) {
    call.reply.U64(number);
  }
  for (int memory = 0; memory < 4; ++memory) call.reply.U64(CK_UNAVAILABLE_INFORMATION);
  const ops::Version version = ops::GetInfo(call.services).library;
  WriteVersion(call.reply, version);
  WriteVersion(call.reply, version);
  WriteText(call.reply, "");  // no clock on the token
  co_return CKR_OK;
}

Awaitable<CK_RV> GetMechanismList(Call& call) {
  const SlotId slot{call.body.U64()};
  const ops::Capacity capacity = ReadCapacity(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto types = co_await ops::GetMechanismList(call.services, call.scope.application, slot,
                                              call.scope.deadline);
  if (!types) co_return Failed(call, types.error());
  co_return WriteNumbers(call.reply, *types, capacity);
}

Awaitable<CK_RV> GetMechanismInfo(Call& call) {
  const SlotId slot{call.body.U64()};
  const CK_MECHANISM_TYPE type = call.body.U64();
  if (!call.Decoded()) co_return CKR_OK;
  auto info = co_await ops::GetMechanismInfo(call.services, call.scope.application, slot, type,
                                             call.scope.deadline);
  if (!info) co_return Failed(call, info.error());
  call.reply.U64(info->min_key_size);
  call.reply.U64(info->max_key_size);
  call.reply.U64(info->flags);
  co_return CKR_OK;
}

Awaitable<CK_RV> InitToken(Call& call) {
  const SlotId slot{call.body.U64()};
  ops::Pin pin = ReadSecret(call.body);
  const ByteView label = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::InitToken(call.services, call.scope.application, slot, std::move(pin),
                                        label, call.scope.deadline, call.scope.request);
  co_return Done(call, status);
}

Awaitable<CK_RV> InitPin(Call& call) {
  ops::Pin pin = ReadSecret(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::InitPin(call.scope, std::move(pin));
  co_return Done(call, status);
}

Awaitable<CK_RV> SetPin(Call& call) {
  ops::Pin old_pin = ReadSecret(call.body);
  ops::Pin new_pin = ReadSecret(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::SetPin(call.scope, std::move(old_pin), std::move(new_pin));
  co_return Done(call, status);
}

Awaitable<CK_RV> OpenSession(Call& call) {
  const SlotId slot{call.body.U64()};
  const CK_FLAGS flags = call.body.U64();
  if (!call.Decoded()) co_return CKR_OK;
  auto handle = ops::OpenSession(call.services, call.scope.application, slot, flags);
  if (!handle) co_return Failed(call, handle.error());
  call.reply.U64(ToNumber(*handle));
  co_return CKR_OK;
}

Awaitable<CK_RV> CloseSession(Call& call) {
  if (!call.Decoded()) co_return CKR_OK;
  co_return Done(call, ops::CloseSession(call.scope));
}

Awaitable<CK_RV> CloseAllSessions(Call& call) {
  const SlotId slot{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  const auto closed = ops::CloseAllSessions(call.services, call.scope.application, slot);
  if (!closed) co_return Failed(call, closed.error());
  call.reply.U32(static_cast<std::uint32_t>(closed->size()));
  for (SessionHandle session : *closed) call.reply.U64(ToNumber(session));
  co_return CKR_OK;
}

CK_RV GetSessionInfo(Call& call) {
  if (!call.Decoded()) return CKR_OK;
  const ops::SessionInfo info = ops::GetSessionInfo(call.scope);
  for (CK_ULONG number : {info.slot, info.state, info.flags, info.device_error})
    call.reply.U64(number);
  return CKR_OK;
}

Awaitable<CK_RV> Login(Call& call) {
  const CK_USER_TYPE user = call.body.U64();
  ops::Pin pin = ReadSecret(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::LogIn(call.scope, user, std::move(pin));
  co_return Done(call, status);
}

Awaitable<CK_RV> Logout(Call& call) {
  if (!call.Decoded()) co_return CKR_OK;
  co_return Done(call, ops::LogOut(call.scope));
}

}  // namespace gw::handlers
