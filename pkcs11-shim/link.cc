// Room: pkcs11-shim. The Attach handshake of proto/wire/WIRE.md.
#include "pkcs11-shim/link.h"

#include <errno.h>
#include <string.h>

#include "pkcs11-shim/epoch.h"
#include "pkcs11-shim/memory.h"
#include "pkcs11-shim/transport.h"
#include "pkcs11-shim/updates.h"

namespace gw::shim {
namespace {

constexpr int kLongestPauseMs = 100;

// A frame of any size, for as long as the attempt lasts. The connection's own buffer holds the
// request of the call that wants to be attached.
struct FrameBuffer : Buffer {
  FrameBuffer() = default;
  ~FrameBuffer() { Free(); }
};

// As whom a connection attaches.
struct Claim {
  wire::Manner manner = wire::Manner::kJoin;
  Identity from = Identity::kNone;
  uint32_t incarnation = 0;
  uint64_t request = 0;
  uint8_t id[wire::kApplicationIdBytes] = {};

  // A page serves all connections to one daemon.
  uint32_t features() const { return asks() ? wire::kFeatureEpochPage : 0; }

  // This thread decides what the process is from now on; the others wait for it.
  bool asks() const { return manner != wire::Manner::kJoin; }
  bool presents_id() const { return manner != wire::Manner::kBegin; }
  bool presents_records() const { return asks() && presents_id(); }
};

struct AttachAnswer {
  AttachAnswer() = default;
  ~AttachAnswer() { UnmapEpoch(epoch); }
  AttachAnswer(const AttachAnswer&) = delete;
  AttachAnswer& operator=(const AttachAnswer&) = delete;

  CK_RV result = CKR_OK;
  uint16_t version = 0;
  wire::Octets id;
  uint32_t features = 0;
  uint32_t body_limit = 0;
  uint32_t attribute_limit = 0;
  bool has_updates = false;
  wire::Octets updates;
  const uint64_t* epoch = nullptr;  // of the daemon, if it granted the page
};

wire::Manner MannerOf(Identity identity) {
  if (identity == Identity::kNone) return wire::Manner::kBegin;
  if (identity == Identity::kLost) return wire::Manner::kRestore;
  if (identity == Identity::kInherited) return wire::Manner::kClone;
  return wire::Manner::kJoin;
}

// Only one thread at a time begins, restores or clones, or this process would become several
// applications that do not see each other's sessions. Before it restores, every reply that the old
// daemon has sent must have been applied: its changes are acknowledged, and the new daemon knows of
// them from the records alone.
bool MakeClaim(const Connection* connection, Deadline until, Claim* claim) {
  State& state = GetState();
  const Lock lock;
  while (MayTalkLocked() && state.identity == Identity::kAsking) {
    if (!WaitLocked(&state.changed, until)) return false;
  }
  if (!MayTalkLocked()) return false;
  claim->from = state.identity;
  claim->manner = MannerOf(state.identity);
  if (claim->asks()) state.identity = Identity::kAsking;
  const Heritage& heritage = GetHeritage();
  claim->incarnation = heritage.incarnation;
  if (claim->manner == wire::Manner::kRestore && !DrainLocked(connection, until)) {
    if (heritage.incarnation != claim->incarnation) return false;  // C_Finalize, C_Initialize
    state.identity = claim->from;
    pthread_cond_broadcast(&state.changed);
    return false;
  }
  claim->request = ++state.last_request;
  if (claim->presents_id()) memcpy(claim->id, heritage.vault.id(), sizeof(claim->id));
  return true;
}

bool IsOurs(const Claim& claim, const AttachAnswer& answer) {
  return claim.presents_id() && memcmp(answer.id.data, claim.id, sizeof(claim.id)) == 0;
}

// With the lock held. False without memory.
bool KeepRecordsLocked(const Claim& claim, const AttachAnswer& answer) {
  Vault& vault = GetHeritage().vault;
  if (!IsOurs(claim, answer)) return vault.Replace(answer.id.data, answer.updates);
  vault.BeginVersions();
  return vault.Apply(answer.updates);
}

// With the lock held: this process is nobody any more. Its handles are invalid.
void LoseApplicationLocked() {
  GetHeritage().operations.Drop();
  GetHeritage().vault.Drop();
  GetState().identity = Identity::kNone;
  ++GetState().life;
}

enum class Settled : uint8_t { kAttached, kNotAttached, kOvertaken, kLost, kNoMemory };

// With the lock held: what came of a claim to begin, restore or clone.
Settled SettleAskedLocked(const Claim& claim, AttachAnswer* answer) {
  State& state = GetState();
  state.identity = claim.from;
  if (answer == nullptr) return Settled::kNotAttached;
  if (answer->result == CKR_SESSION_HANDLE_INVALID && claim.presents_id()) {
    LoseApplicationLocked();
    return Settled::kLost;
  }
  if (answer->result != CKR_OK) return Settled::kNotAttached;
  if (!KeepRecordsLocked(claim, *answer)) return Settled::kNoMemory;
  state.identity = Identity::kKnown;
  ++GetHeritage().incarnation;
  const uint64_t* before = GetHeritage().epoch;
  Publish(&GetHeritage().epoch, answer->epoch);
  answer->epoch = before;
  return Settled::kAttached;
}

// The same of a claim to join. Another thread may have lost the application in the meantime, or be
// about to find it again: it has waited for the calls it knew of, so this one must not be attached.
Settled SettleJoinedLocked(const AttachAnswer* answer) {
  State& state = GetState();
  if (state.identity != Identity::kKnown) return Settled::kOvertaken;
  if (answer != nullptr && answer->result == CKR_SESSION_HANDLE_INVALID) {
    state.identity = Identity::kLost;
    return Settled::kOvertaken;
  }
  return answer != nullptr && answer->result == CKR_OK ? Settled::kAttached : Settled::kNotAttached;
}

// Records what came of the claim; nullptr: no usable answer.
Settled SettleClaim(const Claim& claim, AttachAnswer* answer, Connection* connection) {
  State& state = GetState();
  Heritage& heritage = GetHeritage();
  const Lock lock;
  if (!MayTalkLocked() || heritage.incarnation != claim.incarnation) return Settled::kOvertaken;
  const Settled settled =
      claim.asks() ? SettleAskedLocked(claim, answer) : SettleJoinedLocked(answer);
  if (settled == Settled::kAttached) {
    heritage.body_limit = answer->body_limit;
    heritage.attribute_limit = answer->attribute_limit;
    connection->incarnation = heritage.incarnation;
    connection->attached = true;
  }
  pthread_cond_broadcast(&state.changed);
  return settled;
}

// u32 count, and the records. False without memory, or if C_Finalize has dropped them.
bool EncodeRecords(const Claim& claim, FrameBuffer* frame, wire::Writer<Buffer>* body) {
  if (!claim.presents_records()) {
    body->U32(0);
    return body->ok();
  }
  const Lock lock;
  const Vault& vault = GetHeritage().vault;
  if (vault.empty() || !frame->Reserve(frame->size() + vault.EncodedBytes())) return false;
  vault.Encode(*body);
  return body->ok();
}

bool EncodeAttach(const Claim& claim, FrameBuffer* frame) {
  if (frame->Extend(wire::kHeaderBytes) == nullptr) return false;
  wire::Writer<Buffer> body(*frame);
  body.U32(wire::kAttachMagic);
  body.U16(wire::kVersionMin);
  body.U16(wire::kVersionMax);
  body.Bytes(GetSettings().shim, GetSettings().shim_bytes);
  body.U8(sizeof(CK_ULONG));
  body.U32(claim.features());
  body.U8(static_cast<uint8_t>(claim.manner));
  body.Bytes(claim.id, claim.presents_id() ? sizeof(claim.id) : 0);
  if (!EncodeRecords(claim, frame, &body)) return false;
  wire::Header header;
  header.body_bytes = static_cast<uint32_t>(frame->size() - wire::kHeaderBytes);
  header.function = static_cast<uint16_t>(wire::Function::kAttach);
  header.request = claim.request;
  uint8_t encoded[wire::kHeaderBytes];
  wire::EncodeHeader(header, encoded);
  memcpy(frame->data(), encoded, sizeof(encoded));
  return true;
}

bool IsAnswerTo(const Claim& claim, const wire::Header& header) {
  const uint16_t allowed = claim.asks() ? wire::kFlagRecords : uint16_t{0};
  return header.function == static_cast<uint16_t>(wire::Function::kAttach) &&
         (header.flags & ~allowed) == 0 && header.request == claim.request &&
         header.body_bytes <= wire::kMaxBodyBytes;
}

// Whose connection this is now: a new application's after begin and clone, ours after join, either
// after restore.
bool IdIsSound(const Claim& claim, const AttachAnswer& answer) {
  if (answer.id.size != wire::kApplicationIdBytes) return false;
  if (claim.manner == wire::Manner::kJoin) return IsOurs(claim, answer);
  return claim.manner == wire::Manner::kRestore || !IsOurs(claim, answer);
}

bool DecodeAttachReply(const Claim& claim, const wire::Header& header, const uint8_t* frame,
                       AttachAnswer* answer) {
  answer->result = static_cast<CK_RV>(header.session_or_result);
  wire::Octets body = {frame, header.body_bytes};
  answer->has_updates = (header.flags & wire::kFlagRecords) != 0;
  if (answer->has_updates && !SplitUpdates(&body, &answer->updates)) return false;
  wire::Reader reader(body.data, body.size);
  if (answer->result != CKR_OK) return reader.AtEnd() && !answer->has_updates;
  answer->version = reader.U16();
  answer->id = reader.Bytes();
  answer->features = reader.U32();
  answer->body_limit = reader.U32();
  answer->attribute_limit = reader.U32();
  return reader.AtEnd() && answer->version >= wire::kVersionMin &&
         answer->version <= wire::kVersionMax && (answer->features & ~claim.features()) == 0 &&
         IdIsSound(claim, *answer);
}

enum class Handshake : uint8_t { kAnswered, kAway, kBroken, kNoMemory };

// `frame` is the request, and receives what `answer` points into.
Handshake ShakeHands(int fd, const Claim& claim, Deadline until, FrameBuffer* frame,
                     AttachAnswer* answer) {
  if (!EncodeAttach(claim, frame)) return Handshake::kNoMemory;
  // More than a frame holds, so more than any daemon gave out: none will take it.
  if (frame->size() - wire::kHeaderBytes > wire::kMaxBodyBytes) {
    answer->result = CKR_SESSION_HANDLE_INVALID;
    return Handshake::kAnswered;
  }
  iovec part = {frame->data(), frame->size()};
  if (SendAll(fd, &part, 1, until) != Io::kOk) return Handshake::kAway;
  uint8_t encoded[wire::kHeaderBytes];
  int passed = -1;
  const Io received = ReceiveWithDescriptor(fd, encoded, sizeof(encoded), until, &passed);
  answer->epoch = MapEpoch(passed);
  if (received != Io::kOk) return Handshake::kAway;
  const wire::Header header = wire::DecodeHeader(encoded);
  if (!IsAnswerTo(claim, header)) return Handshake::kBroken;
  if (!frame->Reserve(header.body_bytes)) return Handshake::kNoMemory;
  if (ReceiveAll(fd, frame->data(), header.body_bytes, until) != Io::kOk) return Handshake::kAway;
  if (!DecodeAttachReply(claim, header, frame->data(), answer)) return Handshake::kBroken;
  // Granted without a page: this process has no descriptor left. It makes do without.
  const bool granted = (answer->features & wire::kFeatureEpochPage) != 0;
  if (!granted) {
    UnmapEpoch(answer->epoch);
    answer->epoch = nullptr;
  }
  return Handshake::kAnswered;
}

void ExplainLoss() {
  const Settings& settings = GetSettings();
  Complain(settings,
           "the daemon at %s did not take back the sessions of this process, so they are closed: "
           "its log says why",
           NameOf(settings).text);
}

constexpr LinkResult kTryAgain = {Link::kAway, CKR_OK, 0};

LinkResult ResultOf(Settled settled, Handshake handshake, const AttachAnswer& answer) {
  if (settled == Settled::kAttached) return {Link::kUp, CKR_OK, 0};
  if (settled == Settled::kLost) ExplainLoss();
  if (handshake == Handshake::kAway) return {Link::kAway, CKR_OK, ECONNRESET};
  if (settled == Settled::kOvertaken || settled == Settled::kLost) return kTryAgain;
  if (settled == Settled::kNoMemory || handshake == Handshake::kNoMemory)
    return {Link::kRefused, CKR_HOST_MEMORY, 0};
  if (handshake == Handshake::kBroken) return {Link::kRefused, CKR_DEVICE_ERROR, 0};
  return {Link::kRefused, answer.result, 0};
}

// One attempt.
LinkResult TryAttach(Connection* connection, Deadline until) {
  Claim claim;
  if (!MakeClaim(connection, until, &claim)) return {Link::kAway, CKR_OK, ETIMEDOUT};
  int error = ECONNRESET;
  const int fd = OpenSocket(GetSettings(), until, &error);
  if (fd < 0 || !AdoptSocket(connection, fd)) {
    SettleClaim(claim, nullptr, connection);
    return {Link::kAway, CKR_OK, error};
  }
  FrameBuffer frame;
  AttachAnswer answer;
  const Handshake handshake = ShakeHands(fd, claim, until, &frame, &answer);
  const bool answered = handshake == Handshake::kAnswered;
  const Settled settled = SettleClaim(claim, answered ? &answer : nullptr, connection);
  if (settled != Settled::kAttached) CloseSocket(connection);
  return ResultOf(settled, handshake, answer);
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
