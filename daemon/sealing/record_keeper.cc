// Room: sealing.
#include "daemon/sealing/record_keeper.h"

#include <optional>

#include "daemon/core/log.h"
#include "daemon/core/metrics.h"
#include "daemon/localcrypto/random.h"
#include "daemon/sealing/record.h"

namespace gw {
namespace {

template <typename Number>
Number Random() {
  Byte bytes[sizeof(Number)];
  RandomBytes(bytes);
  Number number = 0;
  for (Byte byte : bytes) number = static_cast<Number>(number << 8 | byte);
  return number;
}

// Far apart from those of other applications, and of this one's earlier lives, with room to count.
FirstNumbers RandomNumbers() {
  FirstNumbers first;
  first.session = (std::uint64_t{Random<std::uint32_t>()} << 16) + 1;
  first.object = ((std::uint64_t{Random<std::uint32_t>()} << 16) & (kMaxObjectNumber >> 1)) + 1;
  return first;
}

// Nobody remembers which logins of a restored application have ended.
FirstNumbers NumbersOfNextLife() {
  FirstNumbers first = RandomNumbers();
  first.generation = Random<std::uint32_t>() % kMaxGeneration + 1;
  return first;
}

ApplicationId RandomId() {
  ApplicationId id;
  RandomBytes(id);
  return id;
}

Bytes Binding(const ApplicationId& id, std::uint32_t number) {
  Bytes binding = CopyOf(ByteView(id));
  AppendU32Be(binding, number);
  return binding;
}

// Longer than that of any record.
Bytes StateBinding(const Application& application) {
  Bytes binding = CopyOf(std::string_view("state of operations, of user "));
  AppendU32Be(binding, application.owner().uid);
  return binding;
}

// Servers start as root, look their keys up, then fork, daemonise and drop privileges, or drop them
// in place: only such a process can hold what root was given.
bool MayPresent(const Owner& owner, const Peer& peer) {
  return owner.uid == peer.uid || owner.uid == 0 ||
         (!owner.unit.empty() && owner.unit == peer.unit);
}

Error Refused(const Peer& peer, const char* why) {
  static auto& refusals = metrics::CounterFamily("grep11_records_refused_total",
                                                 "Applications whose sealed records were refused");
  refusals.Add({}).Increment();
  log::Warn("process {} (uid {}, unit {}) presented an application's records; refused: {}",
            peer.pid, peer.uid, peer.unit.empty() ? "none" : peer.unit.c_str(), why);
  return CallerError(CKR_SESSION_HANDLE_INVALID, why);
}

// The present state of what changed; nullopt: there is no such thing any more.
std::optional<ApplicationRecord> Content(Application& application, const RecordChange& change) {
  switch (change.kind) {
    case RecordChange::Kind::kOwner:
      return OwnerRecord{application.owner()};
    case RecordChange::Kind::kSession: {
      const SessionPtr session = application.FindSession(SessionHandle{change.key});
      if (session == nullptr) return std::nullopt;
      return SessionRecord{session->handle, session->slot, session->read_write};
    }
    case RecordChange::Kind::kLogin: {
      const SlotId slot{change.key};
      const Login& login = application.LoginOf(slot);
      if (login.user == UserState::kAnonymous) return std::nullopt;
      SecretBytes key =
          login.identity == nullptr ? login.key.Clone() : SecretBytes(login.identity->api_key());
      return LoginRecord{slot, login.user, login.generation, std::move(key)};
    }
    case RecordChange::Kind::kObject: {
      const ObjectPtr object = application.FindSessionObject(change.key);
      if (object == nullptr) return std::nullopt;
      return ObjectRecord{*object};
    }
    case RecordChange::Kind::kDeleted:
      return std::nullopt;
  }
  return std::nullopt;
}

// Puts one record back. False: it contradicts another.
class Putter {
 public:
  Putter(Application& application, TokenTable& tokens, std::uint32_t number)
      : application_(application), tokens_(tokens), number_(number) {}

  bool operator()(OwnerRecord& /*record*/) const { return true; }
  // What belongs to a slot that is not configured any more is gone with it.
  bool operator()(SessionRecord& record) const {
    Token* token = tokens_.Find(record.slot);
    return token == nullptr ||
           application_.RestoreSession(*token, record.handle, record.read_write, number_);
  }
  bool operator()(LoginRecord& record) const {
    Token* token = tokens_.Find(record.slot);
    return token == nullptr || application_.RestoreLogin(*token, record.user, record.generation,
                                                         std::move(record.api_key), number_);
  }
  bool operator()(ObjectRecord& record) const {
    const Token* token = tokens_.Find(record.object.slot);
    if (token == nullptr) return true;
    const bool changed = token->MeetAgain(record.object);
    return application_.RestoreObject(std::move(record.object), number_, changed);
  }

 private:
  Application& application_;
  TokenTable& tokens_;
  const std::uint32_t number_;
};

}  // namespace

struct RecordKeeper::Opened {
  Owner owner;
  std::vector<std::pair<std::uint32_t, ApplicationRecord>> records;
};

RecordKeeper::RecordKeeper(SecretBytes key, TokenTable& tokens, ApplicationTable& applications)
    : sealer_(std::move(key)), tokens_(tokens), applications_(applications) {}

Result<ApplicationPtr> RecordKeeper::Begin(const Peer& peer) {
  return applications_.Create(RandomId(), peer, Owner{peer.uid, peer.unit}, RandomNumbers());
}

Result<RecordKeeper::Opened> RecordKeeper::Open(const ApplicationId& id,
                                                const std::vector<SealedRecord>& records,
                                                const Peer& peer) const {
  Opened opened;
  bool owned = false;
  for (const SealedRecord& sealed : records) {
    const auto plain = sealer_.Unseal(sealed.octets, Binding(id, sealed.number));
    if (!plain) return Refused(peer, "altered, another application's, or sealed before a reboot");
    auto record = DecodeRecord(plain->view());
    if (!record) return Refused(peer, record.error().detail.c_str());
    const auto* owner = std::get_if<OwnerRecord>(&*record);
    if ((owner != nullptr) != (sealed.number == kOwnerRecord)) return Refused(peer, "misplaced");
    if (owner != nullptr) {
      opened.owner = owner->owner;
      owned = true;
    }
    opened.records.emplace_back(sealed.number, *std::move(record));
  }
  if (!owned) return Refused(peer, "the record that says whose they are is missing");
  if (!MayPresent(opened.owner, peer)) return Refused(peer, "they were made for another user");
  return opened;
}

Status RecordKeeper::Fill(Application& application, Opened opened, std::size_t most_sessions) {
  for (auto& [number, record] : opened.records) {
    if (!std::visit(Putter(application, tokens_, number), record)) {
      return Refused(application.peer(), "they contradict each other");
    }
  }
  if (application.session_count() > most_sessions) {
    return StateError(CKR_HOST_MEMORY, "gateway.limits.sessions_per_application reached");
  }
  if (!application.FinishRestoring()) return Refused(application.peer(), "some are missing");
  return Ok();
}

Result<ApplicationPtr> RecordKeeper::Make(const ApplicationId& id, Owner owner, Opened opened,
                                          const Peer& peer, std::size_t most_sessions) {
  GW_TRY(application, applications_.Create(id, peer, std::move(owner), NumbersOfNextLife()));
  if (auto filled = Fill(*application, std::move(opened), most_sessions); !filled) {
    applications_.Remove(*application);
    return std::move(filled).error();
  }
  return application;
}

Result<ApplicationPtr> RecordKeeper::Restore(const ApplicationId& id,
                                             const std::vector<SealedRecord>& records,
                                             const Peer& peer, std::size_t most_sessions) {
  if (applications_.Find(id) != nullptr) {
    if (auto joined = applications_.Join(id, peer)) return joined;
    return Clone(id, records, peer, most_sessions);
  }
  GW_TRY(opened, Open(id, records, peer));
  Owner owner = opened.owner;
  return Make(id, std::move(owner), std::move(opened), peer, most_sessions);
}

Result<ApplicationPtr> RecordKeeper::Clone(const ApplicationId& id,
                                           const std::vector<SealedRecord>& records,
                                           const Peer& peer, std::size_t most_sessions) {
  GW_TRY(opened, Open(id, records, peer));
  return Make(RandomId(), Owner{peer.uid, peer.unit}, std::move(opened), peer, most_sessions);
}

std::vector<RecordUpdate> RecordKeeper::TakeUpdates(Application& application) const {
  return SealAll(application, application.TakeChanges());
}

std::vector<RecordUpdate> RecordKeeper::TakeAll(Application& application) const {
  return SealAll(application, application.TakeAllRecords());
}

std::vector<RecordUpdate> RecordKeeper::SealAll(Application& application,
                                                const std::vector<RecordChange>& changes) const {
  std::vector<RecordUpdate> updates;
  updates.reserve(changes.size());
  for (const RecordChange& change : changes) {
    RecordUpdate update{change.record, application.NextVersion(), {}};
    if (const auto content = Content(application, change)) {
      const SecretBytes plain = EncodeRecord(*content);
      update.octets = sealer_.Seal(plain.view(), Binding(application.id(), change.record));
    }
    updates.push_back(std::move(update));
  }
  return updates;
}

Bytes RecordKeeper::SealState(const Application& application, ByteView plain) const {
  return sealer_.Seal(plain, StateBinding(application));
}

Result<SecretBytes> RecordKeeper::OpenState(const Application& application, ByteView sealed) const {
  return sealer_.Unseal(sealed, StateBinding(application));
}

}  // namespace gw
