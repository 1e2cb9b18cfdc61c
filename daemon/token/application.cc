// Room: token.
#include "daemon/token/application.h"

#include "daemon/attributes/attribute_access.h"

namespace gw {

Application::Application(ApplicationId id, std::uint64_t number, Peer peer,
                         std::uint64_t first_session)
    : id_(id), number_(number), peer_(std::move(peer)), next_session_(first_session) {}

SessionPtr Application::OpenSession(Token& token, bool read_write) {
  auto session = std::make_shared<Session>();
  session->handle = SessionHandle{next_session_++};
  session->slot = token.slot();
  session->read_write = read_write;
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

SessionPtr Application::FindSession(SessionHandle handle) const {
  const auto at = sessions_.find(ToNumber(handle));
  return at == sessions_.end() ? nullptr : at->second;
}

void Application::CloseSession(Token& token, Session& session) {
  if (session.closed) return;
  session.closed = true;
  session.operations = ActiveOperations();
  std::erase_if(session_objects_,
                [&](const auto& entry) { return entry.second->owner == session.handle; });
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

void Application::CloseAllSessions(Token& token) {
  std::vector<SessionPtr> mine;
  for (const auto& [handle, session] : sessions_) {
    if (session->slot == token.slot()) mine.push_back(session);
  }
  for (const SessionPtr& session : mine) CloseSession(token, *session);
}

void Application::LogIn(Token& token, UserState user, IdentityPtr identity) {
  Login& login = LoginOf(token.slot());
  login.user = user;
  login.identity = std::move(identity);
}

void Application::LogOut(Token& token) {
  Login& login = LoginOf(token.slot());
  if (login.user == UserState::kAnonymous) return;
  login.user = UserState::kAnonymous;
  login.identity.reset();
  login.generation = login.generation == kMaxGeneration ? 1 : login.generation + 1;
  std::erase_if(session_objects_, [&](const auto& entry) {
    return entry.second->is_private && entry.second->slot == token.slot();
  });
  for (const auto& [handle, session] : sessions_) {
    if (session->slot == token.slot()) session->operations.EndThoseWithPrivateObjects();
  }
}

ObjectPtr Application::AddSessionObject(Object object, const Session& session) {
  object.number = next_object_++;
  object.token = false;
  object.slot = session.slot;
  object.owner = session.handle;
  auto added = std::make_shared<const Object>(std::move(object));
  session_objects_.emplace(added->number, added);
  return added;
}

void Application::PutSessionObject(ObjectPtr object) {
  const std::uint64_t number = object->number;
  session_objects_.insert_or_assign(number, std::move(object));
}

void Application::RemoveSessionObject(std::uint64_t number) { session_objects_.erase(number); }

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
  ObjectPtr object;
  if (parts.kind == HandleKind::kTokenObject) {
    object = token.objects().Find(parts.number);
  } else if (const auto at = session_objects_.find(parts.number); at != session_objects_.end()) {
    object = at->second;
  }
  // A handle of an earlier login differs in its generation, however the numbers agree.
  if (object == nullptr || object->slot != token.slot() || HandleOf(*object) != handle)
    return nullptr;
  if (object->is_private && !SeesPrivate(token.slot())) return nullptr;
  return object;
}

std::vector<ObjectHandle> Application::MatchObjects(Token& token, const AttributeList& wanted) {
  std::vector<ObjectHandle> handles;
  const bool with_private = SeesPrivate(token.slot());
  for (const auto& [number, object] : session_objects_) {
    if (object->slot != token.slot() || (object->is_private && !with_private)) continue;
    if (Matches(object->attributes, wanted)) handles.push_back(HandleOf(*object));
  }
  for (const ObjectPtr& object : token.objects().Match(wanted, with_private))
    handles.push_back(HandleOf(*object));
  return handles;
}

}  // namespace gw
