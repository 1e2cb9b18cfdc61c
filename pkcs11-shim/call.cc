// Room: pkcs11-shim. Frames of one call; all waiting of a call happens here and below.
#include "pkcs11-shim/call.h"

#include <pthread.h>

#include "pkcs11-shim/link.h"

namespace gw::shim {
namespace {

// A request whose connection drops each time may be what kills the daemon: it is not sent for ever.
// A daemon that is killed at random instants, however often, hardly meets one call so many times.
constexpr int kMostSends = 16;

// What to ask the daemon when the shim refuses `function` by itself. The functions that go on with
// an operation end it when they fail (PKCS #11 v2.40, 5.2); so does Init without a mechanism.
Function QuestionFor(Function function) {
  const Role role = RoleOf(function);
  const bool goes_on = role.part != Part::kNone && role.part != Part::kInit;
  return goes_on ? InitOf(role.kind) : Function::C_GetSessionInfo;
}

bool IsUpNow() {
  const Lock lock;
  return GetState().phase == Phase::kUp;
}

void CountFailure() {
  const Lock lock;
  ++GetState().failures;
}

CK_RV ResultOf(Io io) {
  if (io == Io::kBadAddress) return CKR_ARGUMENTS_BAD;
  if (io == Io::kNoMemory) return CKR_HOST_MEMORY;
  return CKR_DEVICE_ERROR;
}

}  // namespace

Call::Call(Function function, CK_SESSION_HANDLE session, bool has_session)
    : function_(function), session_(session), has_session_(has_session) {
  // A thread cancelled in here would take its connection with it.
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
  OwnState();
  BeginChange();
  const CK_RV taken = TakeConnection(&connection_);
  if (taken != CKR_OK) {
    put_ = Encoder(taken);
    return;
  }
  until_ = Deadline::InMs(GetSettings().call_timeout_ms);
  Prepare();
}

Call::Call(Function function) : Call(function, 0, false) {}

Call::Call(Function function, CK_SESSION_HANDLE session) : Call(function, session, true) {}

Call::~Call() {
  if (connection_ != nullptr) GiveBack(connection_);
  EndChange();
  pthread_setcancelstate(cancel_state_, nullptr);
}

// An empty request.
void Call::Prepare() {
  put_ = Encoder(&connection_->buffer, connection_->body_limit, connection_->attribute_limit);
  if (connection_->buffer.Extend(wire::kHeaderBytes) == nullptr) put_.Refuse(CKR_HOST_MEMORY);
}

bool Call::Exchange() {
  if (put_.refusal() != CKR_OK) {
    RefuseInOrder();
    return false;
  }
  if (!RoundTrip()) return false;
  if (HasResults()) return true;
  if (reply_.left() != 0) Accept(false);
  return false;
}

bool Call::Accept(bool plausible) {
  if (plausible && reply_.AtEnd()) return true;
  CloseSocket(connection_);
  return Fail(CKR_DEVICE_ERROR);
}

// PKCS #11 v2.40, 5.1.6: a bad session comes before bad arguments; and any error but
// CKR_BUFFER_TOO_SMALL ends an operation. Both only the daemon can see to, so it is asked before a
// refusal of the shim's own is returned.
void Call::RefuseInOrder() {
  const CK_RV refusal = put_.refusal();
  result_ = refusal;
  if (connection_ == nullptr || !has_session_) return;
  function_ = QuestionFor(function_);
  connection_->buffer.Clear();
  Prepare();
  if (function_ != Function::C_GetSessionInfo) put_.U8(0);
  if (function_ != Function::C_GetSessionInfo && function_ != Function::C_DigestInit) put_.U64(0);
  const bool answered = put_.refusal() == CKR_OK && RoundTrip();
  const bool bad_session =
      answered && (result_ == CKR_SESSION_HANDLE_INVALID || result_ == CKR_SESSION_CLOSED);
  if (!bad_session) result_ = refusal;
}

bool Call::HasResults() const {
  if (result_ == CKR_OK) return true;
  if (reply_.left() == 0) return false;
  if (result_ == CKR_BUFFER_TOO_SMALL) return true;
  return function_ == Function::C_GetAttributeValue &&
         (result_ == CKR_ATTRIBUTE_SENSITIVE || result_ == CKR_ATTRIBUTE_TYPE_INVALID);
}

// C_Finalize ends calls by shutting their sockets down.
bool Call::Fail(CK_RV result) {
  result_ = IsUpNow() ? result : CKR_CRYPTOKI_NOT_INITIALIZED;
  return false;
}

// A daemon that is away is waited for, each time.
bool Call::Reach() {
  if (connection_->attached) return true;
  const Deadline back_by = Deadline::Earlier(until_, Deadline::InMs(GetSettings().reconnect_ms));
  const LinkResult link = EnsureLink(connection_, back_by);
  if (link.link == Link::kUp) return true;
  return Fail(link.link == Link::kRefused ? link.refusal : row().no_daemon);
}

// True with result_ and reply_ set: the shim has the answer, or a reply has come.
bool Call::RoundTrip() {
  request_bytes_ = connection_->buffer.size();
  const Opening opening = OpenOperation();
  if (opening == Opening::kAnswered) return true;
  if (opening == Opening::kRefused) return Fail(result_);
  const bool answered = SendUntilAnswered();
  CloseOperation(answered);
  if (has_session_ && (!answered || (result_ != CKR_OK && result_ != CKR_BUFFER_TOO_SMALL)))
    CountFailure();
  return answered;
}

// Sends the request until a reply comes. True with the frame checked and its updates stored. Every
// function may be sent again (proto/wire/WIRE.md, A request sent again); what the daemon has acted
// upon before, it answers as it did then.
bool Call::SendUntilAnswered() {
  Pause pause;
  for (int sends = 1;; ++sends) {
    if (!Reach()) return false;
    const CK_RV plan = PlanOperation();
    if (plan != CKR_OK) return Fail(plan);
    const Io io = Attempt();
    if (io == Io::kOk) return true;
    CloseSocket(connection_);
    if (io != Io::kDropped || sends == kMostSends) return Fail(ResultOf(io));
    if (sends > 1 && !pause.Wait(until_)) return Fail(row().no_daemon);
  }
}

}  // namespace gw::shim
