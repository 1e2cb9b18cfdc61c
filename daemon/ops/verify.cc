// Room: ops.
#include "daemon/ops/verify.h"

#include "daemon/ops/message_checks.h"

namespace gw::ops {
namespace {

constexpr OperationKind kKind = OperationKind::kVerify;

Awaitable<Status> Check(const CallScope& scope, const MessageOperation& operation,
                        const MessageOperation::Request& request, ByteView signature) {
  if (operation.public_key != nullptr) {
    co_return operation.public_key->Verify(request.mechanism, request.data, signature);
  }
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(
      scope, co_await scope.token->hsm().VerifySingle(call, request.mechanism, operation.key().key,
                                                      request.data, signature));
}

Status CheckLengths(const MessageOperation& operation, std::size_t data_bytes, ByteView signature) {
  if (signature.size() != SignatureBytes(operation.row(), operation.key())) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "length of the signature");
  }
  return CheckMessageLength(operation.row(), operation.key(), data_bytes);
}

Awaitable<Status> VerifyWhole(const CallScope& scope, const MessageOperation& operation,
                              ByteView data, ByteView signature) {
  GW_CO_TRY_VOID(CheckLengths(operation, data.size(), signature));
  const MessageOperation::Request request = operation.ForWhole(data);
  co_return co_await Check(scope, operation, request, signature);
}

Awaitable<Status> VerifyParts(const CallScope& scope, MessageOperation& operation,
                              ByteView signature) {
  if (std::optional<MessageOperation::Request> request = operation.ForParts()) {
    GW_CO_TRY_VOID(CheckLengths(operation, request->data.size(), signature));
    co_return co_await Check(scope, operation, *request, signature);
  }
  GW_CO_TRY(state, co_await operation.RemoteState(scope));
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope, co_await scope.token->hsm().VerifyFinal(call, state, signature));
}

// PublicKey computes the raw mechanisms; hashing ones only when the hash is computed here as well.
bool VerifiesHere(const Services& services, const MechanismRow& row, const Object& key) {
  const bool raw = row.raw == row.type || HashesHere(services, row);
  return key.object_class == CKO_PUBLIC_KEY && raw && services.gateway().local.verify;
}

}  // namespace

Status VerifyInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                  ObjectHandle key) {
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(kKind);
    return Ok();
  }
  if (operations.Has(kKind))
    return StateError(CKR_OPERATION_ACTIVE, "a verify operation is active");
  GW_TRY(row, CheckMechanism(*mechanism, CKF_VERIFY));
  GW_TRY(object, KeyFor(scope, key, *row, CKA_VERIFY));
  auto operation = std::make_shared<MessageOperation>(scope.services, KeyOperation::kVerify, *row,
                                                      *mechanism, object);
  if (VerifiesHere(scope.services, *row, *object)) {
    GW_TRY(parsed, PublicKey::Parse(object->key.view()));
    // A curve that cannot be computed here stays with the HSM.
    if (parsed->is_rsa() || parsed->curve()->local_verify)
      operation->public_key = std::move(parsed);
  }
  operations.Start(kKind, std::move(operation));
  return Ok();
}

Awaitable<Status> Verify(const CallScope& scope, ByteView data, ByteView signature) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no verify operation");
  operations.End(kKind);
  if (operation->updated())
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "C_Verify after C_VerifyUpdate");
  co_return co_await VerifyWhole(scope, *operation, data, signature);
}

Awaitable<Status> VerifyUpdate(const CallScope& scope, ByteView part) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no verify operation");
  auto added = co_await operation->Add(scope, part);
  if (!added) operations.End(kKind);
  co_return Noted(scope, std::move(added));
}

Awaitable<Status> VerifyFinal(const CallScope& scope, ByteView signature) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<MessageOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no verify operation");
  operations.End(kKind);
  co_return co_await VerifyParts(scope, *operation, signature);
}

}  // namespace gw::ops
