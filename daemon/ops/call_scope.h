// Room: ops. May include: core, config, mechanism, attributes, token, policy, keystore/keystore.h,
// upstream/hsm_client.h, localcrypto. Touches nothing else: no sockets, no gRPC, no files.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "daemon/config/config.h"
#include "daemon/token/application_table.h"

namespace gw::ops {

// What every operation may lean on. One per silo; the members outlive all calls.
struct Services {
  TokenTable& tokens;
  ApplicationTable& applications;
  boost::asio::thread_pool& blocking;  // for work that would hold up the loop: PIN verifiers
  ConfigPtr config;                    // swapped whole at a reload

  const GatewayConfig& gateway() const { return config->gateway; }
};

// One C_ call: who makes it, in which session, and until when. Lives in the dispatcher's coroutine
// frame, so operations borrow it. `token` and `session` are set for functions that name a session;
// the caller holds the session's turn.
struct CallScope {
  Services& services;
  ApplicationPtr application;
  Deadline deadline;
  Token* token = nullptr;
  SessionPtr session;
  std::optional<RequestId> request{};  // where a change must not be made twice

  ActiveOperations& operations() const { return session->operations; }
  Login& login() const { return application->LoginOf(token->slot()); }
};

// The token behind a slot as the application numbers it, and may use it: for any other there is no
// such slot.
//   errors  CKR_SLOT_ID_INVALID
Result<Token*> TokenFor(const Services& services, const Application& application, SlotId number);
// The same by the slot's number in the configuration, which is that of Session and Token.
Result<Token*> TokenOf(const Services& services, const Application& application, SlotId slot);

// For changes that are all of their call.
Requested ByRequest(const CallScope& scope);

// The identity under which the HSM is asked: the logged-in user's, else the anonymous user's
// (behaviour R27).
//   errors  as Token::AnonymousIdentity
Awaitable<Result<HsmCall>> ForHsm(const CallScope& scope);
// The same for a request that makes a key. In an authenticated keystore it is bound to the login
// session of the keystore; session objects go by CKA_PRIVATE as well. The halves of a pair come out
// of one request, which is private if either is.
Awaitable<Result<HsmCall>> ForNewKey(const CallScope& scope, bool is_private);

// Remembers an HSM error in the session (CK_SESSION_INFO.ulDeviceError), and what it says of the
// HSM.
void Note(const CallScope& scope, const Error& error);
// The same, and passes it on.
template <typename T>
Result<T> Noted(const CallScope& scope, Result<T> result) {
  if (!result) Note(scope, result.error());
  return result;
}

}  // namespace gw::ops
