// Room: token.
#include "daemon/token/application.h"

#include "daemon/attributes/attribute_access.h"

namespace gw {
namespace {

// Attributes and what else a record says of an object.
std::size_t RecordBytes(const Object& object) {
  std::size_t bytes = 128 + object.key.octets.size() + object.other.octets.size();
  for (const auto& [type, value] : object.attributes) bytes += 12 + value.size();
  return bytes;
}

}  // namespace

Application::Application(ApplicationId id, std::uint64_t number, Peer peer, Owner owner,
                         FirstNumbers first)
    : id_(id),
      number_(number),
      peer_(std::move(peer)),
      owner_(std::move(owner)),
      next_session_(first.session),
      next_object_(first.object),
      first_generation_(first.generation) {}

Login& Application::LoginOf(SlotId slot) {
  const auto [at, is_new] = logins_.try_emplace(slot);
  if (is_new) at->second.generation = first_generation_;
  return at->second;
}

// -- records

std::uint32_t Application::NewRecord() {
  if (free_records_.empty()) return next_record_++;
  return free_records_.extract(free_records_.begin()).value();
}

void Application::GiveUpRecord(std::uint32_t record) {
  if (record == 0) return;
  free_records_.insert(record);
  Changed(RecordChange::Kind::kDeleted, record, 0);
}

bool Application::ClaimRecord(std::uint32_t record) {
  if (record <= kOwnerRecord || record > kMaxRecord) return false;
  for (; next_record_ <= record; ++next_record_) free_records_.insert(next_record_);
  return free_records_.erase(record) == 1;
}

std::vector<RecordChange> Application::TakeAllRecords() {
  using enum RecordChange::Kind;
  changes_.clear();
  Changed(kOwner, kOwnerRecord, 0);
  for (const auto& [slot, login] : logins_) {
    if (login.record != 0) Changed(kLogin, login.record, ToNumber(slot));
  }
  for (const auto& [handle, session] : sessions_) Changed(kSession, session->record, handle);
  for (const auto& [number, held] : session_objects_) Changed(kObject, held.record, number);
  return TakeChanges();
}

void Application::KeepAnswer(std::uint64_t request, Bytes reply) {
  // As many as an application has connections; older ones were given up by their callers.
  constexpr std::size_t kMostKept = 64;
  if (undelivered_.size() >= kMostKept) undelivered_.erase(undelivered_.begin());
  undelivered_.insert_or_assign(request, std::move(reply));
}

Bytes Application::TakeAnswer(std::uint64_t request) {
  const auto at = undelivered_.find(request);
  if (at == undelivered_.end()) return {};
  return std::move(undelivered_.extract(at).mapped());
}

bool Application::RestoreSession(Token& token, SessionHandle handle, bool read_write,
                                 std::uint32_t record) {
  if (sessions_.contains(ToNumber(handle)) || !ClaimRecord(record)) return false;
  PutSession(token, handle, read_write, record);
  return true;
}

bool Application::RestoreLogin(Token& token, UserState user, std::uint32_t generation,
                               SecretBytes key, std::uint32_t record) {
  Login& login = LoginOf(token.slot());
  if (login.record != 0 || !ClaimRecord(record)) return false;
  login.record = record;
  login.user = user;
  login.generation = generation;
  login.key = std::move(key);
  if (user == UserState::kNormal) token.UserCame();
  return true;
}

bool Application::RestoreObject(Object object, std::uint32_t record, bool changed) {
  if (session_objects_.contains(object.number) || !ClaimRecord(record)) return false;
  session_object_bytes_ += RecordBytes(object);
  const std::uint64_t number = object.number;
  session_objects_.emplace(number, Held{std::make_shared<const Object>(std::move(object)), record});
  if (changed) Changed(RecordChange::Kind::kObject, record, number);
  return true;
}

bool Application::FinishRestoring() {
  for (const auto& [number, held] : session_objects_) {
    if (FindSession(held.object->owner) == nullptr) return false;
  }
  for (const auto& [slot, login] : logins_) {
    if (login.user != UserState::kAnonymous && login.sessions == 0) return false;
  }
  return true;
}

// -- sessions

SessionPtr Application::PutSession(Token& token, SessionHandle handle, bool read_write,
                                   std::uint32_t record) {
  auto session = std::make_shared<Session>();
  session->handle = handle;
  session->slot = token.slot();
  session->read_write = read_write;
  session->record = record;
  sessions_.emplace(ToNumber(session->handle), session);
  Login& login = LoginOf(token.slot());
  ++login.sessions;
  ++token.sessions;
  if (read_write) {
    ++token.read_write_sessions;
  } else {
    ++login.read_only_sessions;
  }
  return session;
}

SessionPtr Application::OpenSession(Token& token, bool read_write) {
  // Restored sessions may lie ahead.
  while (sessions_.contains(next_session_)) ++next_session_;
  const std::uint32_t record = NewRecord();
  Changed(RecordChange::Kind::kSession, record, next_session_);
  return PutSession(token, SessionHandle{next_session_++}, read_write, record);
}

SessionPtr Application::FindSession(SessionHandle handle) const {
  const auto at = sessions_.find(ToNumber(handle));
  return at == sessions_.end() ? nullptr : at->second;
}

void Application::CloseSession(Token& token, Session& session) {
  if (session.closed) return;
  session.closed = true;
  session.operations = ActiveOperations();
  RemoveSessionObjects([&](const Object& object) { return object.owner == session.handle; });
  GiveUpRecord(session.record);
  Login& login = LoginOf(token.slot());
  --login.sessions;
  --token.sessions;
  if (session.read_write) {
    --token.read_write_sessions;
  } else {
    --login.read_only_sessions;
  }
  // The caller holds a reference, so `session` outlives the erasure.
  sessions_.erase(ToNumber(session.handle));
  if (login.sessions == 0) LogOut(token);
}

std::vector<SessionHandle> Application::CloseAllSessions(Token& token) {
  std::vector<SessionPtr> mine;
  for (const auto& [handle, session] : sessions_) {
    if (session->slot == token.slot()) mine.push_back(session);
  }
  std::vector<SessionHandle> closed;
  for (const SessionPtr& session : mine) {
    closed.push_back(session->handle);
    CloseSession(token, *session);
  }
  return closed;
}

// -- users

void Application::LogIn(Token& token, UserState user, IdentityPtr identity) {
  Login& login = LoginOf(token.slot());
  login.user = user;
  if (user == UserState::kNormal) token.UserCame();
  if (login.record == 0) login.record = NewRecord();
  ChangeIdentity(token, std::move(identity));
}

void Application::ChangeIdentity(Token& token, IdentityPtr identity) {
  Login& login = LoginOf(token.slot());
  login.identity = std::move(identity);
  login.key = SecretBytes();
  Changed(RecordChange::Kind::kLogin, login.record, ToNumber(token.slot()));
}

void Application::LogOut(Token& token) {
  Login& login = LoginOf(token.slot());
  if (login.user == UserState::kAnonymous) return;
  IdentityPtr identity = std::move(login.identity);
  const UserState user = std::exchange(login.user, UserState::kAnonymous);
  if (user == UserState::kNormal) token.UserLeft(std::move(identity));
  login.identity.reset();
  login.key = SecretBytes();
  login.generation = login.generation == kMaxGeneration ? 1 : login.generation + 1;
  GiveUpRecord(std::exchange(login.record, 0));
  RemoveSessionObjects(
      [&](const Object& object) { return object.is_private && object.slot == token.slot(); });
  for (const auto& [handle, session] : sessions_) {
    if (session->slot == token.slot()) session->operations.EndThoseWithPrivateObjects();
  }
}

// -- session objects

ObjectPtr Application::AddSessionObject(Object object, const Session& session) {
  while (session_objects_.contains(next_object_)) ++next_object_;
  object.number = next_object_++;
  object.token = false;
  object.slot = session.slot;
  object.owner = session.handle;
  session_object_bytes_ += RecordBytes(object);
  auto added = std::make_shared<const Object>(std::move(object));
  const std::uint32_t record = NewRecord();
  session_objects_.emplace(added->number, Held{added, record});
  Changed(RecordChange::Kind::kObject, record, added->number);
  return added;
}

void Application::PutSessionObject(ObjectPtr object) {
  const auto at = session_objects_.find(object->number);
  // Destroyed by another thread while the HSM was asked: it stays destroyed.
  if (at == session_objects_.end()) return;
  session_object_bytes_ += RecordBytes(*object) - RecordBytes(*at->second.object);
  at->second.object = std::move(object);
  Changed(RecordChange::Kind::kObject, at->second.record, at->first);
}

Application::HeldObjects::iterator Application::Erase(HeldObjects::iterator at) {
  session_object_bytes_ -= RecordBytes(*at->second.object);
  GiveUpRecord(at->second.record);
  return session_objects_.erase(at);
}

template <typename Condition>
void Application::RemoveSessionObjects(Condition condition) {
  for (auto at = session_objects_.begin(); at != session_objects_.end();) {
    at = condition(*at->second.object) ? Erase(at) : std::next(at);
  }
}

void Application::RemoveSessionObject(std::uint64_t number) {
  const auto at = session_objects_.find(number);
  if (at != session_objects_.end()) Erase(at);
}

ObjectPtr Application::FindSessionObject(std::uint64_t number) const {
  const auto at = session_objects_.find(number);
  return at == session_objects_.end() ? nullptr : at->second.object;
}

std::vector<ObjectPtr> Application::SessionObjects(SlotId slot) const {
  std::vector<ObjectPtr> objects;
  for (const auto& [number, held] : session_objects_) {
    if (held.object->slot == slot) objects.push_back(held.object);
  }
  return objects;
}

ObjectHandle Application::HandleOf(const Object& object) {
  HandleParts parts{.kind = HandleKind::kSessionObject, .generation = 0, .number = object.number};
  if (object.token) {
    parts.kind = HandleKind::kTokenObject;
    parts.generation = object.is_private ? LoginOf(object.slot).generation : 0;
  }
  return MakeHandle(parts);
}

ObjectPtr Application::FindObject(Token& token, ObjectHandle handle) {
  const HandleParts parts = PartsOf(handle);
  const ObjectPtr object = parts.kind == HandleKind::kTokenObject
                               ? token.objects().Find(parts.number)
                               : FindSessionObject(parts.number);
  // A handle of an earlier login differs in its generation, however the numbers agree.
  if (object == nullptr || object->slot != token.slot() || HandleOf(*object) != handle)
    return nullptr;
  if (object->is_private && !SeesPrivate(token.slot())) return nullptr;
  return object;
}

std::vector<ObjectHandle> Application::MatchObjects(Token& token, const AttributeList& wanted) {
  std::vector<ObjectHandle> handles;
  const bool with_private = SeesPrivate(token.slot());
  for (const auto& [number, held] : session_objects_) {
    const Object& object = *held.object;
    if (object.slot != token.slot() || (object.is_private && !with_private)) continue;
    if (Matches(object.attributes, wanted)) handles.push_back(HandleOf(object));
  }
  for (const ObjectPtr& object : token.objects().Match(wanted, with_private))
    handles.push_back(HandleOf(*object));
  return handles;
}

}  // namespace gw
