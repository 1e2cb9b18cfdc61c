// Room: pkcs11-shim. What the module knows, in three parts with different fates at fork():
//
//   State        phase, identity, locks. It lies on a page that the kernel zeroes in a forked child
//                (MADV_WIPEONFORK), so a child starts with free locks, whatever the parent's
//                threads were doing. On kernels without it the process id is compared.
//   Connections  sockets and buffers (pool.h). The child finds them and closes its copies.
//   Heritage     what makes this process an application at the daemon. The child finds it whole,
//                and goes on from it as an application of its own.
//
// All are guarded by State::mutex. It is never held while something waits for the daemon.
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "pkcs11-shim/ck.h"
#include "pkcs11-shim/deadline.h"
#include "pkcs11-shim/operations.h"
#include "pkcs11-shim/remembered.h"
#include "pkcs11-shim/settings.h"
#include "pkcs11-shim/vault.h"
#include "proto/wire/codec.h"

namespace gw::shim {

enum class Phase : uint32_t { kDown = 0, kStarting, kUp, kStopping };

// What this process is to the daemon, as far as it knows.
enum class Identity : uint32_t {
  kNone = 0,   // nobody: it begins
  kKnown,      // the application of the vault: connections join
  kLost,       // the same, but the daemon does not know it: it restores
  kInherited,  // the vault is the parent's: it clones
  kAsking,     // one thread is at one of these; the others wait for what comes of it
};

// What C_GetSessionInfo has answered. It stays true while the moment lasts and no call with a
// session fails: the rest of it is the last error of the HSM.
struct KnownInfo {
  CK_SESSION_HANDLE session;
  Moment then;
  uint32_t failures;
  CK_SESSION_INFO info;
};
inline constexpr size_t kKnownInfos = 16;

// All zero is the state before C_Initialize; the zeros of pthread types are their initialisers.
struct State {
  int32_t owner;  // process that the rest belongs to; 0 nobody; -pid: that process is taking over
  pthread_mutex_t mutex;
  pthread_cond_t changed;   // phase or identity
  pthread_cond_t returned;  // a connection came back to the pool
  uint32_t waiting;         // threads that wait for `returned`
  Phase phase;
  Identity identity;
  bool inherited;       // this process is up because its parent was
  uint32_t draining;    // threads that wait in DrainLocked(), for `changed`
  uint32_t queueing;    // threads that wait for another's call in a session, for `changed`
  uint32_t changing;    // calls on their way that may change what Init functions answer,
  uint32_t generation;  // and how many there were
  uint32_t failures;    // of calls with a session
  KnownInfo infos[kKnownInfos];
  uint32_t life;  // counts applications: what a call has to record belongs to the one it began in
  uint64_t last_request;
};

State& GetState();

// All zero, or empty, before C_Initialize.
struct Heritage {
  bool up;  // C_Initialize has succeeded, and C_Finalize has not begun
  // Counts the incarnations of the daemon that this application has been attached to. Connections
  // and operations of an older one are stale.
  uint32_t incarnation;
  uint32_t body_limit;  // from the daemon
  uint32_t attribute_limit;
  Vault vault;
  Operations operations;
  Remembered remembered;
  const uint64_t* epoch;  // the daemon's page (epoch.h), nullptr if it gave none
  bool made_objects;      // this application has, perhaps session objects
};

Heritage& GetHeritage();

// Written by C_Initialize while no call can be running, read by calls.
Settings& GetSettings();

class Lock {
 public:
  Lock() { pthread_mutex_lock(&GetState().mutex); }
  ~Lock() { pthread_mutex_unlock(&GetState().mutex); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

// With the lock held: gives it up until `condition` is signalled. False when `until` has passed.
bool WaitLocked(pthread_cond_t* condition, Deadline until);

// With the lock held: a call may go on. True in kStarting and kUp.
inline bool MayTalkLocked() {
  const Phase phase = GetState().phase;
  return phase == Phase::kStarting || phase == Phase::kUp;
}

// With the lock held: now, as far as remembered answers go. state.cc.
Moment MomentLocked();

// Opens every C_ function: makes the state this process's own if it is not (first use, or a forked
// child, which is up at once if its parent was). fork.cc.
void OwnState();

// True if the state belongs to this process. Changes nothing.
bool StateIsOwn();

// C_Initialize has succeeded, here or in the parent, and C_Finalize has not begun. state.cc.
bool IsUp();

// Waits so long. False, at once, when the application ends. state.cc.
bool StayUp(int ms);

// C_Initialize and C_Finalize. state.cc.
CK_RV Start(CK_VOID_PTR init_args);
CK_RV Stop(CK_VOID_PTR reserved);

}  // namespace gw::shim
