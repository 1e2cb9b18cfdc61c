// Room: token. One Cryptoki application: a process, with its sessions, logins and session objects.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/attributes/template_rules.h"
#include "daemon/core/peer.h"
#include "daemon/token/handle.h"
#include "daemon/token/object.h"
#include "daemon/token/session.h"
#include "daemon/token/token.h"

namespace gw {

using ApplicationId = std::array<Byte, 16>;

// For whom an application was made: who may bring its records back.
struct Owner {
  uid_t uid = 0;
  std::string unit;  // systemd unit; may be empty
};

// Who an application is on one slot. One user type at a time, for all its sessions (behaviour R60).
struct Login {
  UserState user = UserState::kAnonymous;
  IdentityPtr identity;          // of the logged-in user; empty for anonymous, and without IAM
  SecretBytes key;               // of a restored login, until its first use has made `identity`
  std::uint32_t generation = 1;  // of private handles; changes whenever a login ends
  std::uint32_t sessions = 0;
  std::uint32_t read_only_sessions = 0;
  std::uint32_t record = 0;
};

// Records are numbered from 1 on, densely; the first one says whose they are. The highest number
// bounds what a shim has to hold.
inline constexpr std::uint32_t kOwnerRecord = 1;
inline constexpr std::uint32_t kMaxRecord = 1u << 20;

// Something that the application has to keep: its record is to be sealed anew, or given up.
struct RecordChange {
  enum class Kind : std::uint8_t { kOwner, kSession, kLogin, kObject, kDeleted };
  std::uint32_t record;
  Kind kind;
  std::uint64_t key;  // session handle, slot or object number
};

// Where numbering starts: random, so that a handle of an application that is gone, or of a login
// that ended before the daemon was restarted, hardly ever means anything.
struct FirstNumbers {
  std::uint64_t session = 1;
  std::uint64_t object = 1;
  std::uint32_t generation = 1;
};

// Thread: one silo. Shared by the application's connections and by the calls in flight; ends with
// the last of them.
class Application {
 public:
  // `number` names it in logs and in the admission queue.
  Application(ApplicationId id, std::uint64_t number, Peer peer, Owner owner, FirstNumbers first);

  const ApplicationId& id() const { return id_; }
  std::uint64_t number() const { return number_; }
  const Peer& peer() const { return peer_; }
  const Owner& owner() const { return owner_; }

  // What EP11CLIENT_CFG is in its environment, by its own word; may be empty. It says which slots
  // it sees and under which numbers (ops/profile.h), and gives no right.
  std::string profile;

  // Open connections; the dispatcher counts them, and frees the application after the last.
  std::uint32_t connections = 0;

  Login& LoginOf(SlotId slot);

  // Slots whose HSM was away when the application came, or when C_WaitForSlotEvent has named the
  // slot last.
  std::set<SlotId> told_away;

  // -- sessions
  SessionPtr OpenSession(Token& token, bool read_write);
  // nullptr: closed or never opened.
  SessionPtr FindSession(SessionHandle handle) const;
  // Ends its operations and destroys its objects; the last session on a slot also logs out
  // (behaviour 3.4).
  void CloseSession(Token& token, Session& session);
  // Returns the handles of the sessions that were open.
  std::vector<SessionHandle> CloseAllSessions(Token& token);
  std::size_t session_count() const { return sessions_.size(); }

  // -- users
  void LogIn(Token& token, UserState user, IdentityPtr identity);
  // Destroys private session objects, invalidates private handles, ends operations with private
  // objects.
  void LogOut(Token& token);
  // The login's API key is another one now.
  void ChangeIdentity(Token& token, IdentityPtr identity);

  // -- session objects
  ObjectPtr AddSessionObject(Object object, const Session& session);
  void PutSessionObject(ObjectPtr object);
  void RemoveSessionObject(std::uint64_t number);
  std::size_t session_object_count() const { return session_objects_.size(); }
  // About as many octets as their records have.
  std::size_t session_object_bytes() const { return session_object_bytes_; }
  ObjectPtr FindSessionObject(std::uint64_t number) const;
  // Those of one slot.
  std::vector<ObjectPtr> SessionObjects(SlotId slot) const;

  // -- handles, valid in this application alone
  ObjectHandle HandleOf(const Object& object);
  // nullptr: no such object, or not visible to the user who is logged in now.
  ObjectPtr FindObject(Token& token, ObjectHandle handle);
  // All visible objects that match: session objects first, then token objects, each ascending.
  std::vector<ObjectHandle> MatchObjects(Token& token, const AttributeList& wanted);

  // -- records (sealing/)
  bool has_changes() const { return !changes_.empty(); }
  // What changed since the last time, oldest first.
  std::vector<RecordChange> TakeChanges() { return std::exchange(changes_, {}); }
  // Every record there is, for an application that is to keep all of them anew; pending changes are
  // among them.
  std::vector<RecordChange> TakeAllRecords();
  std::uint64_t NextVersion() { return ++version_; }

  // -- replies that could not be delivered: the request will come again
  void KeepAnswer(std::uint64_t request, Bytes reply);
  // Empty: none.
  Bytes TakeAnswer(std::uint64_t request);

  // -- coming back: what records say, in any order, before the first call. False: it is there
  // already, or its record's number is taken.
  bool RestoreSession(Token& token, SessionHandle handle, bool read_write, std::uint32_t record);
  bool RestoreLogin(Token& token, UserState user, std::uint32_t generation, SecretBytes key,
                    std::uint32_t record);
  //   changed  it is not what the record says any more
  bool RestoreObject(Object object, std::uint32_t record, bool changed = false);
  // After the last: false if something is missing that another record names.
  bool FinishRestoring();

 private:
  struct Held {
    ObjectPtr object;
    std::uint32_t record;
  };
  using HeldObjects = std::map<std::uint64_t, Held>;

  bool SeesPrivate(SlotId slot) { return LoginOf(slot).user == UserState::kNormal; }
  SessionPtr PutSession(Token& token, SessionHandle handle, bool read_write, std::uint32_t record);
  HeldObjects::iterator Erase(HeldObjects::iterator at);
  template <typename Condition>
  void RemoveSessionObjects(Condition condition);
  void Changed(RecordChange::Kind kind, std::uint32_t record, std::uint64_t key) {
    changes_.push_back({record, kind, key});
  }
  std::uint32_t NewRecord();
  void GiveUpRecord(std::uint32_t record);
  bool ClaimRecord(std::uint32_t record);

  const ApplicationId id_;
  const std::uint64_t number_;
  const Peer peer_;
  const Owner owner_;
  std::uint64_t next_session_;
  std::uint64_t next_object_;
  std::uint32_t first_generation_;
  std::unordered_map<std::uint64_t, SessionPtr> sessions_;
  HeldObjects session_objects_;
  std::size_t session_object_bytes_ = 0;
  std::map<SlotId, Login> logins_;

  std::map<std::uint64_t, Bytes> undelivered_;
  std::vector<RecordChange> changes_;
  std::uint64_t version_ = 0;
  std::set<std::uint32_t> free_records_;  // below next_record_
  std::uint32_t next_record_ = 2;         // 1 says whose the records are
};
using ApplicationPtr = std::shared_ptr<Application>;

}  // namespace gw
