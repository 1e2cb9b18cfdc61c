// Room: emulator/engine.
#include "emulator/engine/login.h"

#include "emulator/blob/codec.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {

SessionId SessionOf(ByteView store_id, ByteView pin) {
  const Bytes named = Writer().Field(store_id).Field(pin).Take();
  SessionId session;
  std::ranges::copy(Hkdf(named, "grep11-emulator login session", kSessionBytes), session.begin());
  // Never zero, which would mean unbound, and never the first octet of a SubjectPublicKeyInfo.
  session[0] |= 0x80;
  return session;
}

Result<SessionId> LoginSessions::Login(const std::string& connection, ByteView store_id,
                                       ByteView pin) {
  if (pin.size() < kMinPinBytes || pin.size() > kMaxPinBytes) {
    return CallerError(CKR_PIN_LEN_RANGE, "a PIN has 6 to 16 octets");
  }
  if (store_id.size() > kMaxStoreIdBytes) {
    return CallerError(CKR_ARGUMENTS_BAD, "a store id has 128 octets at the most");
  }
  const SessionId session = SessionOf(store_id, pin);
  const MutexLock lock(mutex_);
  const auto at = by_connection_.find(connection);
  if (at != by_connection_.end() && at->second != session && open_.contains(at->second)) {
    return CallerError(CKR_USER_ALREADY_LOGGED_IN, "this connection has another session open");
  }
  const bool full = (!open_.contains(session) && open_.size() >= kMostSessions) ||
                    (at == by_connection_.end() && by_connection_.size() >= kMostConnections);
  if (full) return CallerError(CKR_SESSION_COUNT, "too many login sessions");
  open_.insert(session);
  by_connection_[connection] = session;
  logged_in_.store(by_connection_.size(), std::memory_order_release);
  return session;
}

Status LoginSessions::Logout(const std::string& connection) {
  const MutexLock lock(mutex_);
  const auto at = by_connection_.find(connection);
  const bool was_open = at != by_connection_.end() && open_.erase(at->second) == 1;
  if (at != by_connection_.end()) by_connection_.erase(at);
  logged_in_.store(by_connection_.size(), std::memory_order_release);
  if (!was_open) return CallerError(CKR_USER_NOT_LOGGED_IN, "this connection is not logged in");
  return Ok();
}

Result<SessionId> LoginSessions::Of(const std::string& connection) const {
  const MutexLock lock(mutex_);
  const auto at = by_connection_.find(connection);
  if (at == by_connection_.end()) return SessionId{};
  if (open_.contains(at->second)) return at->second;
  return CallerError(CKR_SESSION_CLOSED, "somebody logged out of this session: log in again");
}

bool LoginSessions::IsOpen(const SessionId& session) const {
  const MutexLock lock(mutex_);
  return open_.contains(session);
}

void LoginSessions::Forget(const std::string& connection) {
  if (nobody()) return;
  const MutexLock lock(mutex_);
  by_connection_.erase(connection);
  logged_in_.store(by_connection_.size(), std::memory_order_release);
}

}  // namespace gw::emulator
