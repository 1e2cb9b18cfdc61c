// Room: ops.
#include "daemon/ops/call_scope.h"

#include "daemon/ops/profile.h"
#include "daemon/policy/policy.h"

namespace gw::ops {

namespace {

// A login that came back with its record has only its key; the token comes with the first use.
Awaitable<Result<IdentityPtr>> RestoredIdentity(const CallScope& scope) {
  Login& login = scope.login();
  const std::uint32_t generation = login.generation;
  SecretBytes key = login.key.Clone();
  auto identity = co_await scope.token->identities()->Authenticate(std::move(key), scope.deadline);
  if (!identity) {
    Error error = std::move(identity).error();
    WithoutPin(error);
    co_return error;
  }
  // Logged out meanwhile: what was made is not for this login any more.
  if (login.generation != generation || login.user == UserState::kAnonymous)
    co_return StateError(CKR_USER_NOT_LOGGED_IN, "logged out meanwhile");
  login.identity = *identity;
  login.key = SecretBytes();
  co_return login.identity;
}

}  // namespace

Result<Token*> TokenFor(const Services& services, const Application& application, SlotId number) {
  const auto slot = SlotBehind(services.gateway(), application, number);
  if (!slot) return CallerError(CKR_SLOT_ID_INVALID, "no such slot in its profile");
  return TokenOf(services, application, *slot);
}

Result<Token*> TokenOf(const Services& services, const Application& application, SlotId slot) {
  Token* token = services.tokens.Find(slot);
  if (token == nullptr) return CallerError(CKR_SLOT_ID_INVALID, "no such slot");
  if (!NumberOf(services.gateway(), application, slot))
    return CallerError(CKR_SLOT_ID_INVALID, "the slot is not in its profile");
  GW_TRY_VOID(MayUseSlot(services.gateway(), ToNumber(slot), application.peer()));
  return token;
}

Requested ByRequest(const CallScope& scope) {
  Requested requested;
  requested.id = scope.request;
  return requested;
}

Awaitable<Result<HsmCall>> ForHsm(const CallScope& scope) {
  HsmCall call;
  call.application = scope.application->number();
  call.deadline = scope.deadline;
  const Login& login = scope.login();
  call.logins[0] = scope.token->login(/*is_private=*/false);
  if (login.user == UserState::kNormal) call.logins[1] = scope.token->login(/*is_private=*/true);
  if (login.user != UserState::kAnonymous) {
    call.identity = login.identity;
    if (call.identity == nullptr && !login.key.empty()) {
      GW_CO_TRY(restored, co_await RestoredIdentity(scope));
      call.identity = restored;
    }
  } else if (auto anonymous = scope.token->AnonymousIdentityNow()) {
    call.identity = *anonymous;
  } else {
    GW_CO_TRY(fetched, co_await scope.token->AnonymousIdentity(scope.deadline));
    call.identity = fetched;
  }
  co_return call;
}

Awaitable<Result<HsmCall>> ForNewKey(const CallScope& scope, bool is_private) {
  GW_CO_TRY(call, co_await ForHsm(scope));
  call.binds = scope.token->login(is_private);
  co_return call;
}

void Note(const CallScope& scope, const Error& error) {
  if (error.kind == ErrorKind::kUpstream) scope.session->device_error = error.rv;
  // What it does not offer any more, or it was away and may come back as another one.
  if (error.rv == CKR_MECHANISM_INVALID || error.rv == CKR_DEVICE_ERROR) {
    scope.token->mechanisms_doubtful = true;
  }
}

}  // namespace gw::ops
