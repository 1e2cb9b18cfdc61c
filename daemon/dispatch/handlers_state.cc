// Room: dispatch. Operations saved and restored, and ended; slot events; users by name.
#include "daemon/dispatch/handlers.h"
#include "daemon/dispatch/operation_state.h"
#include "daemon/ops/sessions.h"
#include "daemon/ops/slots.h"
#include "daemon/ops/users.h"

namespace gw::handlers {
namespace {

constexpr std::size_t kLeastOperationBytes = 2 + 4 + 4;
constexpr std::uint32_t kMostOperations = std::size(wire::kOperationFamilies);

}  // namespace

Awaitable<CK_RV> GetOperationState(Call& call) {
  const ops::Capacity capacity = ReadCapacity(call.body);
  const std::uint32_t count = call.body.Count(kMostOperations, kLeastOperationBytes);
  std::vector<KeptOperation> operations(count);
  for (KeptOperation& kept : operations) {
    kept.init = call.body.U16();
    kept.body = call.body.Bytes();
    kept.fed = call.body.Bytes();
  }
  if (!call.Decoded()) co_return CKR_OK;
  auto sealed = SealOperations(call, operations);
  if (!sealed) co_return Failed(call, sealed.error());
  if (auto length = ops::LengthOnly(sealed->size(), capacity))
    co_return Deliver(call, *length, capacity);
  co_return Deliver(call, ops::Delivered(std::move(*sealed)), capacity);
}

Awaitable<CK_RV> SetOperationState(Call& call) {
  const ByteView sealed = ReadBytes(call.body);
  const ObjectHandle cipher_key{call.body.U64()};
  const ObjectHandle message_key{call.body.U64()};
  if (!call.Decoded()) co_return CKR_OK;
  auto opened = OpenOperations(call, sealed, cipher_key, message_key);
  if (!opened) co_return Failed(call, opened.error());
  // The shim begins them anew, ahead of the functions that go on with them.
  ops::CancelOperations(call.scope, ~CK_FLAGS{CKF_FIND_OBJECTS});
  call.reply.U32(static_cast<std::uint32_t>(opened->operations.size()));
  for (const KeptOperation& kept : opened->operations) {
    call.reply.U16(kept.init);
    call.reply.Bytes(kept.body);
    call.reply.Bytes(kept.fed);
  }
  co_return CKR_OK;
}

CK_RV SessionCancel(Call& call) {
  const CK_FLAGS flags = call.body.U64();
  if (!call.Decoded()) return CKR_OK;
  ops::CancelOperations(call.scope, flags);
  return CKR_OK;
}

Awaitable<CK_RV> WaitForSlotEvent(Call& call) {
  if (!call.Decoded()) co_return CKR_OK;
  auto slot = co_await ops::NextSlotEvent(call.services, call.scope.application);
  if (!slot) co_return Failed(call, slot.error());
  call.reply.U64(ToNumber(*slot));
  co_return CKR_OK;
}

Awaitable<CK_RV> LoginUser(Call& call) {
  const CK_USER_TYPE user = call.body.U64();
  ops::Pin pin = ReadSecret(call.body);
  const ByteView name = ReadBytes(call.body);
  if (!call.Decoded()) co_return CKR_OK;
  auto status = co_await ops::LogInByName(call.scope, user, std::move(pin), name);
  co_return Done(call, status);
}

}  // namespace gw::handlers
