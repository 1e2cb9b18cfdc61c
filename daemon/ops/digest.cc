// Room: ops.
#include "daemon/ops/digest.h"

#include "daemon/localcrypto/digest.h"
#include "daemon/ops/offer.h"

namespace gw::ops {
namespace {

constexpr OperationKind kKind = OperationKind::kDigest;

// In the form of an operation here, what is kept of its input: C_DigestKey tells it to the HSM.
constexpr std::size_t kMostKept = 64u << 10;

struct DigestOperation final : ActiveOperation {
  DigestOperation(const MechanismRow& row_in, Mechanism mechanism_in, bool here)
      : row(row_in),
        mechanism(std::move(mechanism_in)),
        digest(here && row_in.hash != Hash::kNone ? std::optional(Digest::Start(row_in.hash))
                                                  : std::nullopt) {}
  ~DigestOperation() override { Wipe(gathered); }
  bool UsesPrivateObject() const override { return private_key; }

  const MechanismRow& row;
  const Mechanism mechanism;
  std::optional<Digest> digest;         // computed here
  std::optional<OperationState> state;  // a key was digested: the HSM goes on
  Bytes gathered;                       // input that the HSM has not had
  bool forgot = false;                  // there was more of it than kMostKept
  bool updated = false;
  bool private_key = false;
  HeldOutput held;  // of a digest whose length only the HSM knew
};

Error TooMuch() { return CallerError(CKR_DATA_LEN_RANGE, "too much data for a digest in the HSM"); }

void KeepSome(DigestOperation& operation, ByteView part) {
  operation.forgot |= operation.gathered.size() + part.size() > kMostKept;
  if (operation.forgot) {
    Wipe(operation.gathered);
    operation.gathered.clear();
  } else {
    Append(operation.gathered, part);
  }
}

// Gives the HSM what it has not had. EP11 takes no empty part (wire sheet 11).
Awaitable<Status> Flush(const CallScope& scope, const HsmCall& call, DigestOperation& operation) {
  if (operation.gathered.empty()) co_return Ok();
  GW_CO_TRY(next, Noted(scope, co_await scope.token->hsm().DigestUpdate(call, *operation.state,
                                                                        operation.gathered)));
  operation.state = std::move(next);
  Wipe(operation.gathered);
  operation.gathered.clear();
  co_return Ok();
}

// A part of the message.
Awaitable<Status> Take(const CallScope& scope, DigestOperation& operation, ByteView part) {
  const LimitsConfig& limits = scope.services.gateway().limits;
  if (operation.digest) {
    operation.digest->Update(part);
    if (operation.updated) KeepSome(operation, part);
    co_return Ok();
  }
  if (operation.gathered.size() + part.size() > limits.max_frame_bytes) co_return TooMuch();
  Append(operation.gathered, part);
  if (!operation.state || operation.gathered.size() <= limits.gathered_bytes) co_return Ok();
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return co_await Flush(scope, call, operation);
}

// From here on the HSM digests; it gets what there was so far.
Awaitable<Status> MoveToHsm(const CallScope& scope, const HsmCall& call,
                            DigestOperation& operation) {
  if (!operation.state) {
    GW_CO_TRY(begun,
              Noted(scope, co_await scope.token->hsm().DigestInit(call, operation.mechanism)));
    operation.state = std::move(begun);
    operation.digest.reset();
  }
  co_return co_await Flush(scope, call, operation);
}

Awaitable<Status> TakeKey(const CallScope& scope, DigestOperation& operation, ObjectHandle handle) {
  const ObjectPtr key = scope.application->FindObject(*scope.token, handle);
  if (key == nullptr)
    co_return CallerError(CKR_KEY_HANDLE_INVALID, "no such key, or not visible to this user");
  if (key->object_class != CKO_SECRET_KEY)
    co_return CallerError(CKR_KEY_INDIGESTIBLE, "only secret keys are digested");
  if (operation.forgot)
    co_return CallerError(CKR_DEVICE_MEMORY, "more than 64 KiB were digested before the key");
  operation.private_key |= key->is_private;
  GW_CO_TRY(call, co_await ForHsm(scope));
  GW_CO_TRY_VOID(co_await MoveToHsm(scope, call, operation));
  auto next = Noted(scope, co_await scope.token->hsm().DigestKey(call, *operation.state, key->key));
  if (!next && next.error().rv == CKR_KEY_FUNCTION_NOT_PERMITTED)
    co_return CallerError(CKR_KEY_INDIGESTIBLE, "the key needs CKA_IBM_USE_AS_DATA");
  if (!next) co_return std::move(next).error();
  operation.state = std::move(*next);
  co_return Ok();
}

Awaitable<Result<Bytes>> Finish(const CallScope& scope, DigestOperation& operation) {
  if (operation.digest) co_return operation.digest->Finish();
  // EP11 takes no empty message (wire sheet 11), and there is nothing to keep from it.
  const bool known_here = operation.row.hash != Hash::kNone;
  if (known_here && operation.gathered.empty() && !operation.state)
    co_return HashOf(operation.row.hash, {});
  GW_CO_TRY(call, co_await ForHsm(scope));
  if (operation.state) {
    GW_CO_TRY_VOID(co_await Flush(scope, call, operation));
    co_return Noted(scope, co_await scope.token->hsm().DigestFinal(call, *operation.state));
  }
  co_return Noted(scope, co_await scope.token->hsm().DigestSingle(call, operation.mechanism,
                                                                  operation.gathered));
}

// What needs no digesting: a length, or a digest that did not fit before.
std::optional<Output> Ready(DigestOperation& operation, ByteView data, Capacity capacity) {
  return operation.held.Ready(HashBytes(operation.row.hash), data, capacity);
}

//   data  of C_Digest, which may come again; empty after parts
Awaitable<Result<Output>> FinishInto(const CallScope& scope, DigestOperation& operation,
                                     ByteView data, Capacity capacity) {
  GW_CO_TRY(digest, co_await Finish(scope, operation));
  if (operation.row.hash != Hash::kNone) co_return Delivered(std::move(digest));
  co_return operation.held.Hold(data, std::move(digest), capacity);
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
  GW_TRY(row, MechanismFor(scope, *mechanism, CKF_DIGEST));
  operations.Start(kKind, std::make_shared<DigestOperation>(*row, *mechanism,
                                                            scope.services.gateway().local.digest));
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
  if (auto ready = Ready(*operation, data, capacity))
    co_return EndWhenDone(operations, kKind, *std::move(ready));
  auto taken = co_await Take(scope, *operation, data);
  if (!taken) {
    operations.End(kKind);
    co_return std::move(taken).error();
  }
  auto digest = co_await FinishInto(scope, *operation, data, capacity);
  co_return EndWhenDone(operations, kKind, std::move(digest));
}

Awaitable<Status> DigestUpdate(const CallScope& scope, ByteView part) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<DigestOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no digest operation");
  operation->updated = true;
  auto taken = co_await Take(scope, *operation, part);
  if (!taken) operations.End(kKind);
  co_return taken;
}

Awaitable<Status> DigestKey(const CallScope& scope, ObjectHandle key) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<DigestOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no digest operation");
  operation->updated = true;
  auto taken = co_await TakeKey(scope, *operation, key);
  if (!taken) operations.End(kKind);
  co_return taken;
}

Awaitable<Result<Output>> DigestFinal(const CallScope& scope, Capacity capacity) {
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<DigestOperation>(kKind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no digest operation");
  const ByteView nothing;
  if (auto ready = Ready(*operation, nothing, capacity))
    co_return EndWhenDone(operations, kKind, *std::move(ready));
  auto digest = co_await FinishInto(scope, *operation, nothing, capacity);
  co_return EndWhenDone(operations, kKind, std::move(digest));
}

}  // namespace gw::ops
