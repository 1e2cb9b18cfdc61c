// Room: pkcs11-shim. Holds the lock for each step; touches application memory in PeekFound() alone.
#include "pkcs11-shim/kept.h"

#include <string.h>

namespace gw::shim {

void EndSession(CK_SESSION_HANDLE session) {
  const Lock lock;
  GetHeritage().operations.EndSession(session);
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
