// Room: ops.
#include "daemon/ops/users.h"

#include "daemon/core/log.h"
#include "daemon/ops/pin_store.h"

namespace gw::ops {
namespace {

Status CheckPin(const Pin& pin) {
  if (!pin)
    return CallerError(CKR_ARGUMENTS_BAD,
                       "NULL PIN, and there is no protected authentication path");
  return Ok();
}

Status CheckNewPin(const Pin& pin) {
  GW_TRY_VOID(CheckPin(pin));
  if (pin->size() < kMinPinBytes || pin->size() > kMaxPinBytes) {
    return CallerError(CKR_PIN_LEN_RANGE, "PINs have 4 to 1024 octets");
  }
  return Ok();
}

// IAM's verdict on a key that is to become somebody's PIN.
Awaitable<Status> CheckAcceptable(Token& token, const Pin& pin, Deadline deadline) {
  SecretBytes key = pin->Clone();
  auto identity = co_await token.identities()->Authenticate(std::move(key), deadline);
  if (identity) co_return Ok();
  Error error = std::move(identity).error();
  if (error.rv == CKR_PIN_INCORRECT || error.rv == CKR_PIN_LOCKED) error.rv = CKR_PIN_INVALID;
  co_return error;
}

Result<UserState> UserFor(CK_USER_TYPE user) {
  if (user == CKU_SO) return UserState::kSecurityOfficer;
  if (user == CKU_USER) return UserState::kNormal;
  if (user == CKU_CONTEXT_SPECIFIC) {
    return StateError(CKR_OPERATION_NOT_INITIALIZED,
                      "no operation waits for a context-specific login");
  }
  return CallerError(CKR_USER_TYPE_INVALID, "user type");
}

Status CheckMayLogIn(const Login& login, UserState user) {
  if (login.user == user) return StateError(CKR_USER_ALREADY_LOGGED_IN, "logged in already");
  if (login.user != UserState::kAnonymous) {
    return StateError(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "the other user is logged in");
  }
  if (user == UserState::kSecurityOfficer && login.read_only_sessions > 0) {
    return StateError(CKR_SESSION_READ_ONLY_EXISTS, "a read-only session is open");
  }
  return Ok();
}

PinOwner OwnerFor(UserState user) {
  return user == UserState::kSecurityOfficer ? PinOwner::kSecurityOfficer : PinOwner::kUser;
}

// Who logs in, by IAM or by the token's own PINs. Empty identity: without IAM.
Awaitable<Result<IdentityPtr>> Identify(const CallScope& scope, UserState user, const Pin& pin) {
  Token& token = *scope.token;
  if (token.identities() == nullptr) {
    GW_CO_TRY_VOID(co_await CheckStoredPin(scope.services, token, OwnerFor(user), pin->view()));
    co_return IdentityPtr();
  }
  SecretBytes key = pin->Clone();
  co_return co_await token.identities()->Authenticate(std::move(key), scope.deadline);
}

// With IAM: the SO who initialised the token is the only one who may empty it again.
Awaitable<Result<std::map<TokenSetting, Bytes>>> CheckSecurityOfficer(Services& services,
                                                                      Token& token,
                                                                      const Pin& so_pin,
                                                                      Deadline deadline) {
  if (token.identities() == nullptr) {
    if (!HasStoredPin(token, PinOwner::kSecurityOfficer)) {
      // The function has no code of its own for a PIN that is too short or too long.
      if (!CheckNewPin(so_pin))
        co_return CallerError(CKR_PIN_INCORRECT, "PINs have 4 to 1024 octets");
      co_return co_await SettingsForPin(services, PinOwner::kSecurityOfficer, so_pin->view());
    }
    GW_CO_TRY_VOID(
        co_await CheckStoredPin(services, token, PinOwner::kSecurityOfficer, so_pin->view()));
    co_return std::map<TokenSetting, Bytes>();
  }
  SecretBytes key = so_pin->Clone();
  GW_CO_TRY(identity, co_await token.identities()->Authenticate(std::move(key), deadline));
  const Bytes* before = token.Setting(TokenSetting::kSecurityOfficer);
  const Bytes name = CopyOf(identity->name());
  if (before != nullptr && !Equal(*before, name)) {
    log::Warn("slot {}: C_InitToken by {} refused, the token was initialised by {}",
              token.config().slot, identity->name(), TextOf(*before));
    co_return CallerError(CKR_PIN_INCORRECT, "the token belongs to another security officer");
  }
  std::map<TokenSetting, Bytes> settings;
  if (!name.empty()) settings[TokenSetting::kSecurityOfficer] = name;
  co_return settings;
}

// Who has the right PIN may still not have the keystore (behaviour R286, R288).
Status CheckPrivateKeystore(const Token& token) {
  const std::string& keystore = token.KeystoreFor(/*is_private=*/true);
  switch (token.AccessTo(/*is_private=*/true)) {
    case KeystoreAccess::kGranted:
      return Ok();
    case KeystoreAccess::kWrongPassword:
    case KeystoreAccess::kNoPassword:
      log::Warn(
          "slot {}: a login is refused because keystore {} is locked: its password is not in the "
          "configuration (sessionauth)",
          token.config().slot, keystore);
      return CallerError(CKR_PIN_INCORRECT, "the keystore's password is missing or wrong");
    case KeystoreAccess::kNotAuthenticated:
      log::Warn(
          "slot {}: a login is refused because keystore {} was made without the password that "
          "sessionauth asks for: C_InitToken sets it and destroys what the keystore holds",
          token.config().slot, keystore);
      return StateError(CKR_USER_PIN_NOT_INITIALIZED, "the keystore has no password yet");
  }
  return InternalError("unknown access");
}

// The login session of the private keystore (behaviour R75), from before the login until it has
// come to something: a login that comes to nothing leaves no session open.
class LoginSession {
 public:
  LoginSession(Token& token, IdentityPtr identity) : token_(token), identity_(std::move(identity)) {
    token_.UserCame();
  }
  ~LoginSession() { token_.UserLeft(std::move(identity_)); }
  LoginSession(const LoginSession&) = delete;
  LoginSession& operator=(const LoginSession&) = delete;

  Awaitable<Status> Open(const CallScope& scope) const {
    HsmLogin* login = token_.login(/*is_private=*/true);
    if (login == nullptr) co_return Ok();
    HsmCall call;
    call.identity = identity_;
    call.application = scope.application->number();
    call.deadline = scope.deadline;
    co_return co_await token_.hsm().LogIn(call, *login);
  }

 private:
  Token& token_;
  IdentityPtr identity_;
};

}  // namespace

Awaitable<Status> InitToken(Services& services, const ApplicationPtr& application, SlotId slot,
                            Pin so_pin, ByteView label, Deadline deadline,
                            std::optional<RequestId> request) {
  GW_CO_TRY(token, TokenFor(services, *application, slot));
  GW_CO_TRY_VOID(CheckPin(so_pin));
  if (label.size() != kLabelBytes)
    co_return CallerError(CKR_ARGUMENTS_BAD, "the label has 32 octets");
  if (token->sessions > 0)
    co_return StateError(CKR_SESSION_EXISTS, "a session is open on the slot");
  if (!token->config().remotestore)
    co_return CallerError(CKR_TOKEN_WRITE_PROTECTED, "remotestore is not enabled");
  const Bytes label_copy = CopyOf(label);
  GW_CO_TRY(settings, co_await CheckSecurityOfficer(services, *token, so_pin, deadline));
  // Asked again: a session may have been opened while IAM was asked.
  if (token->sessions > 0)
    co_return StateError(CKR_SESSION_EXISTS, "a session is open on the slot");
  settings[TokenSetting::kLabel] = label_copy;
  if (token->identities() == nullptr) {
    // A wiped token has no user until C_InitPIN.
    settings[TokenSetting::kUserPin] = Bytes();
    settings[TokenSetting::kUserFailures] = Bytes();
  }
  Requested requested;
  requested.id = request;
  GW_CO_TRY_VOID(co_await token->Initialise(std::move(settings), std::move(requested)));
  log::Info("slot {}: token initialised, both keystores are empty", token->config().slot);
  co_return Ok();
}

Awaitable<Status> LogIn(const CallScope& scope, CK_USER_TYPE user, Pin pin) {
  GW_CO_TRY(state, UserFor(user));
  GW_CO_TRY_VOID(CheckMayLogIn(scope.login(), state));
  GW_CO_TRY_VOID(CheckPin(pin));
  GW_CO_TRY(identity, co_await Identify(scope, state, pin));
  std::optional<LoginSession> opened;
  if (state == UserState::kNormal) {
    GW_CO_TRY_VOID(CheckPrivateKeystore(*scope.token));
    opened.emplace(*scope.token, identity);
    GW_CO_TRY_VOID(co_await opened->Open(scope));
  }
  // Another thread may have logged in meanwhile, or closed the last session.
  GW_CO_TRY_VOID(CheckMayLogIn(scope.login(), state));
  if (scope.session->closed)
    co_return StateError(CKR_SESSION_HANDLE_INVALID, "the session was closed meanwhile");
  scope.application->LogIn(*scope.token, state, identity);
  co_return Ok();
}

Awaitable<Status> LogInByName(const CallScope& scope, CK_USER_TYPE user, Pin pin, ByteView name) {
  GW_CO_TRY(state, UserFor(user));
  GW_CO_TRY_VOID(CheckMayLogIn(scope.login(), state));
  const TokenConfig& config = scope.token->config();
  const std::string& known =
      state == UserState::kSecurityOfficer ? config.so_name : config.user_name;
  if (!name.empty() && TextOf(name) != known) {
    co_return CallerError(CKR_PIN_INCORRECT, "the configuration gives the user another name");
  }
  co_return co_await LogIn(scope, user, std::move(pin));
}

Status LogOut(const CallScope& scope) {
  if (scope.login().user == UserState::kAnonymous)
    return StateError(CKR_USER_NOT_LOGGED_IN, "nobody is logged in");
  scope.application->LogOut(*scope.token);
  return Ok();
}

Awaitable<Status> InitPin(const CallScope& scope, Pin pin) {
  if (scope.login().user != UserState::kSecurityOfficer) {
    co_return StateError(CKR_USER_NOT_LOGGED_IN, "C_InitPIN is the security officer's");
  }
  GW_CO_TRY_VOID(CheckNewPin(pin));
  Token& token = *scope.token;
  if (token.identities() != nullptr) co_return co_await CheckAcceptable(token, pin, scope.deadline);
  auto settings = co_await SettingsForPin(scope.services, PinOwner::kUser, pin->view());
  co_return co_await token.Store(std::move(settings), ByRequest(scope));
}

Awaitable<Status> SetPin(const CallScope& scope, Pin old_pin, Pin new_pin) {
  if (!scope.session->read_write)
    co_return StateError(CKR_SESSION_READ_ONLY, "C_SetPIN needs a read/write session");
  GW_CO_TRY_VOID(CheckPin(old_pin));
  GW_CO_TRY_VOID(CheckNewPin(new_pin));
  const UserState user = scope.login().user == UserState::kSecurityOfficer
                             ? UserState::kSecurityOfficer
                             : UserState::kNormal;
  Token& token = *scope.token;
  if (token.identities() == nullptr && !HasStoredPin(token, OwnerFor(user))) {
    // C_SetPIN has no code for a PIN that was never set; nothing can match it.
    co_return CallerError(CKR_PIN_INCORRECT, "no PIN is set yet: that is C_InitPIN");
  }
  GW_CO_TRY_VOID(co_await Identify(scope, user, old_pin));
  if (token.identities() == nullptr) {
    auto settings = co_await SettingsForPin(scope.services, OwnerFor(user), new_pin->view());
    co_return co_await token.Store(std::move(settings), ByRequest(scope));
  }
  GW_CO_TRY_VOID(co_await CheckAcceptable(token, new_pin, scope.deadline));
  // The application goes on under the new key if it was logged in under the old one.
  if (scope.login().user == user) {
    SecretBytes key = new_pin->Clone();
    GW_CO_TRY(identity, co_await token.identities()->Authenticate(std::move(key), scope.deadline));
    scope.application->ChangeIdentity(token, identity);
  }
  co_return Ok();
}

}  // namespace gw::ops
