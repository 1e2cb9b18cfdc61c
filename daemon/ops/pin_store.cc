// Room: ops.
#include "daemon/ops/pin_store.h"

#include <array>
#include <boost/asio/co_spawn.hpp>

#include "daemon/core/check.h"
#include "daemon/localcrypto/pin_verifier.h"
#include "daemon/ops/users.h"

namespace gw::ops {
namespace {

struct OwnerRow {
  TokenSetting pin;
  TokenSetting failures;
};
constexpr std::array<OwnerRow, 2> kOwners{{
    {TokenSetting::kSoPin, TokenSetting::kSoFailures},
    {TokenSetting::kUserPin, TokenSetting::kUserFailures},
}};
const OwnerRow& RowFor(PinOwner owner) { return kOwners[static_cast<std::size_t>(owner)]; }

// Coroutines for the thread of blocking work: everything they touch is their own.
Awaitable<bool> Compare(Bytes verifier, SecretBytes pin) {
  co_return PinMatches(verifier, pin.view());
}
Awaitable<Bytes> Make(SecretBytes pin) { co_return MakePinVerifier(pin.view()); }

// Runs `work` there and comes back to the loop with its result.
template <typename T>
Awaitable<T> OffTheLoop(Services& services, Awaitable<T> work) {
  auto [exception, result] =
      co_await boost::asio::co_spawn(services.blocking.get_executor(), std::move(work), kAwait);
  GW_CHECK(exception == nullptr);
  co_return std::move(result);
}

Byte FailuresOf(const Token& token, const OwnerRow& row) {
  const Bytes* failures = token.Setting(row.failures);
  return failures == nullptr || failures->empty() ? Byte{0} : failures->front();
}

Awaitable<Status> StoreFailures(Token& token, const OwnerRow& row, Byte failures) {
  std::map<TokenSetting, Bytes> settings;
  settings[row.failures] = failures == 0 ? Bytes() : Bytes(1, failures);
  co_return co_await token.Store(std::move(settings));
}

}  // namespace

bool HasStoredPin(const Token& token, PinOwner owner) {
  return token.Setting(RowFor(owner).pin) != nullptr;
}

Awaitable<Status> CheckStoredPin(Services& services, Token& token, PinOwner owner, ByteView pin) {
  const OwnerRow& row = RowFor(owner);
  if (!HasStoredPin(token, owner))
    co_return StateError(CKR_USER_PIN_NOT_INITIALIZED, "no PIN is set");
  const Byte failures = FailuresOf(token, row);
  if (failures >= kMaxPinFailures)
    co_return CallerError(CKR_PIN_LOCKED, "too many wrong PINs in a row");
  // Counted before it is compared: tries that run side by side or are cut off by a crash count too.
  GW_CO_TRY_VOID(co_await StoreFailures(token, row, static_cast<Byte>(failures + 1)));
  Bytes verifier = *token.Setting(row.pin);
  SecretBytes copy(pin);
  Awaitable<bool> comparison = Compare(std::move(verifier), std::move(copy));
  const bool matches = co_await OffTheLoop(services, std::move(comparison));
  if (!matches) co_return CallerError(CKR_PIN_INCORRECT, "wrong PIN");
  co_return co_await StoreFailures(token, row, 0);
}

Awaitable<std::map<TokenSetting, Bytes>> SettingsForPin(Services& services, PinOwner owner,
                                                        ByteView pin) {
  const OwnerRow& row = RowFor(owner);
  SecretBytes copy(pin);
  Awaitable<Bytes> making = Make(std::move(copy));
  Bytes verifier = co_await OffTheLoop(services, std::move(making));
  std::map<TokenSetting, Bytes> settings;
  settings[row.pin] = std::move(verifier);
  settings[row.failures] = Bytes();
  co_return settings;
}

}  // namespace gw::ops
