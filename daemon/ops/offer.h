// Room: ops. Which mechanisms a token offers, and when the HSM is asked for them.
#pragma once

#include "daemon/mechanism/offered_mechanisms.h"
#include "daemon/ops/call_scope.h"

namespace gw::ops {

// Asks the HSM what it offers unless that is known and neither old (gateway.times.mechanisms) nor
// doubtful. A list that is known already is good enough while the HSM is away: nobody waits for
// long, and one call asks for all.
//   returns  true if the HSM was asked
Awaitable<bool> KeepOfferCurrent(const Services& services, const ApplicationPtr& application,
                                 Token& token, Deadline deadline);

// The row of a mechanism that the token offers: the HSM does, or it is a digest that is computed
// here. nullptr: it is not offered.
const MechanismRow* OfferedRow(const Services& services, const Token& token,
                               CK_MECHANISM_TYPE type);

// The same, checked for one function; `flag` as in CheckMechanism.
//   errors  CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID
Result<const MechanismRow*> MechanismFor(const CallScope& scope, const Mechanism& mechanism,
                                         CK_FLAGS flag);
// Asks the HSM, where that is due, before it answers that there is none.
Awaitable<Result<const MechanismRow*>> AskedMechanismFor(const CallScope& scope,
                                                         const Mechanism& mechanism, CK_FLAGS flag);

}  // namespace gw::ops
