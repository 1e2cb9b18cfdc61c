// Room: ops.
#include "daemon/ops/call_scope.h"

namespace gw::ops {

Awaitable<Result<HsmCall>> ForHsm(const CallScope& scope) {
  HsmCall call;
  call.application = scope.application->number();
  call.deadline = scope.deadline;
  const Login& login = scope.login();
  if (login.user != UserState::kAnonymous) {
    call.identity = login.identity;
  } else if (auto anonymous = scope.token->AnonymousIdentityNow()) {
    call.identity = *anonymous;
  } else {
    GW_CO_TRY(fetched, co_await scope.token->AnonymousIdentity(scope.deadline));
    call.identity = fetched;
  }
  co_return call;
}

}  // namespace gw::ops
