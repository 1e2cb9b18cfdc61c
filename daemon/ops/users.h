// Room: ops. PKCS #11 v2.40 5.5 and 5.6: C_InitToken, C_InitPIN, C_SetPIN, C_Login, C_Logout;
// behaviour section 2. With IAM the PIN is an API key and IAM decides. Without IAM the PINs are the
// token's own: scrypt verifiers in the keystore, with a counter of wrong tries.
#pragma once

#include "daemon/ops/call_scope.h"

namespace gw::ops {

inline constexpr std::size_t kMinPinBytes = 4;
inline constexpr std::size_t kMaxPinBytes = 1024;
inline constexpr std::size_t kLabelBytes = 32;
inline constexpr Byte kMaxPinFailures = 10;  // without IAM; then CKR_PIN_LOCKED

// nullopt: the application passed a NULL pointer (no protected path exists: CKR_ARGUMENTS_BAD).
using Pin = std::optional<SecretBytes>;

// Empties both keystores of the slot and sets its label.
//   errors  CKR_SLOT_ID_INVALID, CKR_ARGUMENTS_BAD, CKR_SESSION_EXISTS (of any application),
//           CKR_PIN_INCORRECT (IAM refuses the key, or it is not the one of the SO that initialised
//           the token), CKR_PIN_LOCKED, CKR_PIN_LEN_RANGE, CKR_DEVICE_ERROR. Nothing is cleared on
//           any error.
//   source  behaviour R65-R73
Awaitable<Status> InitToken(Services& services, const ApplicationPtr& application, SlotId slot,
                            Pin so_pin, ByteView label, Deadline deadline,
                            std::optional<RequestId> request = std::nullopt);

//   errors  CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_USER_TYPE_INVALID,
//           CKR_OPERATION_NOT_INITIALIZED (CKU_CONTEXT_SPECIFIC), CKR_SESSION_READ_ONLY_EXISTS,
//           CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED, CKR_ARGUMENTS_BAD,
//           CKR_DEVICE_ERROR
//   source  behaviour 2.4
Awaitable<Status> LogIn(const CallScope& scope, CK_USER_TYPE user, Pin pin);
// C_LoginUser of PKCS #11 v3.0: the configuration names the users of a slot. An empty name is
// C_Login.
//   errors  as LogIn; CKR_PIN_INCORRECT  the user of that type has another name
//   source  behaviour 4.3
Awaitable<Status> LogInByName(const CallScope& scope, CK_USER_TYPE user, Pin pin, ByteView name);
//   errors  CKR_USER_NOT_LOGGED_IN
Status LogOut(const CallScope& scope);

//   errors  CKR_USER_NOT_LOGGED_IN (not the SO), CKR_PIN_LEN_RANGE, CKR_PIN_INVALID (IAM refuses
//   it) source  behaviour R78
Awaitable<Status> InitPin(const CallScope& scope, Pin pin);
//   errors  CKR_SESSION_READ_ONLY, CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE,
//   CKR_PIN_LOCKED source  behaviour R79
Awaitable<Status> SetPin(const CallScope& scope, Pin old_pin, Pin new_pin);

}  // namespace gw::ops
