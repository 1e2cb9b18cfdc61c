// Room: ops.
#include "daemon/ops/cipher.h"

#include <array>
#include <memory>

#include "daemon/localcrypto/public_key.h"
#include "daemon/ops/key_use.h"
#include "daemon/ops/offer.h"

namespace gw::ops {
namespace {

struct Direction {
  OperationKind kind;
  KeyOperation key_operation;
  CK_FLAGS function_flag;
  CK_ATTRIBUTE_TYPE usage;
  CK_RV length_error;
};
constexpr std::array<Direction, 2> kDirections{{
    {OperationKind::kEncrypt, KeyOperation::kEncrypt, CKF_ENCRYPT, CKA_ENCRYPT, CKR_DATA_LEN_RANGE},
    {OperationKind::kDecrypt, KeyOperation::kDecrypt, CKF_DECRYPT, CKA_DECRYPT,
     CKR_ENCRYPTED_DATA_LEN_RANGE},
}};
const Direction& RowFor(CipherDirection direction) {
  return kDirections[static_cast<std::size_t>(direction)];
}

// Input that was given in parts: sent on as it comes where the HSM takes parts, else kept for the
// end.
struct CipherOperation final : ActiveOperation {
  CipherOperation(const Direction& direction_in, const MechanismRow& row_in, Mechanism mechanism_in,
                  ObjectPtr key_in)
      : direction(direction_in),
        row(row_in),
        mechanism(std::move(mechanism_in)),
        key(std::move(key_in)) {}
  bool UsesPrivateObject() const override { return key->is_private; }

  const Direction& direction;
  const MechanismRow& row;
  const Mechanism mechanism;
  const ObjectPtr key;
  std::shared_ptr<const PublicKey> public_key;  // encrypting here
  bool updated = false;
  std::optional<OperationState> state;
  std::uint64_t sent_bytes = 0;  // in parts, for the lengths that padding hides
  std::uint64_t got_bytes = 0;
  Bytes gathered;
  HeldOutput held;
};

bool IsRsa(const MechanismRow& row) { return row.key_type == CKK_RSA; }
// Nothing is known of its lengths.
bool IsOther(const MechanismRow& row) { return row.family == Family::kOther; }

std::uint64_t WholeBlocks(const MechanismRow& row, std::uint64_t bytes) {
  return bytes / row.block_bytes * row.block_bytes;
}

// An upper bound of the output for `bytes` of input; exact for everything but decryption with
// padding.
std::uint64_t BoundFor(const CipherOperation& operation, std::uint64_t bytes) {
  const MechanismRow& row = operation.row;
  if (IsRsa(row)) return (KeySize(*operation.key) + 7) / 8;
  const bool pads =
      row.family == Family::kCbcPad && operation.direction.kind == OperationKind::kEncrypt;
  return pads ? WholeBlocks(row, bytes) + row.block_bytes : bytes;
}

bool BoundIsExact(const CipherOperation& operation) {
  return operation.direction.kind == OperationKind::kEncrypt ||
         (!IsRsa(operation.row) && operation.row.family != Family::kCbcPad);
}

// Lengths that can never work, found without asking the HSM.
Status CheckLength(const CipherOperation& operation, std::uint64_t bytes) {
  const MechanismRow& row = operation.row;
  const bool encrypts = operation.direction.kind == OperationKind::kEncrypt;
  bool fits = true;
  if (IsOther(row)) return Ok();
  if (IsRsa(row)) {
    const std::uint64_t modulus_bytes = (KeySize(*operation.key) + 7) / 8;
    fits = encrypts ? bytes <= modulus_bytes : bytes == modulus_bytes;
  } else if (row.family != Family::kCbcPad || !encrypts) {
    fits = bytes % row.block_bytes == 0 && !(row.family == Family::kCbcPad && bytes == 0);
  }
  if (!fits) return CallerError(operation.direction.length_error, "length of the data");
  return Ok();
}

Awaitable<Result<Bytes>> Ask(const CallScope& scope, const CipherOperation& operation,
                             ByteView data) {
  if (operation.public_key != nullptr)
    co_return operation.public_key->Encrypt(operation.mechanism, data);
  // No block in, no block out: not worth a request, and EP11 takes no empty input.
  const bool by_blocks = operation.row.block_bytes != 0 && operation.row.family != Family::kCbcPad;
  if (data.empty() && by_blocks) co_return Bytes();
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(
      scope, co_await scope.token->hsm().Single(call, operation.direction.key_operation,
                                                operation.mechanism, operation.key->key, data));
}

Awaitable<Result<Output>> Whole(const CallScope& scope, CipherOperation& operation, ByteView data,
                                Capacity capacity) {
  if (operation.held.Answers(data)) co_return operation.held.Take(capacity);
  GW_CO_TRY_VOID(CheckLength(operation, data.size()));
  if (!IsOther(operation.row)) {
    auto length = LengthOnly(BoundFor(operation, data.size()), capacity);
    if (length && (!capacity || BoundIsExact(operation))) co_return *length;
  }
  GW_CO_TRY(output, co_await Ask(scope, operation, data));
  co_return operation.held.Hold(data, std::move(output), capacity);
}

Awaitable<Status> BeginParts(const CallScope& scope, const HsmCall& call,
                             CipherOperation& operation) {
  if (operation.state) co_return Ok();
  auto begun =
      Noted(scope, co_await scope.token->hsm().Init(call, operation.direction.key_operation,
                                                    operation.mechanism, operation.key->key));
  if (!begun) co_return std::move(begun).error();
  operation.state = std::move(*begun);
  co_return Ok();
}

// One part to the HSM; the state moves on, so the output must be held if it does not fit.
Awaitable<Result<Output>> SendPart(const CallScope& scope, CipherOperation& operation,
                                   ByteView part, Capacity capacity) {
  if (operation.held.Answers(part)) co_return operation.held.Take(capacity);
  const std::uint64_t hidden = operation.sent_bytes - operation.got_bytes;
  if (!capacity) co_return *LengthOnly(hidden + part.size(), capacity);
  GW_CO_TRY(call, co_await ForHsm(scope));
  GW_CO_TRY_VOID(co_await BeginParts(scope, call, operation));
  GW_CO_TRY(updated,
            Noted(scope, co_await scope.token->hsm().Update(call, operation.direction.key_operation,
                                                            *operation.state, part)));
  operation.state = std::move(updated.state);
  operation.sent_bytes += part.size();
  operation.got_bytes += updated.output.size();
  co_return operation.held.Hold(part, std::move(updated.output), capacity);
}

Awaitable<Result<Output>> LastPart(const CallScope& scope, CipherOperation& operation,
                                   Capacity capacity) {
  const ByteView nothing;
  if (operation.held.Answers(nothing)) co_return operation.held.Take(capacity);
  // What went in and has not come out, and for padding a block more.
  const std::uint64_t hidden = operation.sent_bytes - operation.got_bytes;
  const bool pads = operation.row.family == Family::kCbcPad;
  if (!pads && hidden % operation.row.block_bytes != 0) {
    co_return CallerError(operation.direction.length_error,
                          "the parts do not add up to whole blocks");
  }
  const bool adds_block = pads && operation.direction.kind == OperationKind::kEncrypt;
  const std::uint64_t bound =
      adds_block ? WholeBlocks(operation.row, hidden) + operation.row.block_bytes : hidden;
  auto length = LengthOnly(bound, capacity);
  if (length && (!capacity || BoundIsExact(operation))) co_return *length;
  GW_CO_TRY(call, co_await ForHsm(scope));
  GW_CO_TRY(output, Noted(scope, co_await scope.token->hsm().Final(
                                     call, operation.direction.key_operation, *operation.state)));
  co_return operation.held.Hold(nothing, std::move(output), capacity);
}

}  // namespace

Status CipherInit(const CallScope& scope, CipherDirection direction,
                  const std::optional<Mechanism>& mechanism, ObjectHandle key) {
  const Direction& codes = RowFor(direction);
  ActiveOperations& operations = scope.operations();
  if (!mechanism) {
    operations.End(codes.kind);
    return Ok();
  }
  if (operations.Has(codes.kind))
    return StateError(CKR_OPERATION_ACTIVE, "such an operation is active");
  GW_TRY(row, MechanismFor(scope, *mechanism, codes.function_flag));
  GW_TRY(object, KeyFor(scope, key, *row, codes.usage));
  auto operation = std::make_shared<CipherOperation>(codes, *row, *mechanism, object);
  if (object->object_class == CKO_PUBLIC_KEY && scope.services.gateway().local.verify) {
    GW_TRY(parsed, PublicKey::Parse(object->key.view()));
    operation->public_key = std::move(parsed);
  }
  operations.Start(codes.kind, std::move(operation));
  return Ok();
}

Awaitable<Result<Output>> Cipher(const CallScope& scope, CipherDirection direction, ByteView data,
                                 Capacity capacity) {
  const OperationKind kind = RowFor(direction).kind;
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<CipherOperation>(kind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no such operation");
  if (operation->updated) {
    operations.End(kind);
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "one-shot call after an Update");
  }
  auto output = co_await Whole(scope, *operation, data, capacity);
  co_return EndWhenDone(operations, kind, std::move(output));
}

Awaitable<Result<Output>> CipherUpdate(const CallScope& scope, CipherDirection direction,
                                       ByteView part, Capacity capacity) {
  const OperationKind kind = RowFor(direction).kind;
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<CipherOperation>(kind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no such operation");
  operation->updated = true;
  if (part.empty()) co_return Delivered({});
  if (!operation->row.multi_part) {
    if (operation->gathered.size() + part.size() > scope.services.gateway().limits.gathered_bytes) {
      operations.End(kind);
      co_return CallerError(operation->direction.length_error,
                            "too much data for a mechanism that takes one part");
    }
    if (!capacity) co_return Output{};
    Append(operation->gathered, part);
    co_return Delivered({});
  }
  auto output = co_await SendPart(scope, *operation, part, capacity);
  if (!output) operations.End(kind);
  co_return output;
}

Awaitable<Result<Output>> CipherFinal(const CallScope& scope, CipherDirection direction,
                                      Capacity capacity) {
  const OperationKind kind = RowFor(direction).kind;
  ActiveOperations& operations = scope.operations();
  const auto operation = operations.Get<CipherOperation>(kind);
  if (operation == nullptr)
    co_return StateError(CKR_OPERATION_NOT_INITIALIZED, "no such operation");
  if (operation->state) {
    auto output = co_await LastPart(scope, *operation, capacity);
    co_return EndWhenDone(operations, kind, std::move(output));
  }
  auto output = co_await Whole(scope, *operation, operation->gathered, capacity);
  co_return EndWhenDone(operations, kind, std::move(output));
}

}  // namespace gw::ops
