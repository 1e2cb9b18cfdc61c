// Room: pkcs11-shim. C_Initialize and C_Finalize, and the end of a module that was never finalised.
#include "pkcs11-shim/state.h"

#include <string.h>

#include "pkcs11-shim/call.h"
#include "pkcs11-shim/epoch.h"
#include "pkcs11-shim/link.h"
#include "pkcs11-shim/memory.h"

namespace gw::shim {
namespace {

// PKCS #11 v2.40, 5.4: either all of the mutex functions are given or none. Without
// CKF_OS_LOCKING_OK an application that gives them wants them used; this module has only the
// system's own.
CK_RV CheckInitArgs(CK_VOID_PTR init_args) {
  if (init_args == nullptr) return CKR_OK;
  CK_C_INITIALIZE_ARGS args;
  memcpy(&args, init_args, sizeof(args));
  if (args.pReserved != nullptr) return CKR_ARGUMENTS_BAD;
  const int given = (args.CreateMutex != nullptr) + (args.DestroyMutex != nullptr) +
                    (args.LockMutex != nullptr) + (args.UnlockMutex != nullptr);
  if (given != 0 && given != 4) return CKR_ARGUMENTS_BAD;
  if (given == 4 && (args.flags & CKF_OS_LOCKING_OK) == 0) return CKR_CANT_LOCK;
  return CKR_OK;
}

void ExplainAbsence(const Settings& settings, int error) {
  const SocketName name = NameOf(settings);
  if (settings.address_bytes == 0) {
    Complain(settings, "GREP11_SOCKET is longer than a socket's name can be");
    return;
  }
  Complain(settings,
           "no daemon answered at %s within %d s (%s): is grep11d running, does GREP11_SOCKET name "
           "its socket, and may this user open it (group grep11)?",
           name.text, settings.reconnect_ms / 1000, strerrordesc_np(error));
}

void ExplainRefusal(const Settings& settings, CK_RV refusal) {
  const SocketName name = NameOf(settings);
  const char* reason = "the reason is in its log";
  if (refusal == CKR_DEVICE_ERROR) reason = "it speaks another version; its log names both";
  if (refusal == CKR_HOST_MEMORY) reason = "it has too many connections or applications";
  if (refusal == CKR_FUNCTION_REJECTED) reason = "its policy does not admit this user";
  Complain(settings, "the daemon at %s refused this application (0x%lx): %s", name.text, refusal,
           reason);
}

// Waits while another thread starts or stops the library; both end by themselves.
void AwaitSteadyPhaseLocked() {
  State& state = GetState();
  while (state.phase == Phase::kStarting || state.phase == Phase::kStopping)
    pthread_cond_wait(&state.changed, &state.mutex);
}

void SetPhaseLocked(Phase phase) {
  GetState().phase = phase;
  Publish(&GetHeritage().up, phase == Phase::kUp);
  pthread_cond_broadcast(&GetState().changed);
}

// A phase without an application: the next one gets a new id.
void ForgetApplicationLocked() {
  Heritage& heritage = GetHeritage();
  GetState().identity = Identity::kNone;
  GetState().inherited = false;
  ++GetState().life;
  ++heritage.incarnation;
  heritage.operations.Drop();
  heritage.remembered.Drop();
  heritage.vault.Drop();
  heritage.made_objects = false;
  const uint64_t* epoch = heritage.epoch;
  Publish(&heritage.epoch, static_cast<const uint64_t*>(nullptr));
  UnmapEpoch(epoch);
}

CK_RV BeginStart(CK_VOID_PTR init_args, Connection** connection) {
  const Lock lock;
  AwaitSteadyPhaseLocked();
  State& state = GetState();
  if (state.phase == Phase::kUp && !state.inherited) return CKR_CRYPTOKI_ALREADY_INITIALIZED;
  const CK_RV arguments = CheckInitArgs(init_args);
  if (arguments != CKR_OK) return arguments;
  if (state.phase == Phase::kUp) return CKR_CRYPTOKI_ALREADY_INITIALIZED;
  *connection = TakeIdleLocked();
  if (*connection == nullptr) return CKR_HOST_MEMORY;
  SetPhaseLocked(Phase::kStarting);
  return CKR_OK;
}

CK_RV Reach(Connection* connection) {
  Settings& settings = GetSettings();
  ReadSettings(&settings);
  const LinkResult result = EnsureLink(connection, Deadline::InMs(settings.reconnect_ms));
  if (result.link == Link::kUp) return CKR_OK;
  if (result.link == Link::kAway) {
    ExplainAbsence(settings, result.error);
    return CKR_DEVICE_ERROR;
  }
  ExplainRefusal(settings, result.refusal);
  return result.refusal;
}

// Calls of other threads are ended by shutting their sockets down; one that does not return in time
// keeps its connection, which its thread closes when it comes back.
void EndCallsLocked(Deadline until) {
  State& state = GetState();
  InterruptTakenLocked();
  pthread_cond_broadcast(&state.returned);
  while (CountTakenLocked() != 0 && WaitLocked(&state.changed, until)) {
  }
}

// *connection is nullptr if calls hold all of them still.
void BeginStopLocked(Deadline until, Connection** connection) {
  SetPhaseLocked(Phase::kStopping);
  EndCallsLocked(until);
  *connection = TakeIdleLocked();
}

void EndStop(Connection* connection, Deadline until) {
  if (connection != nullptr) {
    SayGoodbye(connection, until);
    GiveBack(connection);
  }
  const Lock lock;
  CloseIdleLocked();
  ForgetApplicationLocked();
  SetPhaseLocked(Phase::kDown);
}

// A child that calls C_Initialize wants a life of its own: what it inherited ends first, also at
// the daemon, if the child has used it. Arguments that C_Initialize will refuse end nothing.
void EndInherited(CK_VOID_PTR init_args) {
  const Deadline until = Deadline::InMs(GetSettings().reconnect_ms);
  Connection* connection = nullptr;
  {
    const Lock lock;
    AwaitSteadyPhaseLocked();
    if (GetState().phase != Phase::kUp || !GetState().inherited) return;
    if (CheckInitArgs(init_args) != CKR_OK) return;
    BeginStopLocked(until, &connection);
  }
  EndStop(connection, until);
}

// dlclose() without C_Finalize, and exit(): only what no thread uses is closed, so that threads
// that are still in a call at exit come to no harm. A child that never used the module owns nothing
// and does nothing.
[[gnu::destructor]] void CloseAtUnload() {
  if (!StateIsOwn() || pthread_mutex_trylock(&GetState().mutex) != 0) return;
  if (GetState().phase == Phase::kUp) {
    SetPhaseLocked(Phase::kDown);
    ForgetApplicationLocked();
    CloseIdleLocked();
  }
  pthread_mutex_unlock(&GetState().mutex);
}

}  // namespace

bool WaitLocked(pthread_cond_t* condition, Deadline until) {
  const timespec time = until.Time();
  return pthread_cond_clockwait(condition, &GetState().mutex, CLOCK_MONOTONIC, &time) == 0;
}

Moment MomentLocked() {
  const State& state = GetState();
  const Heritage& heritage = GetHeritage();
  Moment now = {.epoch = 0, .incarnation = heritage.incarnation, .generation = state.generation};
  const bool remembers =
      state.identity == Identity::kKnown && state.changing == 0 && heritage.epoch != nullptr;
  if (remembers) now.epoch = ReadEpoch(heritage.epoch);
  return now;
}

bool IsUp() {
  OwnState();
  const Lock lock;
  return GetState().phase == Phase::kUp;
}

bool StayUp(int ms) {
  const Deadline until = Deadline::InMs(ms);
  const Lock lock;
  State& state = GetState();
  const uint32_t life = state.life;
  while (state.phase == Phase::kUp && state.life == life) {
    if (!WaitLocked(&state.changed, until)) break;
  }
  return state.phase == Phase::kUp && state.life == life;
}

CK_RV Start(CK_VOID_PTR init_args) {
  OwnState();
  EndInherited(init_args);
  Connection* connection = nullptr;
  const CK_RV begun = BeginStart(init_args, &connection);
  if (begun != CKR_OK) return begun;
  const CK_RV reached = Reach(connection);
  GiveBack(connection);
  const Lock lock;
  if (reached != CKR_OK) ForgetApplicationLocked();
  SetPhaseLocked(reached == CKR_OK ? Phase::kUp : Phase::kDown);
  return reached;
}

CK_RV Stop(CK_VOID_PTR reserved) {
  if (!IsUp()) return CKR_CRYPTOKI_NOT_INITIALIZED;
  if (reserved != nullptr) return CKR_ARGUMENTS_BAD;
  const Deadline until = Deadline::InMs(GetSettings().reconnect_ms);
  Connection* connection = nullptr;
  {
    const Lock lock;
    AwaitSteadyPhaseLocked();
    if (GetState().phase != Phase::kUp) return CKR_CRYPTOKI_NOT_INITIALIZED;
    BeginStopLocked(until, &connection);
  }
  EndStop(connection, until);
  return CKR_OK;
}

}  // namespace gw::shim
