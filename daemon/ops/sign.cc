// Room: ops.
#include "daemon/ops/sign.h"

#include "daemon/ops/message_checks.h"

namespace gw::ops {
namespace {

constexpr OperationKind kKind = OperationKind::kSign;

Awaitable<Result<Bytes>> Ask(const CallScope& scope, const MessageOperation::Request& request,
                             const KeyBlob& key) {
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope, co_await scope.token->hsm().Single(call, KeyOperation::kSign,
                                                            request.mechanism, key, request.data));
}

Awaitable<Result<Output>> SignWhole(const CallScope& scope, const MessageOperation& operation,
                                    ByteView data) {
  GW_CO_TRY_VOID(CheckMessageLength(operation.row(), operation.key(), data.size()));
  const MessageOperation::Request request = operation.ForWhole(data);
  GW_CO_TRY(signature, co_await Ask(scope, request, operation.key().key));
  co_return Delivered(std::move(signature));
}

Awaitable<Result<Output>> SignParts(const CallScope& scope, MessageOperation& operation) {
  if (std::optional<MessageOperation::Request> request = operation.ForParts()) {
    GW_CO_TRY_VOID(CheckMessageLength(operation.row(), operation.key(), request->data.size()));
    GW_CO_TRY(signature, co_await Ask(scope, *request, operation.key().key));
    co_return Delivered(std::move(signature));
  }
  GW_CO_TRY(state, co_await operation.RemoteState(scope));
  GW_CO_TRY(call, co_await ForHsm(scope));
  GW_CO_TRY(signature,
            Noted(scope, co_await scope.token->hsm().Final(call, KeyOperation::kSign, state)));
  co_return Delivered(std::move(signature));
}

}  // namespace

Status SignInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                ObjectHandle key) {
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(kKind);
    return Ok();
  }
  if (operations.Has(kKind)) return StateError(CKR_OPERATION_ACTIVE, "a sign operation is active");
  GW_TRY(row, CheckMechanism(*mechanism, CKF_SIGN));
  GW_TRY(object, KeyFor(scope, key, *row, CKA_SIGN));
  operations.Start(kKind, std::make_shared<MessageOperation>(scope.services, KeyOperation::kSign,
                                                             *row, *mechanism, std::move(object)));
  return Ok();
}

Awaitable<Result<Output>> Sign(const CallScope& scope, ByteView data, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no sign operation");
  if (operation->updated()) {
    operations.End(kKind);
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "C_Sign after C_SignUpdate");
  }
  if (auto length = LengthOnly(SignatureBytes(operation->row(), operation->key()), capacity))
    co_return *length;
  auto signature = co_await SignWhole(scope, *operation, data);
  co_return EndWhenDone(operations, kKind, std::move(signature));
}

Awaitable<Status> SignUpdate(const CallScope& scope, ByteView part) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no sign operation");
  auto added = co_await operation->Add(scope, part);
  if (!added) operations.End(kKind);
  co_return Noted(scope, std::move(added));
}

Awaitable<Result<Output>> SignFinal(const CallScope& scope, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no sign operation");
  if (auto length = LengthOnly(SignatureBytes(operation->row(), operation->key()), capacity))
    co_return *length;
  auto signature = co_await SignParts(scope, *operation);
  co_return EndWhenDone(operations, kKind, std::move(signature));
}

}  // namespace gw::ops
