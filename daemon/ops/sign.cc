// Room: ops.
#include "daemon/ops/sign.h"

#include "daemon/mechanism/hsm_names.h"
#include "daemon/ops/message_checks.h"
#include "daemon/ops/offer.h"

namespace gw::ops {
namespace {

// The ways to begin: each has its place in the session, its function and its right.
struct Manner {
  OperationKind kind;
  CK_FLAGS function_flag;
  CK_ATTRIBUTE_TYPE usage;
};
constexpr Manner kPlain{OperationKind::kSign, CKF_SIGN, CKA_SIGN};
constexpr Manner kRecover{OperationKind::kSignRecover, CKF_SIGN_RECOVER, CKA_SIGN_RECOVER};

Awaitable<Result<Bytes>> Ask(const CallScope& scope, const MessageOperation::Request& request,
                             const KeyBlob& key) {
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope, co_await scope.token->hsm().Single(call, KeyOperation::kSign,
                                                            request.mechanism, key, request.data));
}

Result<std::shared_ptr<MessageOperation>> Make(const CallScope& scope, const Manner& manner,
                                               const Mechanism& mechanism, ObjectHandle key) {
  GW_TRY(row, MechanismFor(scope, mechanism, manner.function_flag));
  GW_TRY(object, KeyFor(scope, key, *row, manner.usage));
  GW_TRY(at_hsm, AtHsm(mechanism, KeySize(*object)));
  return std::make_shared<MessageOperation>(scope.services, KeyOperation::kSign, *row,
                                            std::move(at_hsm), std::move(object));
}

Status Begin(const CallScope& scope, const Manner& manner,
             const std::optional<Mechanism>& mechanism, ObjectHandle key) {
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(manner.kind);
    return Ok();
  }
  if (operations.Has(manner.kind))
    return StateError(CKR_OPERATION_ACTIVE, "such a sign operation is active");
  GW_TRY(operation, Make(scope, manner, *mechanism, key));
  operations.Start(manner.kind, std::move(operation));
  return Ok();
}

Awaitable<Result<Output>> Whole(const CallScope& scope, const Manner& manner, ByteView data,
                                Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(manner.kind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no such sign operation");
  if (operation->updated()) {
    operations.End(manner.kind);
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "C_Sign after C_SignUpdate");
  }
  if (auto ready = operation->Ready(data, capacity))
    co_return EndWhenDone(operations, manner.kind, *std::move(ready));
  auto signature = co_await SignWhole(scope, *operation, data);
  operation->Fit(data, signature, capacity);
  co_return EndWhenDone(operations, manner.kind, std::move(signature));
}

}  // namespace

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
    GW_CO_TRY(signature, OfParts(co_await Ask(scope, *request, operation.key().key)));
    co_return Delivered(std::move(signature));
  }
  GW_CO_TRY(state, co_await operation.RemoteState(scope));
  GW_CO_TRY(call, co_await ForHsm(scope));
  GW_CO_TRY(signature,
            Noted(scope, co_await scope.token->hsm().Final(call, KeyOperation::kSign, state)));
  co_return Delivered(std::move(signature));
}

Result<std::shared_ptr<MessageOperation>> MakeSignOperation(const CallScope& scope,
                                                            const Mechanism& mechanism,
                                                            ObjectHandle key) {
  return Make(scope, kPlain, mechanism, key);
}

Status SignInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                ObjectHandle key) {
  return Begin(scope, kPlain, mechanism, key);
}

Awaitable<Result<Output>> Sign(const CallScope& scope, ByteView data, Capacity capacity) {
  return Whole(scope, kPlain, data, capacity);
}

Status SignRecoverInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                       ObjectHandle key) {
  return Begin(scope, kRecover, mechanism, key);
}

Awaitable<Result<Output>> SignRecover(const CallScope& scope, ByteView data, Capacity capacity) {
  return Whole(scope, kRecover, data, capacity);
}

Awaitable<Status> SignUpdate(const CallScope& scope, ByteView part) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kPlain.kind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no sign operation");
  auto added = co_await operation->Add(scope, part);
  if (!added) operations.End(kPlain.kind);
  co_return Noted(scope, std::move(added));
}

Awaitable<Result<Output>> SignFinal(const CallScope& scope, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kPlain.kind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no sign operation");
  if (auto ready = operation->Ready(ByteView(), capacity))
    co_return EndWhenDone(operations, kPlain.kind, *std::move(ready));
  auto signature = co_await SignParts(scope, *operation);
  operation->Fit(ByteView(), signature, capacity);
  co_return EndWhenDone(operations, kPlain.kind, std::move(signature));
}

}  // namespace gw::ops
