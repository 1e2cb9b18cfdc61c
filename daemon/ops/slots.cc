// Room: ops.
#include "daemon/ops/slots.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <set>

#include "daemon/core/clock.h"
#include "daemon/core/log.h"
#include "daemon/core/version.h"
#include "daemon/ops/offer.h"
#include "daemon/ops/pin_store.h"
#include "daemon/ops/profile.h"
#include "daemon/ops/users.h"

namespace gw::ops {
namespace {

constexpr std::string_view kDescription = "GREP11 gateway";

CK_FLAGS TokenFlags(const Token& token) {
  CK_FLAGS flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_DUAL_CRYPTO_OPERATIONS;
  if (token.initialised()) flags |= CKF_TOKEN_INITIALIZED;
  // With IAM the users' credentials exist as soon as the token does (behaviour R70).
  const bool user_pin =
      token.identities() != nullptr ? token.initialised() : HasStoredPin(token, PinOwner::kUser);
  const auto granted = [&token](bool is_private) {
    return token.AccessTo(is_private) == KeystoreAccess::kGranted;
  };
  if (user_pin && granted(true)) flags |= CKF_USER_PIN_INITIALIZED;
  const bool writable = token.config().remotestore && granted(true) && granted(false);
  if (!writable) flags |= CKF_WRITE_PROTECTED;
  return flags;
}

// On behalf of the application; a look may take as long as any call.
Awaitable<void> Look(const Services& services, const ApplicationPtr& application, Token& token) {
  HsmCall call;
  call.application = application->number();
  call.deadline.at = RealClock().Now() + services.gateway().times.call;
  call.identity = application->LoginOf(token.slot()).identity;
  if (call.identity == nullptr) {
    if (auto anonymous = token.AnonymousIdentityNow()) call.identity = *anonymous;
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  token.watch().Look(executor, std::move(call));
}

// Whatever signs one message signs many (message.h).
CK_FLAGS MessageFlags(CK_FLAGS flags) {
  const CK_FLAGS sign = (flags & CKF_SIGN) != 0 ? CKF_MESSAGE_SIGN | CKF_MULTI_MESSAGE : 0;
  const CK_FLAGS verify = (flags & CKF_VERIFY) != 0 ? CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE : 0;
  return sign | verify;
}

}  // namespace

Info GetInfo(const Services& services) {
  return {.cryptoki = {CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR},
          .manufacturer = services.gateway().manufacturer,
          .description = std::string(kDescription),
          .library = {kVersionMajor, kVersionMinor}};
}

std::vector<CK_ULONG> GetSlotList(const Services& services, const ApplicationPtr& application) {
  std::vector<CK_ULONG> slots;
  for (const auto& [slot, token] : services.tokens.all()) {
    const auto number = NumberOf(services.gateway(), *application, token->slot());
    if (number && TokenFor(services, *application, *number)) slots.push_back(ToNumber(*number));
  }
  std::ranges::sort(slots);
  return slots;
}

Result<SlotInfo> GetSlotInfo(const Services& services, const ApplicationPtr& application,
                             SlotId slot) {
  GW_TRY(token, TokenFor(services, *application, slot));
  const EndpointConfig& endpoint = token->config().endpoints.front();
  return SlotInfo{.description = std::string(kDescription) + " at " + endpoint.address,
                  .manufacturer = services.gateway().manufacturer,
                  .flags = CKF_TOKEN_PRESENT | CKF_HW_SLOT};
}

Awaitable<Result<SlotId>> NextSlotEvent(Services& services, const ApplicationPtr& application) {
  for (const auto& [configured, token] : services.tokens.all()) {
    const auto number = NumberOf(services.gateway(), *application, token->slot());
    if (!number || !TokenFor(services, *application, *number)) continue;
    co_await Look(services, application, *token);
    const SlotId slot = token->slot();
    const bool away = !token->watch().answers();
    if (away == application->told_away.contains(slot)) continue;
    if (away) {
      application->told_away.insert(slot);
    } else {
      application->told_away.erase(slot);
    }
    co_return *number;
  }
  co_return StateError(CKR_NO_EVENT, "nothing has changed");
}

Result<TokenInfo> GetTokenInfo(const Services& services, const ApplicationPtr& application,
                               SlotId slot) {
  GW_TRY(token, TokenFor(services, *application, slot));
  const Bytes* label = token->Setting(TokenSetting::kLabel);
  return TokenInfo{.label = label == nullptr ? std::string() : std::string(TextOf(*label)),
                   .manufacturer = services.gateway().manufacturer,
                   .model = services.gateway().model,
                   .serial_number = services.gateway().serial_number,
                   .flags = TokenFlags(*token),
                   .max_sessions = services.gateway().limits.sessions_per_application,
                   .sessions = token->sessions,
                   .max_read_write_sessions = services.gateway().limits.sessions_per_application,
                   .read_write_sessions = token->read_write_sessions,
                   .max_pin_bytes = kMaxPinBytes,
                   .min_pin_bytes = kMinPinBytes};
}

Awaitable<Result<std::vector<CK_ULONG>>> GetMechanismList(Services& services,
                                                          const ApplicationPtr& application,
                                                          SlotId slot, Deadline deadline) {
  GW_CO_TRY(token, TokenFor(services, *application, slot));
  co_await KeepOfferCurrent(services, application, *token, deadline);
  std::set<CK_ULONG> types;
  for (const MechanismRow* row : token->mechanisms.All()) types.insert(row->type);
  // Digests are offered whether the HSM has them or not.
  for (const MechanismRow& row : AllMechanisms()) {
    if (OfferedRow(services, *token, row.type) != nullptr) types.insert(row.type);
  }
  co_return std::vector<CK_ULONG>(types.begin(), types.end());
}

Awaitable<Result<MechanismInfo>> GetMechanismInfo(Services& services,
                                                  const ApplicationPtr& application, SlotId slot,
                                                  CK_MECHANISM_TYPE type, Deadline deadline) {
  GW_CO_TRY(token, TokenFor(services, *application, slot));
  co_await KeepOfferCurrent(services, application, *token, deadline);
  const MechanismRow* row = OfferedRow(services, *token, type);
  if (row == nullptr) {
    co_return CallerError(CKR_MECHANISM_INVALID, "mechanism is not offered");
  }
  // Tools look for CKF_HW to tell what the device does itself; digests are computed here.
  const CK_FLAGS hardware = row->family == Family::kDigest ? 0 : CK_FLAGS{CKF_HW};
  const MechanismInfo info{row->min_key_size, row->max_key_size,
                           row->flags | hardware | MessageFlags(row->flags)};
  co_return info;
}

}  // namespace gw::ops
