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

}  // namespace gw::shim
