// Room: token. One Cryptoki application: a process, with its sessions, logins and session objects.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "daemon/attributes/template_rules.h"
#include "daemon/core/peer.h"
#include "daemon/token/handle.h"
#include "daemon/token/object.h"
#include "daemon/token/session.h"
#include "daemon/token/token.h"

namespace gw {

using ApplicationId = std::array<Byte, 16>;

// Who an application is on one slot. One user type at a time, for all its sessions (behaviour R60).
struct Login {
  UserState user = UserState::kAnonymous;
  IdentityPtr identity;          // of the logged-in user; empty for anonymous, and without IAM
  std::uint32_t generation = 1;  // of private handles; raised whenever a login ends
  std::uint32_t sessions = 0;
  std::uint32_t read_only_sessions = 0;
};

// Thread: one silo. Shared by the application's connections and by the calls in flight; ends with
// the last of them.
class Application {
 public:
  // `number` names it in logs and in the admission queue; `first_session` is random, so that a
  // handle of an application that is gone hardly ever means a session of another.
  Application(ApplicationId id, std::uint64_t number, Peer peer, std::uint64_t first_session);

  const ApplicationId& id() const { return id_; }
  std::uint64_t number() const { return number_; }
  const Peer& peer() const { return peer_; }

  // Open connections; the dispatcher counts them, and frees the application after the last.
  std::uint32_t connections = 0;

  Login& LoginOf(SlotId slot) { return logins_[slot]; }

  // -- sessions
  SessionPtr OpenSession(Token& token, bool read_write);
  // nullptr: closed or never opened.
  SessionPtr FindSession(SessionHandle handle) const;
  // Ends its operations and destroys its objects; the last session on a slot also logs out
  // (behaviour 3.4).
  void CloseSession(Token& token, Session& session);
  void CloseAllSessions(Token& token);
  std::size_t session_count() const { return sessions_.size(); }

  // -- users
  void LogIn(Token& token, UserState user, IdentityPtr identity);
  // Destroys private session objects, invalidates private handles, ends operations with private
  // objects.
  void LogOut(Token& token);

  // -- session objects
  ObjectPtr AddSessionObject(Object object, const Session& session);
  void PutSessionObject(ObjectPtr object);
  void RemoveSessionObject(std::uint64_t number);
  std::size_t session_object_count() const { return session_objects_.size(); }

  // -- handles, valid in this application alone
  ObjectHandle HandleOf(const Object& object);
  // nullptr: no such object, or not visible to the user who is logged in now.
  ObjectPtr FindObject(Token& token, ObjectHandle handle);
  // All visible objects that match: session objects first, then token objects, each ascending.
  std::vector<ObjectHandle> MatchObjects(Token& token, const AttributeList& wanted);

 private:
  bool SeesPrivate(SlotId slot) { return LoginOf(slot).user == UserState::kNormal; }

  const ApplicationId id_;
  const std::uint64_t number_;
  const Peer peer_;
  std::uint64_t next_session_;
  std::uint64_t next_object_ = 1;
  std::unordered_map<std::uint64_t, SessionPtr> sessions_;
  std::map<std::uint64_t, ObjectPtr> session_objects_;
  std::map<SlotId, Login> logins_;
};
using ApplicationPtr = std::shared_ptr<Application>;

}  // namespace gw
