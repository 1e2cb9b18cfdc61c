// Room: pkcs11-shim. Holds the lock for each step; touches application memory in PeekFound() alone.
#include "pkcs11-shim/kept.h"

#include <string.h>

namespace gw::shim {

void EndSession(CK_SESSION_HANDLE session) {
  const Lock lock;
  GetHeritage().operations.EndSession(session);
}

// One of this number may have been closed without its closing being answered. Without memory the
// daemon is asked more often.
void BeginSession(CK_SESSION_HANDLE session, uint32_t life, CK_SLOT_ID slot) {
  const Lock lock;
  if (life != GetState().life) return;
  GetHeritage().operations.EndSession(session);
  GetHeritage().operations.KeepSession(session, slot);
}

namespace {

KnownInfo& InfoPlace(CK_SESSION_HANDLE session) { return GetState().infos[session % kKnownInfos]; }

bool IsSo(const KnownInfo& known) {
  const State& state = GetState();
  return state.phase == Phase::kUp && known.failures == state.failures &&
         known.then.Is(MomentLocked());
}

}  // namespace

bool FindInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  OwnState();
  const Lock lock;
  const KnownInfo& known = InfoPlace(session);
  if (known.session != session || !IsSo(known)) return false;
  *info = known.info;
  return true;
}

KnownInfo BeginInfo(CK_SESSION_HANDLE session) {
  const Lock lock;
  return {session, MomentLocked(), GetState().failures, {}};
}

void KeepInfo(const KnownInfo& begun, const CK_SESSION_INFO& info) {
  const Lock lock;
  if (!IsSo(begun)) return;
  InfoPlace(begun.session) = begun;
  InfoPlace(begun.session).info = info;
}

bool SearchIsActive(CK_SESSION_HANDLE session) {
  const Lock lock;
  return GetHeritage().operations.FindSearch(session).active;
}

bool ExpectSearch(CK_SESSION_HANDLE session) {
  const Lock lock;
  return GetHeritage().operations.Expect(session, Kind::kSearch);
}

bool KeepSearch(CK_SESSION_HANDLE session, uint32_t life, wire::Octets handles, bool complete) {
  const Lock lock;
  if (life != GetState().life) return true;
  return GetHeritage().operations.BeginSearch(session, handles, complete);
}

// Application memory is not touched under the lock.
CK_ULONG PeekFound(CK_SESSION_HANDLE session, void* objects, CK_ULONG most, bool* enough) {
  static_assert(sizeof(CK_OBJECT_HANDLE) == sizeof(uint64_t));
  uint8_t handles[wire::kMaxFoundAtOnce * sizeof(uint64_t)];
  CK_ULONG count = 0;
  {
    const Lock lock;
    const Operations::Search search = GetHeritage().operations.FindSearch(session);
    count = search.left < most ? search.left : most;
    if (count != 0) memcpy(handles, search.next, count * sizeof(uint64_t));
    *enough = search.active && (search.complete || count == most);
  }
  if (count != 0) memcpy(objects, handles, count * sizeof(uint64_t));
  return count;
}

void AdvanceSearch(CK_SESSION_HANDLE session, CK_ULONG count) {
  const Lock lock;
  GetHeritage().operations.Advance(session, static_cast<uint32_t>(count));
}

Operations::Search EndSearch(CK_SESSION_HANDLE session) {
  const Lock lock;
  const Operations::Search search = GetHeritage().operations.FindSearch(session);
  GetHeritage().operations.End(session, Kind::kSearch);
  return search;
}

namespace {

struct CancelRow {
  CK_FLAGS flag;
  Kind kind;
};
constexpr CancelRow kCancelled[] = {
    {CKF_FIND_OBJECTS, Kind::kSearch}, {CKF_ENCRYPT, Kind::kEncrypt},
    {CKF_DECRYPT, Kind::kDecrypt},     {CKF_DIGEST, Kind::kDigest},
    {CKF_SIGN, Kind::kSign},           {CKF_SIGN_RECOVER, Kind::kSignRecover},
    {CKF_VERIFY, Kind::kVerify},       {CKF_VERIFY_RECOVER, Kind::kVerifyRecover},
};

// Their state can be saved.
constexpr Kind kSaved[] = {Kind::kEncrypt, Kind::kDecrypt, Kind::kDigest, Kind::kSign,
                           Kind::kVerify};

constexpr Kind kRecovering[] = {Kind::kSignRecover, Kind::kVerifyRecover};

// A search or a signature with recovery, or an operation of which not all is kept.
bool IsUnsaveable(const Operations& operations, CK_SESSION_HANDLE session) {
  bool unsaveable = operations.FindSearch(session).active;
  for (Kind kind : kRecovering)
    unsaveable |= operations.Find(session, kind).phase > Operations::Phase::kIdle;
  for (Kind kind : kSaved)
    unsaveable |= operations.Find(session, kind).phase == Operations::Phase::kPast;
  return unsaveable;
}

}  // namespace

void PutOperations(CK_SESSION_HANDLE session, Encoder& put) {
  const Lock lock;
  const Operations& operations = GetHeritage().operations;
  uint32_t count = 0;
  for (Kind kind : kSaved)
    count += operations.Find(session, kind).phase == Operations::Phase::kBegun;
  if (IsUnsaveable(operations, session)) return put.Refuse(CKR_STATE_UNSAVEABLE);
  if (count == 0) return put.Refuse(CKR_OPERATION_NOT_INITIALIZED);
  put.U32(count);
  for (Kind kind : kSaved) {
    const Operations::Operation operation = operations.Find(session, kind);
    if (operation.phase != Operations::Phase::kBegun) continue;
    put.U16(static_cast<uint16_t>(InitOf(kind))).Octets(operation.init).Octets(operation.fed);
  }
}

bool RestoreOperations(CK_SESSION_HANDLE session, uint32_t life, wire::Reader reply) {
  const Lock lock;
  if (life != GetState().life) return true;
  Operations& operations = GetHeritage().operations;
  for (const CancelRow& row : kCancelled)
    if (row.kind != Kind::kSearch) operations.End(session, row.kind);
  const uint32_t count = reply.U32();
  for (uint32_t i = 0; i < count; ++i) {
    const Role role = RoleOf(static_cast<wire::Function>(reply.U16()));
    const wire::Octets init = reply.Bytes();
    const wire::Octets fed = reply.Bytes();
    if (role.part != Part::kInit) continue;
    if (!operations.Expect(session, role.kind)) return false;
    operations.Begin(session, role.kind, Operations::kNoDaemon, init);
    if (fed.size != 0) operations.Feed(session, role.kind, Operations::kNoDaemon, fed);
  }
  return true;
}

void CancelKept(CK_SESSION_HANDLE session, CK_FLAGS flags) {
  const Lock lock;
  for (const CancelRow& row : kCancelled)
    if ((flags & row.flag) != 0) GetHeritage().operations.End(session, row.kind);
}

}  // namespace gw::shim
