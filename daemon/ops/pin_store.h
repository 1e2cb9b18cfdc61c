// Room: ops. PINs of a token without IAM: verifiers in the keystore and a counter of wrong tries
// that survives restarts.
#pragma once

#include "daemon/ops/call_scope.h"

namespace gw::ops {

enum class PinOwner : std::uint8_t { kSecurityOfficer, kUser };

// Compares off the loop, for the verifier is slow on purpose, and counts.
//   errors  CKR_USER_PIN_NOT_INITIALIZED  none set
//           CKR_PIN_LOCKED                kMaxPinFailures wrong tries in a row
//           CKR_PIN_INCORRECT
//           those of Keystore::Commit     the try could not be counted, so it is not made
Awaitable<Status> CheckStoredPin(Services& services, Token& token, PinOwner owner, ByteView pin);

bool HasStoredPin(const Token& token, PinOwner owner);

// The settings that make `pin` the owner's PIN and clear the counter. Computed off the loop.
Awaitable<std::map<TokenSetting, Bytes>> SettingsForPin(Services& services, PinOwner owner,
                                                        ByteView pin);

}  // namespace gw::ops
