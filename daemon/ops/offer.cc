// Room: ops.
#include "daemon/ops/offer.h"

#include <algorithm>

#include "daemon/core/clock.h"
#include "daemon/core/log.h"

namespace gw::ops {
namespace {

// Of everything but what was asked for, an application waits no longer.
constexpr std::chrono::seconds kPatience{2};

// Under whatever identity is at hand; anonymous users may lack the right or the key.
Awaitable<std::optional<HsmCall>> CallOf(const ApplicationPtr& application, Token& token,
                                         Deadline deadline) {
  HsmCall call;
  call.application = application->number();
  call.deadline = deadline;
  call.identity = application->LoginOf(token.slot()).identity;
  // A login that came back after a restart has none before its first use.
  if (call.identity == nullptr) {
    auto anonymous = co_await token.AnonymousIdentity(deadline);
    if (!anonymous) co_return std::nullopt;
    call.identity = *anonymous;
  }
  co_return call;
}

// Of a mechanism that the HSM says nothing about, nothing is offered.
Awaitable<std::map<CK_MECHANISM_TYPE, MechanismFacts>> FactsOf(
    const HsmCall& call, Token& token, std::vector<CK_MECHANISM_TYPE> strange) {
  std::map<CK_MECHANISM_TYPE, MechanismFacts> facts;
  for (const CK_MECHANISM_TYPE type : strange) {
    auto told = co_await token.hsm().GetMechanismInfo(call, type);
    if (told) {
      facts[type] = *told;
      log::Info("slot {}: the HSM offers mechanism 0x{:x}, which is taken with octets as parameter",
                token.config().slot, type);
    } else {
      log::Warn("slot {}: the HSM offers mechanism 0x{:x} and does not say what it does: {}",
                token.config().slot, type, Describe(told.error()));
    }
  }
  co_return facts;
}

}  // namespace

Awaitable<bool> KeepOfferCurrent(const Services& services, const ApplicationPtr& application,
                                 Token& token, Deadline deadline) {
  const SteadyTime now = RealClock().Now();
  if (token.mechanisms.known()) {
    const bool old = now - token.mechanisms_asked_at >= services.gateway().times.mechanisms;
    if (!old && !token.mechanisms_doubtful) co_return false;
    deadline.at = std::min(deadline.at, now + kPatience);
  }
  token.mechanisms_asked_at = now;
  token.mechanisms_doubtful = false;
  const std::optional<HsmCall> call = co_await CallOf(application, token, deadline);
  if (!call) co_return false;
  auto types = co_await token.hsm().GetMechanismList(*call);
  if (!types) {
    log::Warn("slot {}: mechanism list not available yet: {}", token.config().slot,
              Describe(types.error()));
    co_return false;
  }
  const auto facts = co_await FactsOf(*call, token, token.mechanisms.Strange(*types));
  token.mechanisms.Learn(*std::move(types), facts);
  co_return true;
}

const MechanismRow* OfferedRow(const Services& services, const Token& token,
                               CK_MECHANISM_TYPE type) {
  if (const MechanismRow* row = token.mechanisms.Find(type)) return row;
  const MechanismRow* row = FindMechanism(type);
  const bool here = row != nullptr && row->family == Family::kDigest;
  return here && services.gateway().local.digest ? row : nullptr;
}

Result<const MechanismRow*> MechanismFor(const CallScope& scope, const Mechanism& mechanism,
                                         CK_FLAGS flag) {
  const MechanismRow* row = OfferedRow(scope.services, *scope.token, mechanism.type);
  GW_TRY_VOID(CheckMechanism(row, mechanism, flag));
  return row;
}

Awaitable<Result<const MechanismRow*>> AskedMechanismFor(const CallScope& scope,
                                                         const Mechanism& mechanism,
                                                         CK_FLAGS flag) {
  if (OfferedRow(scope.services, *scope.token, mechanism.type) == nullptr)
    co_await KeepOfferCurrent(scope.services, scope.application, *scope.token, scope.deadline);
  co_return MechanismFor(scope, mechanism, flag);
}

}  // namespace gw::ops
