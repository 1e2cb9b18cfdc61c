// Room: upstream. May include: core. What an Identity is inside this room: a source of bearer
// tokens.
#pragma once

#include <chrono>
#include <memory>

#include "daemon/core/async.h"
#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

// An immutable token: requests in flight keep theirs while a new one takes its place.
struct Bearer {
  SecretBytes authorization;  // "Bearer <token>", ready for the metadata
  SteadyTime renew_at;
  SteadyTime expires_at;
};
using BearerPtr = std::shared_ptr<const Bearer>;

// Every Identity that this room hands out is one. Loop only.
class BearerIdentity : public Identity {
 public:
  // The token in hand; nullptr: none that lives.
  virtual BearerPtr Current() const = 0;
  // The same, after fetching one if need be.
  //   errors  as IamClient::Fetch(); CKR_USER_NOT_LOGGED_IN if IAM no longer accepts the key
  virtual Awaitable<Result<BearerPtr>> Get(Deadline deadline) = 0;
  // The HSM refused `refused`: a younger token if there is one or can be had. Asked again within
  // `pause`, it says the same without a fetch, so that a missing right cannot flood IAM.
  //   returns  nullptr: no younger token
  //   errors   CKR_DEVICE_ERROR  there might be one, but IAM cannot be reached
  virtual Awaitable<Result<BearerPtr>> Renew(BearerPtr refused, std::chrono::milliseconds pause,
                                             Deadline deadline) = 0;
};

// Who `call` is made for; it has an identity.
inline BearerIdentity& IdentityOf(const HsmCall& call) {
  return static_cast<BearerIdentity&>(*call.identity);
}

}  // namespace gw
