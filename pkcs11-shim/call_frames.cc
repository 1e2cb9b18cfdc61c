// Room: pkcs11-shim. The frames of one call, on one connection.
#include "pkcs11-shim/call.h"
#include "pkcs11-shim/updates.h"

namespace gw::shim {
namespace {

// A blocking recv ends with the socket's timeout, so up to this much after the call's deadline.
constexpr int kSlackMs = 1000;

}  // namespace

Io Call::Attempt() {
  __atomic_store_n(&connection_->awaits, true, __ATOMIC_SEQ_CST);
  const Io sent = Send();
  if (sent != Io::kOk) return sent;
  was_sent_ = true;
  const Io received = Receive();
  __atomic_store_n(&connection_->awaits, false, __ATOMIC_SEQ_CST);
  return received;
}

// A part of a frame does nothing, so a request that has not left whole is none to repeat.
Io Call::Send() {
  uint8_t* data = connection_->buffer.data();
  const wire::Octets borrowed = put_.borrowed();
  const size_t before = borrowed.size != 0 ? put_.borrowed_at() : request_bytes_;
  wire::Header header;
  header.body_bytes = static_cast<uint32_t>(SentBody().size + borrowed.size + ahead_bytes_);
  header.function = static_cast<uint16_t>(function_);
  header.flags = static_cast<uint16_t>((was_sent_ ? wire::kFlagRepeat : 0) |
                                       (ahead_bytes_ != 0 ? wire::kFlagInitAhead : 0));
  header.request = connection_->request;
  header.session_or_result = session_;
  uint8_t encoded[wire::kHeaderBytes];
  wire::EncodeHeader(header, encoded);
  memcpy(data, encoded, sizeof(encoded));
  iovec parts[] = {{data, wire::kHeaderBytes},
                   {data + request_bytes_, ahead_bytes_},
                   {data + wire::kHeaderBytes, before - wire::kHeaderBytes},
                   {const_cast<uint8_t*>(borrowed.data), borrowed.size},
                   {data + before, request_bytes_ - before}};
  if (ahead_bytes_ != 0 || borrowed.size != 0) return SendAll(connection_->fd, parts, 5, until_);
  iovec whole = {data, request_bytes_};
  return SendAll(connection_->fd, &whole, 1, until_);
}

bool Call::TakeHeader(const uint8_t* frame, size_t* frame_bytes) {
  uint8_t encoded[wire::kHeaderBytes];
  memcpy(encoded, frame, sizeof(encoded));
  const wire::Header header = wire::DecodeHeader(encoded);
  *frame_bytes = wire::kHeaderBytes + header.body_bytes;
  result_ = static_cast<CK_RV>(header.session_or_result);
  reply_flags_ = header.flags;
  return header.function == static_cast<uint16_t>(function_) &&
         (header.flags & ~wire::kFlagRecords) == 0 && header.request == connection_->request &&
         header.body_bytes <= wire::kMaxBodyBytes;
}

// What the reply changes of the application's records is stored before its results are used: when
// the application sees them, they survive the daemon.
Io Call::StoreUpdates(wire::Octets* body) {
  wire::Octets updates;
  if (!SplitUpdates(body, &updates)) return Io::kBroken;
  const Lock lock;
  // C_Finalize has begun, and nothing is kept.
  if (!MayTalkLocked()) return Io::kOk;
  // Of a daemon that is gone, after another took over: what it did, it did not acknowledge in time.
  if (connection_->incarnation != GetHeritage().incarnation) return Io::kDropped;
  return GetHeritage().vault.Apply(updates) ? Io::kOk : Io::kNoMemory;
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
  wire::Octets body = {buffer.data() + start + wire::kHeaderBytes, want - wire::kHeaderBytes};
  if ((reply_flags_ & wire::kFlagRecords) != 0) {
    const Io stored = StoreUpdates(&body);
    if (stored != Io::kOk) return stored;
  }
  reply_ = wire::Reader(body.data, body.size);
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
