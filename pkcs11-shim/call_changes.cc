// Room: pkcs11-shim. Calls of this application after which an Init may be answered otherwise. What
// other applications change, and the daemon, its epoch tells; what this one changes it knows
// itself.
#include "pkcs11-shim/call.h"

namespace gw::shim {
namespace {

// What a function changes.
enum class Change : uint8_t {
  kNone,
  kMakes,    // there is another object, perhaps one that goes with its session
  kAnswers,  // what Init functions answer from now on
  kObjects,  // also what operations under way work with
  kCloses,   // as kObjects where this application has made objects, else as kAnswers
};

struct Row {
  Function function;
  Change change;
};
constexpr Row kChanges[] = {
    {Function::C_InitToken, Change::kAnswers},
    {Function::C_InitPIN, Change::kAnswers},
    {Function::C_SetPIN, Change::kAnswers},
    {Function::C_Login, Change::kAnswers},
    {Function::C_LoginUser, Change::kAnswers},
    {Function::C_CloseAllSessions, Change::kAnswers},  // no operation works with another slot's
    {Function::C_CloseSession, Change::kCloses},
    {Function::C_Logout, Change::kObjects},
    {Function::C_DestroyObject, Change::kObjects},
    {Function::C_SetAttributeValue, Change::kObjects},
    {Function::C_CreateObject, Change::kMakes},
    {Function::C_CopyObject, Change::kMakes},
    {Function::C_GenerateKey, Change::kMakes},
    {Function::C_GenerateKeyPair, Change::kMakes},
    {Function::C_UnwrapKey, Change::kMakes},
    {Function::C_DeriveKey, Change::kMakes},
};

Change ChangeOf(Function function) {
  for (const Row& row : kChanges)
    if (row.function == function) return row.change;
  return Change::kNone;
}

}  // namespace

// Nothing is remembered, and no Init answered here, from before the change until after its answer.
// An operation whose Init was answered here is not at the daemon yet, where an operation goes on
// with its key whatever becomes of the object. So it is begun there before.
void Call::BeginChange() {
  const Change change = ChangeOf(function_);
  if (change == Change::kNone) return;
  bool reaches_operations = change == Change::kObjects;
  {
    const Lock lock;
    Heritage& heritage = GetHeritage();
    heritage.made_objects |= change == Change::kMakes;
    if (change == Change::kMakes) return;
    changes_ = true;
    ++GetState().changing;
    ++GetState().generation;
    reaches_operations |= change == Change::kCloses && heritage.made_objects;
  }
  // The operations of a session that is closed end anyway.
  if (reaches_operations)
    BeginAllAhead(change == Change::kCloses ? session_ : CK_SESSION_HANDLE{0});
}

void Call::EndChange() {
  if (!changes_) return;
  const Lock lock;
  --GetState().changing;
}

// Not with a connection in hand: each takes one.
void Call::BeginAllAhead(CK_SESSION_HANDLE except) {
  State& state = GetState();
  const Deadline until = Deadline::InMs(GetSettings().call_timeout_ms);
  for (;;) {
    Operations::Ahead next;
    {
      const Lock lock;
      ++state.queueing;
      for (;;) {
        next = GetHeritage().operations.FindAhead(except);
        if (!next.busy || !MayTalkLocked() || !WaitLocked(&state.changed, until)) break;
      }
      --state.queueing;
    }
    if (!next.found || next.busy) return;
    Call call(InitOf(next.kind), next.session);
    if (!call.BeginAhead(next.kind)) return;
  }
}

// Begins at the daemon what was begun here. False if the daemon did not answer.
bool Call::BeginAhead(Kind kind) {
  if (connection_ == nullptr) return false;
  Operations& operations = GetHeritage().operations;
  {
    const Lock lock;
    const Operations::Operation operation = operations.Find(session_, kind);
    if (!operation.ahead || operation.calls != 0) return MayTalkLocked();
    uint8_t* body = connection_->buffer.Extend(operation.init.size);
    if (body == nullptr) return false;
    memcpy(body, operation.init.data, operation.init.size);
    role_ = {kind, Part::kInit};
    entered_ = operations.Enter(session_, kind);
    turn_ = operation.turn;
  }
  request_bytes_ = connection_->buffer.size();
  const bool answered = SendUntilAnswered();
  const Lock lock;
  if (connection_->life != GetState().life) return false;
  LeaveLocked();
  if (!answered || operations.Find(session_, kind).turn != turn_) return answered;
  if (result_ == CKR_OK) {
    operations.BeginAgain(session_, kind, connection_->incarnation);
  } else {
    operations.End(session_, kind);
  }
  return true;
}

}  // namespace gw::shim
