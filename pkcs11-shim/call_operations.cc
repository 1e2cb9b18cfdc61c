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

bool Call::ExpectOperation() {
  role_ = has_session_ ? RoleOf(function_) : Role{};
  if (role_.part != Part::kInit || IsCancel()) return true;
  const Lock lock;
  if (connection_->life != GetState().life || !MayTalkLocked()) return true;
  return GetHeritage().operations.Expect(session_, role_.kind);
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
  const size_t body_bytes = SentBody().size + put_.borrowed().size + 2 * sizeof(uint32_t);
  const size_t kept_bytes = operation.init.size + operation.fed.size;
  const bool repeatable = operation.phase == Operations::Phase::kBegun &&
                          body_bytes + kept_bytes <= connection_->body_limit;
  if (!repeatable) return same_daemon ? CKR_DEVICE_ERROR : CKR_OK;
  return PutInitAhead(operation) ? CKR_OK : CKR_HOST_MEMORY;
}

void Call::SettleOperation() {
  const bool session_ends =
      has_session_ &&
      (SessionIsGone(result_) || (function_ == Function::C_CloseSession && result_ == CKR_OK));
  if (role_.part == Part::kNone && !session_ends) return;
  const Lock lock;
  Operations& operations = GetHeritage().operations;
  const uint32_t incarnation = connection_->incarnation;
  if (connection_->life != GetState().life) return;
  if (session_ends) return operations.EndSession(session_);
  if (role_.part == Part::kInit) {
    if (IsCancel()) return operations.End(session_, role_.kind);
    if (result_ == CKR_OK) operations.Begin(session_, role_.kind, incarnation, SentBody());
    return;
  }
  // PKCS #11 v2.40, 5.2: a question for the length, and too small a buffer, change nothing.
  const bool changed_nothing =
      result_ == CKR_BUFFER_TOO_SMALL || (result_ == CKR_OK && length_query_);
  if (changed_nothing) {
    if (ahead_bytes_ != 0) operations.BeginAgain(session_, role_.kind, incarnation);
  } else if (role_.part == Part::kUpdate && result_ == CKR_OK) {
    operations.Feed(session_, role_.kind, incarnation, SentInput());
  } else {
    operations.End(session_, role_.kind);
  }
}

}  // namespace gw::shim
