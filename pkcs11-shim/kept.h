// Room: pkcs11-shim. What the stubs need of the kept state of sessions, each under the lock. (What
// a call needs of its operation: call_operations.cc.)
#pragma once

#include "pkcs11-shim/marshal.h"
#include "pkcs11-shim/state.h"

namespace gw::shim {

// Nothing is kept of the session any more.
void EndSession(CK_SESSION_HANDLE session);

// The session was opened in that life, on `slot`.
void BeginSession(CK_SESSION_HANDLE session, uint32_t life, CK_SLOT_ID slot);

// C_GetSessionInfo without the daemon: false if what it would say is not known.
bool FindInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* info);
// Before the daemon is asked; what it says is kept if that is still so afterwards.
KnownInfo BeginInfo(CK_SESSION_HANDLE session);
void KeepInfo(const KnownInfo& begun, const CK_SESSION_INFO& info);

bool SearchIsActive(CK_SESSION_HANDLE session);

// Before C_FindObjectsInit is sent: room for a search. False without memory.
bool ExpectSearch(CK_SESSION_HANDLE session);

// What C_FindObjectsInit has found in that life: `handles`, 8 octets each, in native order. False
// without memory.
bool KeepSearch(CK_SESSION_HANDLE session, uint32_t life, wire::Octets handles, bool complete);

// The next of the kept handles, at most `most`, to application memory; they stay kept. *enough: the
// daemon need not be asked for more.
CK_ULONG PeekFound(CK_SESSION_HANDLE session, void* objects, CK_ULONG most, bool* enough);

// Forgets `count` handles, which the application has now.
void AdvanceSearch(CK_SESSION_HANDLE session, CK_ULONG count);

// C_GetOperationState: what is kept of the session's operations goes to `put`, as in WIRE.md; or
// the refusal of the standard.
void PutOperations(CK_SESSION_HANDLE session, Encoder& put);

// C_SetOperationState: the operations in `reply`, which is sound, take the place of the session's.
// False without memory.
bool RestoreOperations(CK_SESSION_HANDLE session, uint32_t life, wire::Reader reply);

// C_SessionCancel: forgets the operations that the flags name.
void CancelKept(CK_SESSION_HANDLE session, CK_FLAGS flags);

// Ends the search; what there was of it. Its handles are gone.
Operations::Search EndSearch(CK_SESSION_HANDLE session);

}  // namespace gw::shim
