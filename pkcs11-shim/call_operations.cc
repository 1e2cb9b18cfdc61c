// Room: pkcs11-shim. What a call needs of the operation that it goes on with, and makes of it.
#include "pkcs11-shim/call.h"

namespace gw::shim {
namespace {

bool SessionIsGone(CK_RV result) {
  return result == CKR_SESSION_HANDLE_INVALID || result == CKR_SESSION_CLOSED;
}

}  // namespace

// The body as the stub wrote it. Data that is borrowed is not in it; no Init borrows.
wire::Octets Call::SentBody() const {
  return {connection_->buffer.data() + wire::kHeaderBytes, request_bytes_ - wire::kHeaderBytes};
}

// The input of an Update: the first thing in its body, or borrowed.
wire::Octets Call::SentInput() const {
  if (put_.borrowed().size != 0) return put_.borrowed();
  const wire::Octets body = SentBody();
  return wire::Reader(body.data, body.size).Bytes();
}

// An Init without a mechanism.
bool Call::IsCancel() const { return SentBody().size != 0 && SentBody().data[0] == 0; }

Call::Opening Call::OpenOperation() {
  role_ = has_session_ ? RoleOf(function_) : Role{};
  if (role_.part == Part::kNone) return Opening::kSend;
  const Lock lock;
  if (connection_->life != GetState().life || !MayTalkLocked()) return Opening::kSend;
  if (role_.part == Part::kInit && !IsCancel()) {
    const Opening opening = OpenInitLocked();
    if (opening != Opening::kSend) return opening;
  } else if (!AwaitTurnLocked()) {
    result_ = CKR_DEVICE_ERROR;
    return Opening::kRefused;
  }
  Operations& operations = GetHeritage().operations;
  entered_ = operations.Enter(session_, role_.kind);
  turn_ = operations.Find(session_, role_.kind).turn;
  moment_ = MomentLocked();
  return Opening::kSend;
}

// An Init that was accepted in this moment is accepted again, here, if the session is free for it.
// What was begun here the daemon does not know, so it is here that it is in the way of another.
Call::Opening Call::OpenInitLocked() {
  Heritage& heritage = GetHeritage();
  Operations& operations = heritage.operations;
  result_ = CKR_HOST_MEMORY;
  if (!operations.Expect(session_, role_.kind)) return Opening::kRefused;
  const Operations::Operation before = operations.Find(session_, role_.kind);
  result_ = CKR_OPERATION_ACTIVE;
  if (before.ahead) return Opening::kAnswered;
  uint64_t slot = 0;
  const bool is_free = before.phase == Operations::Phase::kIdle && before.calls == 0;
  if (!is_free || !operations.FindSlot(session_, &slot) ||
      !heritage.remembered.Has(role_.kind, slot, SentBody(), MomentLocked()))
    return Opening::kSend;
  operations.Begin(session_, role_.kind, Operations::kNoDaemon, SentBody());
  result_ = CKR_OK;
  return Opening::kAnswered;
}

// Two calls that both begin the same operation ahead of themselves would both have it. The daemon
// takes turns by session, and here it is the same. False when the time is up.
bool Call::AwaitTurnLocked() {
  State& state = GetState();
  const Operations& operations = GetHeritage().operations;
  ++state.queueing;
  bool in_time = true;
  for (;;) {
    const Operations::Operation operation = operations.Find(session_, role_.kind);
    if (!operation.ahead || operation.calls == 0 || !in_time || !MayTalkLocked()) break;
    in_time = WaitLocked(&state.changed, until_);
  }
  --state.queueing;
  return in_time;
}

bool Call::PutInitAhead(const Operations::Operation& operation) {
  Buffer& buffer = connection_->buffer;
  wire::Writer<Buffer> writer(buffer);
  writer.Bytes(operation.init);
  writer.Bytes(operation.fed);
  ahead_bytes_ = buffer.size() - request_bytes_;
  return writer.ok();
}

// A daemon that the operation was not begun with, or that may have gone on with it already, begins
// it again from what is kept. One that lives in the daemon alone is gone with that daemon, as the
// next one will say; but if it is the same daemon, what it made of the lost request cannot be
// known.
CK_RV Call::PlanOperation() {
  connection_->buffer.Truncate(request_bytes_);
  ahead_bytes_ = 0;
  if (role_.part == Part::kNone || role_.part == Part::kInit) return CKR_OK;
  const Lock lock;
  const Operations::Operation operation = GetHeritage().operations.Find(session_, role_.kind);
  if (operation.phase <= Operations::Phase::kIdle) return CKR_OK;
  const bool same_daemon = operation.incarnation == connection_->incarnation;
  if (same_daemon && !was_sent_) return CKR_OK;
  // A daemon that gives its epoch does not count what goes ahead.
  const size_t most =
      connection_->body_limit + (GetHeritage().epoch != nullptr ? wire::kMaxAheadBytes : 0);
  const size_t body_bytes = SentBody().size + put_.borrowed().size + 2 * sizeof(uint32_t);
  const size_t kept_bytes = operation.init.size + operation.fed.size;
  const bool repeatable =
      operation.phase == Operations::Phase::kBegun && body_bytes + kept_bytes <= most;
  if (!repeatable) return same_daemon ? CKR_DEVICE_ERROR : CKR_OK;
  return PutInitAhead(operation) ? CKR_OK : CKR_HOST_MEMORY;
}

void Call::LeaveLocked() {
  if (!entered_) return;
  entered_ = false;
  GetHeritage().operations.Leave(session_, role_.kind);
  if (GetState().queueing != 0) pthread_cond_broadcast(&GetState().changed);
}

// Accepted, and nothing has changed since before it was sent.
void Call::CloseInitLocked() {
  Heritage& heritage = GetHeritage();
  if (IsCancel()) return heritage.operations.End(session_, role_.kind);
  if (result_ != CKR_OK) return;
  heritage.operations.Begin(session_, role_.kind, connection_->incarnation, SentBody());
  uint64_t slot = 0;
  if (heritage.operations.FindSlot(session_, &slot) && moment_.Is(MomentLocked()))
    heritage.remembered.Put(role_.kind, slot, SentBody(), moment_);
}

void Call::CloseOperation(bool answered) {
  const bool session_ends =
      answered && has_session_ &&
      (SessionIsGone(result_) || (function_ == Function::C_CloseSession && result_ == CKR_OK));
  if (role_.part == Part::kNone && !session_ends) return;
  const Lock lock;
  Operations& operations = GetHeritage().operations;
  const uint32_t incarnation = connection_->incarnation;
  if (connection_->life != GetState().life) return;
  LeaveLocked();
  if (!answered) return;
  if (session_ends) return operations.EndSession(session_);
  if (role_.part == Part::kInit) return CloseInitLocked();
  const Operations::Operation operation = operations.Find(session_, role_.kind);
  // Another thread has begun another one since.
  if (operation.turn != turn_) return;
  // PKCS #11 v2.40, 5.2: a question for the length, and too small a buffer, change nothing.
  const bool changed_nothing =
      result_ == CKR_BUFFER_TOO_SMALL || (result_ == CKR_OK && length_query_);
  if (changed_nothing) {
    if (ahead_bytes_ != 0) operations.BeginAgain(session_, role_.kind, incarnation);
    return;
  }
  if (role_.part == Part::kKey && result_ == CKR_OK)
    return operations.Outgrow(session_, role_.kind, incarnation);
  if (role_.part == Part::kUpdate && result_ == CKR_OK)
    return operations.Feed(session_, role_.kind, incarnation, SentInput());
  // Perhaps it is the Init that is not accepted any more.
  uint64_t slot = 0;
  if (ahead_bytes_ != 0 && result_ != CKR_OK && operations.FindSlot(session_, &slot))
    GetHeritage().remembered.Forget(role_.kind, slot, operation.init);
  operations.End(session_, role_.kind);
}

}  // namespace gw::shim
