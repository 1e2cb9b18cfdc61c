// Room: emulator/engine. Login sessions: which are open on this card, and which connection makes
// its new keys in which.
#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/core/thread_annotations.h"
#include "emulator/blob/session.h"

namespace gw::emulator {

inline constexpr std::size_t kMinPinBytes = 6;  // of a key store password
inline constexpr std::size_t kMaxPinBytes = 16;
inline constexpr std::size_t kMaxStoreIdBytes = 128;

// The same store and PIN name the same session on every card, whatever its master key.
SessionId SessionOf(ByteView store_id, ByteView pin);

// A session is open from a login until somebody who is logged in to it logs out; a connection that
// ends takes no session with it. Keys bound to an open session may be used by anybody. Threads:
// any.
class LoginSessions {
 public:
  static constexpr std::size_t kMostSessions = 1000;
  static constexpr std::size_t kMostConnections = 100'000;

  // The session that the connection makes its keys in from now on.
  //   errors  CKR_PIN_LEN_RANGE, CKR_ARGUMENTS_BAD (store id)
  //           CKR_USER_ALREADY_LOGGED_IN  to another session, which is still open
  //           CKR_SESSION_COUNT
  Result<SessionId> Login(const std::string& connection, ByteView store_id, ByteView pin);
  // Closes the connection's session for everybody.
  //   errors  CKR_USER_NOT_LOGGED_IN
  Status Logout(const std::string& connection);

  // The connection's session; unbound if it is not logged in.
  //   errors  CKR_SESSION_CLOSED  somebody else has logged out of it
  Result<SessionId> Of(const std::string& connection) const;
  bool IsOpen(const SessionId& session) const;
  // No connection is logged in: Of() would give the unbound session for any.
  bool nobody() const { return logged_in_.load(std::memory_order_acquire) == 0; }

  // The connection has ended.
  void Forget(const std::string& connection);

 private:
  std::atomic<std::size_t> logged_in_{0};  // size of by_connection_
  mutable Mutex mutex_;
  std::set<SessionId> open_ GW_GUARDED_BY(mutex_);
  std::map<std::string, SessionId> by_connection_ GW_GUARDED_BY(mutex_);
};

}  // namespace gw::emulator
