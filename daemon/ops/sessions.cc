// Room: ops.
#include "daemon/ops/sessions.h"

#include <array>

#include "daemon/ops/profile.h"

namespace gw::ops {
namespace {

// Behaviour 3.2; the SO has no read-only sessions.
CK_ULONG StateOf(UserState user, bool read_write) {
  switch (user) {
    case UserState::kSecurityOfficer:
      return CKS_RW_SO_FUNCTIONS;
    case UserState::kNormal:
      return read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    case UserState::kAnonymous:
      return read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
  }
  return CKS_RO_PUBLIC_SESSION;
}

struct CancelRow {
  CK_FLAGS flag;
  OperationKind kind;
};
constexpr auto kCancelled = std::to_array<CancelRow>({
    {CKF_MESSAGE_SIGN, OperationKind::kMessageSign},
    {CKF_MESSAGE_VERIFY, OperationKind::kMessageVerify},
    {CKF_FIND_OBJECTS, OperationKind::kFind},
    {CKF_ENCRYPT, OperationKind::kEncrypt},
    {CKF_DECRYPT, OperationKind::kDecrypt},
    {CKF_DIGEST, OperationKind::kDigest},
    {CKF_SIGN, OperationKind::kSign},
    {CKF_SIGN_RECOVER, OperationKind::kSignRecover},
    {CKF_VERIFY, OperationKind::kVerify},
    {CKF_VERIFY_RECOVER, OperationKind::kVerifyRecover},
});
static_assert(kCancelled.size() == kOperationKinds);

}  // namespace

Result<SessionHandle> OpenSession(Services& services, const ApplicationPtr& application,
                                  SlotId slot, CK_FLAGS flags) {
  if ((flags & CKF_SERIAL_SESSION) == 0) {
    return CallerError(CKR_SESSION_PARALLEL_NOT_SUPPORTED, "CKF_SERIAL_SESSION is not set");
  }
  GW_TRY(token, TokenFor(services, *application, slot));
  const bool read_write = (flags & CKF_RW_SESSION) != 0;
  if (!read_write && application->LoginOf(token->slot()).user == UserState::kSecurityOfficer) {
    return StateError(CKR_SESSION_READ_WRITE_SO_EXISTS, "the SO is logged in");
  }
  if (application->session_count() >= services.gateway().limits.sessions_per_application) {
    return StateError(CKR_SESSION_COUNT, "gateway.limits.sessions_per_application reached");
  }
  return application->OpenSession(*token, read_write)->handle;
}

Status CloseSession(const CallScope& scope) {
  scope.application->CloseSession(*scope.token, *scope.session);
  return Ok();
}

Result<std::vector<SessionHandle>> CloseAllSessions(Services& services,
                                                    const ApplicationPtr& application,
                                                    SlotId slot) {
  GW_TRY(token, TokenFor(services, *application, slot));
  return application->CloseAllSessions(*token);
}

void CancelOperations(const CallScope& scope, CK_FLAGS flags) {
  for (const CancelRow& row : kCancelled) {
    if ((flags & row.flag) != 0) scope.operations().End(row.kind);
  }
}

SessionInfo GetSessionInfo(const CallScope& scope) {
  const Session& session = *scope.session;
  // A call in a session is let in only while its slot has a number.
  const auto number = NumberOf(scope.services.gateway(), *scope.application, session.slot);
  return {.slot = ToNumber(number.value_or(session.slot)),
          .state = StateOf(scope.login().user, session.read_write),
          .flags = CKF_SERIAL_SESSION | (session.read_write ? CK_FLAGS{CKF_RW_SESSION} : 0),
          .device_error = session.device_error};
}

}  // namespace gw::ops
