// Room: pkcs11-shim. The Attach handshake of proto/wire/WIRE.md.
#include "pkcs11-shim/link.h"

#include <errno.h>
#include <string.h>

#include "pkcs11-shim/transport.h"

namespace gw::shim {
namespace {

constexpr int kLongestPauseMs = 100;
constexpr size_t kMostAttachBytes = 256;

// A few hundred bytes on the stack, as a wire::Writer wants them.
struct SmallBuffer {
  uint8_t bytes[wire::kHeaderBytes + kMostAttachBytes];
  size_t size = 0;

  uint8_t* Extend(size_t more) {
    if (more > sizeof(bytes) - size) return nullptr;
    uint8_t* here = bytes + size;
    size += more;
    return here;
  }
};

// As whom a connection attaches: an id, or the duty to get one.
struct Claim {
  bool asks = false;  // this thread asks for a new id; the others wait for it
  uint32_t epoch = 0;
  uint64_t request = 0;
  uint8_t id[wire::kApplicationIdBytes] = {};
};

struct AttachAnswer {
  CK_RV result = CKR_OK;
  uint16_t version = 0;
  wire::Octets id;
  uint32_t features = 0;
  uint32_t body_limit = 0;
  uint32_t attribute_limit = 0;
};

// Only one thread at a time asks for an application id, or this process would become several
// applications that do not see each other's sessions.
bool MakeClaim(Deadline until, Claim* claim) {
  State& state = GetState();
  const Lock lock;
  while (MayTalkLocked() && state.identity == Identity::kAsking) {
    if (!WaitLocked(&state.changed, until)) return false;
  }
  if (!MayTalkLocked()) return false;
  claim->asks = state.identity == Identity::kNone;
  if (claim->asks) state.identity = Identity::kAsking;
  claim->epoch = state.epoch;
  claim->request = ++state.last_request;
  memcpy(claim->id, state.application, sizeof(claim->id));
  return true;
}

// Records what came of the claim; nullptr: no usable answer. False when the claim was overtaken:
// the id it was made with is not this process's any more.
bool SettleClaim(const Claim& claim, const AttachAnswer* answer, Connection* connection) {
  State& state = GetState();
  const Lock lock;
  if (!MayTalkLocked() || state.epoch != claim.epoch) return false;
  const bool attached = answer != nullptr && answer->result == CKR_OK;
  const bool unknown = answer != nullptr && answer->result == CKR_SESSION_HANDLE_INVALID;
  if (claim.asks) state.identity = attached ? Identity::kKnown : Identity::kNone;
  // A new epoch makes the threads that hold the old id try again instead of undoing what the one
  // that asks for the new id is at.
  if (!claim.asks && unknown) state.identity = Identity::kNone;
  if (claim.asks ? attached : unknown) ++state.epoch;
  if (attached) {
    if (claim.asks) memcpy(state.application, answer->id.data, sizeof(state.application));
    state.body_limit = answer->body_limit;
    state.attribute_limit = answer->attribute_limit;
    connection->epoch = state.epoch;
    connection->attached = true;
  }
  pthread_cond_broadcast(&state.changed);
  return true;
}

void EncodeAttach(const Claim& claim, SmallBuffer* frame) {
  frame->Extend(wire::kHeaderBytes);
  wire::Writer<SmallBuffer> body(*frame);
  body.U32(wire::kAttachMagic);
  body.U16(wire::kVersionMin);
  body.U16(wire::kVersionMax);
  body.Bytes(GW_SHIM_VERSION, sizeof(GW_SHIM_VERSION) - 1);
  body.U8(sizeof(CK_ULONG));
  body.U32(0);  // features
  body.Bytes(claim.id, claim.asks ? 0 : sizeof(claim.id));
  body.U8(0);   // clone
  body.U32(0);  // records
  wire::Header header;
  header.body_bytes = static_cast<uint32_t>(frame->size - wire::kHeaderBytes);
  header.function = static_cast<uint16_t>(wire::Function::kAttach);
  header.request = claim.request;
  uint8_t encoded[wire::kHeaderBytes];
  wire::EncodeHeader(header, encoded);
  memcpy(frame->bytes, encoded, sizeof(encoded));
}

bool IsAnswerTo(const Claim& claim, const wire::Header& header) {
  return header.function == static_cast<uint16_t>(wire::Function::kAttach) && header.flags == 0 &&
         header.request == claim.request && header.body_bytes <= kMostAttachBytes;
}

bool DecodeAttachReply(const Claim& claim, const wire::Header& header, const uint8_t* body,
                       AttachAnswer* answer) {
  answer->result = static_cast<CK_RV>(header.session_or_result);
  wire::Reader reader(body, header.body_bytes);
  if (answer->result != CKR_OK) return reader.AtEnd();
  answer->version = reader.U16();
  answer->id = reader.Bytes();
  answer->features = reader.U32();
  answer->body_limit = reader.U32();
  answer->attribute_limit = reader.U32();
  const bool sound = reader.AtEnd() && answer->version >= wire::kVersionMin &&
                     answer->version <= wire::kVersionMax && answer->features == 0 &&
                     answer->id.size == wire::kApplicationIdBytes;
  return sound && (claim.asks || memcmp(answer->id.data, claim.id, sizeof(claim.id)) == 0);
}

enum class Handshake : uint8_t { kAnswered, kAway, kBroken };

// `reply` receives what `answer` points into.
Handshake ShakeHands(int fd, const Claim& claim, Deadline until, SmallBuffer* reply,
                     AttachAnswer* answer) {
  SmallBuffer frame;
  EncodeAttach(claim, &frame);
  iovec part = {frame.bytes, frame.size};
  if (SendAll(fd, &part, 1, until) != Io::kOk) return Handshake::kAway;
  uint8_t encoded[wire::kHeaderBytes];
  if (ReceiveAll(fd, encoded, sizeof(encoded), until) != Io::kOk) return Handshake::kAway;
  const wire::Header header = wire::DecodeHeader(encoded);
  if (!IsAnswerTo(claim, header)) return Handshake::kBroken;
  if (ReceiveAll(fd, reply->bytes, header.body_bytes, until) != Io::kOk) return Handshake::kAway;
  return DecodeAttachReply(claim, header, reply->bytes, answer) ? Handshake::kAnswered
                                                                : Handshake::kBroken;
}

constexpr LinkResult kTryAgain = {Link::kAway, CKR_OK, 0};

// One attempt.
LinkResult TryAttach(Connection* connection, Deadline until) {
  Claim claim;
  if (!MakeClaim(until, &claim)) return {Link::kAway, CKR_OK, ETIMEDOUT};
  int error = ECONNRESET;
  const int fd = OpenSocket(GetSettings(), until, &error);
  if (fd < 0 || !AdoptSocket(connection, fd)) {
    SettleClaim(claim, nullptr, connection);
    return {Link::kAway, CKR_OK, error};
  }
  SmallBuffer reply;
  AttachAnswer answer;
  const Handshake handshake = ShakeHands(fd, claim, until, &reply, &answer);
  const bool answered = handshake == Handshake::kAnswered;
  const bool current = SettleClaim(claim, answered ? &answer : nullptr, connection);
  if (connection->attached) return {Link::kUp, CKR_OK, 0};
  CloseSocket(connection);
  if (handshake == Handshake::kAway) return {Link::kAway, CKR_OK, ECONNRESET};
  if (!current) return kTryAgain;
  if (handshake == Handshake::kBroken) return {Link::kRefused, CKR_DEVICE_ERROR, 0};
  if (answer.result == CKR_SESSION_HANDLE_INVALID && !claim.asks) return kTryAgain;
  return {Link::kRefused, answer.result, 0};
}

}  // namespace

bool Pause::Wait(Deadline until) {
  const Deadline pause = Deadline::Earlier(Deadline::InMs(ms_), until);
  ms_ = ms_ < kLongestPauseMs / 2 ? 2 * ms_ : kLongestPauseMs;
  State& state = GetState();
  const Lock lock;
  while (MayTalkLocked() && WaitLocked(&state.changed, pause)) {
  }
  return MayTalkLocked() && !until.Passed();
}

LinkResult EnsureLink(Connection* connection, Deadline until) {
  if (connection->attached) return {Link::kUp, CKR_OK, 0};
  Pause pause;
  for (;;) {
    CloseSocket(connection);
    const LinkResult result = TryAttach(connection, until);
    if (result.link != Link::kAway) return result;
    if (result.error == ENAMETOOLONG) return result;
    if (result.error == 0 && !until.Passed()) continue;
    if (!pause.Wait(until)) return result;
  }
}

}  // namespace gw::shim
