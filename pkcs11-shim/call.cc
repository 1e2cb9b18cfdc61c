// Room: pkcs11-shim. Frames of one call; all waiting of a call happens here and below.
#include "pkcs11-shim/call.h"

#include <pthread.h>

#include "pkcs11-shim/link.h"

namespace gw::shim {
namespace {

// A request whose connection drops each time may be what kills the daemon: it is not sent for ever.
constexpr int kMostSends = 4;

// A blocking recv ends with the socket's timeout, so up to this much after the call's deadline.
constexpr int kSlackMs = 1000;

// Functions that end an operation when they fail (PKCS #11 v2.40, 5.2), and the Init that ends it
// when it is called without a mechanism.
struct Family {
  Function first;
  Function last;
  Function init;
};
constexpr Family kFamilies[] = {
    {Function::C_Encrypt, Function::C_EncryptFinal, Function::C_EncryptInit},
    {Function::C_Decrypt, Function::C_DecryptFinal, Function::C_DecryptInit},
    {Function::C_Digest, Function::C_DigestFinal, Function::C_DigestInit},
    {Function::C_Sign, Function::C_SignFinal, Function::C_SignInit},
    {Function::C_Verify, Function::C_VerifyFinal, Function::C_VerifyInit},
};

// What to ask the daemon when the shim refuses `function` by itself.
Function QuestionFor(Function function) {
  for (const Family& family : kFamilies)
    if (function >= family.first && function <= family.last) return family.init;
  return Function::C_GetSessionInfo;
}

bool IsUpNow() {
  const Lock lock;
  return GetState().phase == Phase::kUp;
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

// All of a call's waiting for daemons to come back is bounded from its first absence on.
bool Call::Reach() {
  if (connection_->attached) return true;
  if (!was_away_) back_by_ = Deadline::Earlier(until_, Deadline::InMs(GetSettings().reconnect_ms));
  was_away_ = true;
  const LinkResult link = EnsureLink(connection_, back_by_);
  if (link.link == Link::kUp) return true;
  return Fail(link.link == Link::kRefused ? link.refusal : row().no_daemon);
}

// Sends the request until a reply comes. True with the frame checked, result_ and reply_ set.
bool Call::RoundTrip() {
  Pause pause;
  for (int sends = 1;; ++sends) {
    if (!Reach()) return false;
    bool complete = false;
    const Io io = Attempt(sends > 1, &complete);
    if (io == Io::kOk) return true;
    CloseSocket(connection_);
    // What the daemon may have done must not be done twice; a part of a frame does nothing.
    const bool may_repeat = row().retry == wire::Retry::kAgain || !complete;
    if (io != Io::kDropped || !may_repeat || sends == kMostSends) return Fail(ResultOf(io));
    if (sends > 1 && !pause.Wait(back_by_)) return Fail(row().no_daemon);
  }
}

Io Call::Attempt(bool repeat, bool* complete) {
  Buffer& buffer = connection_->buffer;
  const size_t request_bytes = buffer.size();
  const Io sent = Send(repeat);
  if (sent != Io::kOk) return sent;
  *complete = true;
  // What will not be sent again need not stay: PINs and key values are among it.
  if (row().retry == wire::Retry::kOnce) buffer.Wipe();
  const Io received = Receive();
  if (received != Io::kOk) buffer.Truncate(request_bytes);
  return received;
}

Io Call::Send(bool repeat) {
  Buffer& buffer = connection_->buffer;
  const wire::Octets borrowed = put_.borrowed();
  const size_t before = borrowed.size != 0 ? put_.borrowed_at() : buffer.size();
  wire::Header header;
  header.body_bytes = static_cast<uint32_t>(buffer.size() - wire::kHeaderBytes + borrowed.size);
  header.function = static_cast<uint16_t>(function_);
  header.flags = repeat ? wire::kFlagRepeat : uint16_t{0};
  header.request = connection_->request;
  header.session_or_result = session_;
  uint8_t encoded[wire::kHeaderBytes];
  wire::EncodeHeader(header, encoded);
  memcpy(buffer.data(), encoded, sizeof(encoded));
  iovec parts[] = {{buffer.data(), before},
                   {const_cast<uint8_t*>(borrowed.data), borrowed.size},
                   {buffer.data() + before, buffer.size() - before}};
  return SendAll(connection_->fd, parts, borrowed.size != 0 ? 3 : 1, until_);
}

bool Call::TakeHeader(const uint8_t* frame, size_t* frame_bytes) {
  uint8_t encoded[wire::kHeaderBytes];
  memcpy(encoded, frame, sizeof(encoded));
  const wire::Header header = wire::DecodeHeader(encoded);
  *frame_bytes = wire::kHeaderBytes + header.body_bytes;
  result_ = static_cast<CK_RV>(header.session_or_result);
  return header.function == static_cast<uint16_t>(function_) && header.flags == 0 &&
         header.request == connection_->request && header.body_bytes <= wire::kMaxBodyBytes;
}

// The reply is received behind the request, which may have to be sent again.
Io Call::Receive() {
  Buffer& buffer = connection_->buffer;
  const size_t start = buffer.size();
  size_t have = 0;
  size_t want = wire::kHeaderBytes;
  bool in_recv = until_.LeftMs() + kSlackMs >= GetSettings().call_timeout_ms;
  while (have < want) {
    if (!buffer.Reserve(start + want)) return Io::kNoMemory;
    size_t received = 0;
    const Io io =
        ReceiveSome(connection_->fd, buffer.end(), buffer.room(), until_, in_recv, &received);
    if (io != Io::kOk) return io;
    buffer.Extend(received);
    const bool has_header = have < wire::kHeaderBytes && have + received >= wire::kHeaderBytes;
    if (has_header && !TakeHeader(buffer.data() + start, &want)) return Io::kBroken;
    have += received;
    in_recv = false;
  }
  // One request is in flight, so nothing may follow its reply.
  if (have != want) return Io::kBroken;
  reply_ = wire::Reader(buffer.data() + start + wire::kHeaderBytes, want - wire::kHeaderBytes);
  return Io::kOk;
}

void SayGoodbye(Connection* connection, Deadline until) {
  if (!connection->attached) return;
  wire::Header header;
  header.function = static_cast<uint16_t>(Function::C_Finalize);
  header.request = connection->request;
  uint8_t frame[wire::kHeaderBytes];
  wire::EncodeHeader(header, frame);
  iovec part = {frame, sizeof(frame)};
  // Closing the connections says the same, so whatever goes wrong here is no error. The answer is
  // awaited so that the sessions are closed when C_Finalize returns.
  if (SendAll(connection->fd, &part, 1, until) == Io::kOk)
    ReceiveAll(connection->fd, frame, sizeof(frame), until);
}

}  // namespace gw::shim
