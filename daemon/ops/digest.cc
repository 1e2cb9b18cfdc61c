// Room: ops.
#include "daemon/ops/digest.h"

#include "daemon/localcrypto/digest.h"

namespace gw::ops {
namespace {

constexpr OperationKind kKind = OperationKind::kDigest;

struct DigestOperation final : ActiveOperation {
  explicit DigestOperation(const MechanismRow& row_in, bool here)
      : row(row_in), digest(here ? std::optional(Digest::Start(row_in.hash)) : std::nullopt) {}

  const MechanismRow& row;
  std::optional<Digest> digest;  // computed here
  Bytes gathered;                // else: for the HSM
  bool updated = false;
};

Awaitable<Result<Bytes>> Finish(const CallScope& scope, DigestOperation& operation) {
  if (operation.digest) co_return operation.digest->Finish();
  // EP11 takes no empty message (wire sheet 11), and there is nothing to keep from it.
  if (operation.gathered.empty()) co_return HashOf(operation.row.hash, {});
  const Mechanism mechanism{operation.row.type, {}};
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope,
                  co_await scope.token->hsm().DigestSingle(call, mechanism, operation.gathered));
}

Awaitable<Result<Output>> FinishInto(const CallScope& scope, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<DigestOperation>(kKind);
  if (auto length = LengthOnly(HashBytes(operation->row.hash), capacity)) co_return *length;
  auto digest = co_await Finish(scope, *operation);
  operations.End(kKind);
  if (!digest) co_return std::move(digest).error();
  co_return Delivered(std::move(*digest));
}

Status Take(const CallScope& scope, DigestOperation& operation, ByteView part) {
  if (operation.digest) {
    operation.digest->Update(part);
    return Ok();
  }
  if (operation.gathered.size() + part.size() > scope.services.gateway().limits.max_frame_bytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "too much data for a digest in the HSM");
  }
  Append(operation.gathered, part);
  return Ok();
}

}  // namespace

Status DigestInit(const CallScope& scope, const std::optional<Mechanism>& mechanism) {
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(kKind);
    return Ok();
  }
  if (operations.Has(kKind))
    return StateError(CKR_OPERATION_ACTIVE, "a digest operation is active");
  GW_TRY(row, CheckMechanism(*mechanism, CKF_DIGEST));
  operations.Start(kKind,
                   std::make_shared<DigestOperation>(*row, scope.services.gateway().local.digest));
  return Ok();
}

Awaitable<Result<Output>> DigestWhole(const CallScope& scope, ByteView data, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<DigestOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no digest operation");
  if (operation->updated) {
    operations.End(kKind);
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "C_Digest after C_DigestUpdate");
  }
  // A query and a short buffer must not consume the data.
  if (auto length = LengthOnly(HashBytes(operation->row.hash), capacity)) co_return *length;
  if (auto taken = Take(scope, *operation, data); !taken) {
    operations.End(kKind);
    co_return std::move(taken).error();
  }
  co_return co_await FinishInto(scope, capacity);
}

Status DigestUpdate(const CallScope& scope, ByteView part) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<DigestOperation>(kKind);
  if (operation == nullptr) return StateError(CKR_OPERATION_NOT_INITIALIZED, "no digest operation");
  operation->updated = true;
  auto taken = Take(scope, *operation, part);
  if (!taken) operations.End(kKind);
  return taken;
}

Awaitable<Result<Output>> DigestFinal(const CallScope& scope, Capacity capacity) {
  if (!scope.operations().Has(kKind))
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no digest operation");
  co_return co_await FinishInto(scope, capacity);
}

}  // namespace gw::ops
