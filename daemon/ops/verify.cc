// Room: ops.
#include "daemon/ops/verify.h"

#include <algorithm>
#include <array>

#include "daemon/mechanism/hsm_names.h"
#include "daemon/ops/message_checks.h"
#include "daemon/ops/offer.h"

namespace gw::ops {
namespace {

constexpr OperationKind kKind = OperationKind::kVerify;
constexpr OperationKind kRecover = OperationKind::kVerifyRecover;

struct RecoverOperation final : ActiveOperation {
  explicit RecoverOperation(ObjectPtr key_in, std::shared_ptr<const PublicKey> public_key_in)
      : key(std::move(key_in)), public_key(std::move(public_key_in)) {}
  bool UsesPrivateObject() const override { return key->is_private; }

  const ObjectPtr key;
  const std::shared_ptr<const PublicKey> public_key;
};

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

// "For signatures passed to a token for verification, the signature may have a shorter length but
// must be composed as specified before" (PKCS #11 v2.40 mechanisms, 2.3.1): two halves, equally
// long. SunPKCS11 leaves out zeros that both halves begin with; HSM and OpenSSL want them.
Bytes InFullLength(const MessageOperation& operation, ByteView signature) {
  const std::size_t full = operation.signature_bytes();
  if (operation.row().family != Family::kEcdsa || signature.empty() || signature.size() % 2 != 0 ||
      signature.size() >= full) {
    return CopyOf(signature);
  }
  Bytes halves(full);
  const std::size_t half = signature.size() / 2;
  std::ranges::copy(signature.first(half),
                    halves.begin() + static_cast<std::ptrdiff_t>(full / 2 - half));
  std::ranges::copy(signature.last(half), halves.end() - static_cast<std::ptrdiff_t>(half));
  return halves;
}

Status CheckLengths(const MessageOperation& operation, std::size_t data_bytes, ByteView signature) {
  const std::size_t wanted = operation.signature_bytes();
  if (wanted != 0 && signature.size() != wanted) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "length of the signature");
  }
  return CheckMessageLength(operation.row(), operation.key(), data_bytes);
}

constexpr auto kComputedHere =
    std::to_array<Family>({Family::kRsaPkcs, Family::kRsaPss, Family::kEcdsa, Family::kEddsa});

// PublicKey computes the raw mechanisms of these families; hashing ones only when the hash is
// computed here as well.
bool VerifiesHere(const Services& services, const MechanismRow& row, const Object& key) {
  const bool raw = row.raw == row.type || HashesHere(services, row);
  const bool computed = std::ranges::count(kComputedHere, row.family) != 0;
  return key.object_class == CKO_PUBLIC_KEY && raw && computed && services.gateway().local.verify;
}

}  // namespace

Awaitable<Status> VerifyWhole(const CallScope& scope, const MessageOperation& operation,
                              ByteView data, ByteView given) {
  const Bytes signature = InFullLength(operation, given);
  GW_CO_TRY_VOID(CheckLengths(operation, data.size(), signature));
  const MessageOperation::Request request = operation.ForWhole(data);
  co_return co_await Check(scope, operation, request, signature);
}

Awaitable<Status> VerifyParts(const CallScope& scope, MessageOperation& operation, ByteView given) {
  const Bytes signature = InFullLength(operation, given);
  if (std::optional<MessageOperation::Request> request = operation.ForParts()) {
    GW_CO_TRY_VOID(CheckLengths(operation, request->data.size(), signature));
    co_return OfParts(co_await Check(scope, operation, *request, signature));
  }
  GW_CO_TRY(state, co_await operation.RemoteState(scope));
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope, co_await scope.token->hsm().VerifyFinal(call, state, signature));
}

Result<std::shared_ptr<MessageOperation>> MakeVerifyOperation(const CallScope& scope,
                                                              const Mechanism& mechanism,
                                                              ObjectHandle key) {
  GW_TRY(row, MechanismFor(scope, mechanism, CKF_VERIFY));
  GW_TRY(object, KeyFor(scope, key, *row, CKA_VERIFY));
  GW_TRY(at_hsm, AtHsm(mechanism, KeySize(*object)));
  auto operation = std::make_shared<MessageOperation>(scope.services, KeyOperation::kVerify, *row,
                                                      std::move(at_hsm), object);
  if (VerifiesHere(scope.services, *row, *object)) {
    GW_TRY(parsed, PublicKey::Parse(object->key.view()));
    // A curve that cannot be computed here stays with the HSM.
    if (parsed->computes_here()) operation->public_key = std::move(parsed);
  }
  return operation;
}

Status VerifyInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                  ObjectHandle key) {
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(kKind);
    return Ok();
  }
  if (operations.Has(kKind))
    return StateError(CKR_OPERATION_ACTIVE, "a verify operation is active");
  GW_TRY(operation, MakeVerifyOperation(scope, *mechanism, key));
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

// Here whatever gateway.local.verify says: the HSM has no such function.
Status VerifyRecoverInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                         ObjectHandle key) {
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(kRecover);
    return Ok();
  }
  if (operations.Has(kRecover))
    return StateError(CKR_OPERATION_ACTIVE, "a verify operation with recovery is active");
  GW_TRY(row, MechanismFor(scope, *mechanism, CKF_VERIFY_RECOVER));
  GW_TRY(object, KeyFor(scope, key, *row, CKA_VERIFY_RECOVER));
  GW_TRY(parsed, PublicKey::Parse(object->key.view()));
  if (!parsed->computes_here())
    return CallerError(CKR_KEY_SIZE_RANGE, "the exponent is too large to compute with here");
  operations.Start(kRecover, std::make_shared<RecoverOperation>(object, std::move(parsed)));
  return Ok();
}

Result<Output> VerifyRecover(const CallScope& scope, ByteView signature, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<RecoverOperation>(kRecover);
  if (operation == nullptr)
    return StateError(CKR_OPERATION_NOT_INITIALIZED, "no verify operation with recovery");
  auto data = operation->public_key->Recover(signature);
  if (!data) {
    operations.End(kRecover);
    return std::move(data).error();
  }
  if (auto length = LengthOnly(data->size(), capacity)) return *length;
  operations.End(kRecover);
  return Delivered(std::move(*data));
}

}  // namespace gw::ops
