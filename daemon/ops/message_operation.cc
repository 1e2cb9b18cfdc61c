// Room: ops.
#include "daemon/ops/message_operation.h"

namespace gw::ops {

MessageOperation::MessageOperation(const Services& services, KeyOperation operation,
                                   const MechanismRow& row, Mechanism mechanism, ObjectPtr key)
    : operation_(operation),
      row_(row),
      mechanism_(std::move(mechanism)),
      key_(std::move(key)),
      signature_bytes_(SignatureBytes(row_, *key_)),
      gather_limit_(services.gateway().limits.gathered_bytes),
      hashes_here_(HashesHere(services, row)) {}

Awaitable<Status> MessageOperation::Add(const CallScope& scope, ByteView part) {
  updated_ = true;
  if (hashes_here_) {
    if (!digest_) digest_ = Digest::Start(row_.hash);
    digest_->Update(part);
    co_return Ok();
  }
  if (gathered_.size() + part.size() > gather_limit_ && !row_.multi_part) {
    co_return CallerError(CKR_DATA_LEN_RANGE,
                          "too much data for a mechanism that takes it in one part");
  }
  Append(gathered_, part);
  if (gathered_.size() > gather_limit_) co_return co_await Flush(scope);
  co_return Ok();
}

Awaitable<Status> MessageOperation::Flush(const CallScope& scope) {
  GW_CO_TRY(call, co_await ForHsm(scope));
  HsmClient& hsm = scope.token->hsm();
  if (!state_) {
    GW_CO_TRY(begun, co_await hsm.Init(call, operation_, mechanism_, key_->key));
    state_ = std::move(begun);
  }
  if (!gathered_.empty()) {
    GW_CO_TRY(updated, co_await hsm.Update(call, operation_, *state_, gathered_));
    state_ = std::move(updated.state);
    gathered_.clear();
  }
  co_return Ok();
}

MessageOperation::Request MessageOperation::ForWhole(ByteView message) const {
  if (!hashes_here_) return {mechanism_, CopyOf(message)};
  return {RawMechanism(row_, mechanism_), RawInput(row_, HashOf(row_.hash, message))};
}

std::optional<MessageOperation::Request> MessageOperation::ForParts() {
  if (hashes_here_) {
    if (!digest_) digest_ = Digest::Start(row_.hash);
    return Request{RawMechanism(row_, mechanism_), RawInput(row_, digest_->Finish())};
  }
  if (state_) return std::nullopt;
  return Request{mechanism_, std::move(gathered_)};
}

Awaitable<Result<OperationState>> MessageOperation::RemoteState(const CallScope& scope) {
  GW_CO_TRY_VOID(co_await Flush(scope));
  co_return std::move(*state_);
}

std::optional<Output> MessageOperation::Ready(ByteView data, Capacity capacity) {
  return held_.Ready(signature_bytes_, data, capacity);
}

void MessageOperation::Fit(ByteView data, Result<Output>& made, Capacity capacity) {
  if (signature_bytes_ != 0 || !made) return;
  made = held_.Hold(data, std::move(made->data), capacity);
}

}  // namespace gw::ops
