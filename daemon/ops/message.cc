// Room: ops.
#include "daemon/ops/message.h"

#include <functional>

#include "daemon/ops/sign.h"
#include "daemon/ops/verify.h"

namespace gw::ops {
namespace {

using OperationPtr = std::shared_ptr<MessageOperation>;
using Maker = std::function<Result<OperationPtr>(const CallScope&)>;

struct ManyMessages final : ActiveOperation {
  bool UsesPrivateObject() const override { return whole->key().is_private; }

  Maker make;
  OperationPtr whole;  // has no input; for messages that come at once
  OperationPtr begun;  // the message that comes in parts, between Begin and the last Next
};

Status Begin(const CallScope& scope, OperationKind kind, bool cancels, Maker make) {
  ActiveOperations& operations = scope.operations();
  if (cancels) {
    operations.End(kind);
    return Ok();
  }
  if (operations.Has(kind))
    return StateError(CKR_OPERATION_ACTIVE, "such a message operation is active");
  GW_TRY(whole, make(scope));
  auto many = std::make_shared<ManyMessages>();
  many->make = std::move(make);
  many->whole = std::move(whole);
  operations.Start(kind, std::move(many));
  return Ok();
}

Status End(const CallScope& scope, OperationKind kind) {
  if (!scope.operations().Has(kind))
    return StateError(CKR_OPERATION_NOT_INITIALIZED, "no message operation");
  scope.operations().End(kind);
  return Ok();
}

enum class Step : std::uint8_t { kFirst, kNext };

// The operation, if it is where this function needs it.
Result<std::shared_ptr<ManyMessages>> ManyFor(const CallScope& scope, OperationKind kind,
                                              ByteView parameter, Step step) {
  auto many = scope.operations().Get<ManyMessages>(kind);
  if (many == nullptr) return StateError(CKR_OPERATION_NOT_INITIALIZED, "no message operation");
  if (step == Step::kNext && many->begun == nullptr)
    return StateError(CKR_OPERATION_NOT_INITIALIZED, "no message was begun");
  if (step == Step::kFirst && many->begun != nullptr)
    return StateError(CKR_OPERATION_ACTIVE, "the message before is not at its end");
  if (!parameter.empty())
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "messages have no parameter");
  return many;
}

Status BeginMessage(const CallScope& scope, OperationKind kind, ByteView parameter) {
  GW_TRY(many, ManyFor(scope, kind, parameter, Step::kFirst));
  // The key may have been changed since.
  GW_TRY(begun, many->make(scope));
  many->begun = std::move(begun);
  return Ok();
}

}  // namespace

Status MessageSignInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                       ObjectHandle key) {
  return Begin(
      scope, OperationKind::kMessageSign, !mechanism,
      [mechanism, key](const CallScope& then) { return MakeSignOperation(then, *mechanism, key); });
}

Awaitable<Result<Output>> SignMessage(const CallScope& scope, ByteView parameter, ByteView data,
                                      Capacity capacity) {
  GW_CO_TRY(many, ManyFor(scope, OperationKind::kMessageSign, parameter, Step::kFirst));
  const OperationPtr whole = many->whole;
  if (auto ready = whole->Ready(data, capacity)) co_return *std::move(ready);
  auto signature = co_await SignWhole(scope, *whole, data);
  whole->Fit(data, signature, capacity);
  co_return signature;
}

Status SignMessageBegin(const CallScope& scope, ByteView parameter) {
  return BeginMessage(scope, OperationKind::kMessageSign, parameter);
}

Awaitable<Result<Output>> SignMessageNext(const CallScope& scope, ByteView parameter, ByteView part,
                                          bool last, Capacity capacity) {
  GW_CO_TRY(many, ManyFor(scope, OperationKind::kMessageSign, parameter, Step::kNext));
  const OperationPtr begun = many->begun;
  if (auto ready = last ? begun->Ready(ByteView(), capacity) : std::nullopt) {
    if (ready->delivered) many->begun.reset();
    co_return *std::move(ready);
  }
  auto added = co_await begun->Add(scope, part);
  if (!added) {
    many->begun.reset();
    co_return std::move(added).error();
  }
  if (!last) co_return Delivered({});
  auto signature = co_await SignParts(scope, *begun);
  begun->Fit(ByteView(), signature, capacity);
  if (!signature || signature->delivered) many->begun.reset();
  co_return signature;
}

Status MessageSignFinal(const CallScope& scope) { return End(scope, OperationKind::kMessageSign); }

Status MessageVerifyInit(const CallScope& scope, const std::optional<Mechanism>& mechanism,
                         ObjectHandle key) {
  return Begin(scope, OperationKind::kMessageVerify, !mechanism,
               [mechanism, key](const CallScope& then) {
                 return MakeVerifyOperation(then, *mechanism, key);
               });
}

Awaitable<Status> VerifyMessage(const CallScope& scope, ByteView parameter, ByteView data,
                                ByteView signature) {
  GW_CO_TRY(many, ManyFor(scope, OperationKind::kMessageVerify, parameter, Step::kFirst));
  co_return co_await VerifyWhole(scope, *many->whole, data, signature);
}

Status VerifyMessageBegin(const CallScope& scope, ByteView parameter) {
  return BeginMessage(scope, OperationKind::kMessageVerify, parameter);
}

Awaitable<Status> VerifyMessageNext(const CallScope& scope, ByteView parameter, ByteView part,
                                    std::optional<ByteView> signature) {
  GW_CO_TRY(many, ManyFor(scope, OperationKind::kMessageVerify, parameter, Step::kNext));
  const OperationPtr begun = many->begun;
  if (signature) many->begun.reset();
  auto added = co_await begun->Add(scope, part);
  if (!added) many->begun.reset();
  if (!added || !signature) co_return added;
  co_return co_await VerifyParts(scope, *begun, *signature);
}

Status MessageVerifyFinal(const CallScope& scope) {
  return End(scope, OperationKind::kMessageVerify);
}

}  // namespace gw::ops
