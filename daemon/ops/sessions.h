// Room: ops. PKCS #11 v2.40 5.6: sessions. No request to the HSM.
#pragma once

#include "daemon/ops/call_scope.h"

namespace gw::ops {

struct SessionInfo {
  CK_ULONG slot;
  CK_ULONG state;  // CKS_
  CK_FLAGS flags;
  CK_ULONG device_error;  // last CK_RV that came from the HSM in this session, 0: none
};

// errors  CKR_SESSION_PARALLEL_NOT_SUPPORTED  CKF_SERIAL_SESSION missing
//         CKR_SLOT_ID_INVALID
//         CKR_SESSION_READ_WRITE_SO_EXISTS    read-only while the SO is logged in
//         CKR_SESSION_COUNT                   gateway.limits.sessions_per_application
// source  behaviour R100-R105
Result<SessionHandle> OpenSession(Services& services, const ApplicationPtr& application,
                                  SlotId slot, CK_FLAGS flags);
Status CloseSession(const CallScope& scope);
// Returns the sessions that were open.
Result<std::vector<SessionHandle>> CloseAllSessions(Services& services,
                                                    const ApplicationPtr& application, SlotId slot);
// Ends the operations that the flags of CK_MECHANISM_INFO and CKF_FIND_OBJECTS name, if there are
// such; other flags say nothing.
//   source  PKCS #11 v3.0 5.6 C_SessionCancel
void CancelOperations(const CallScope& scope, CK_FLAGS flags);
SessionInfo GetSessionInfo(const CallScope& scope);

}  // namespace gw::ops
