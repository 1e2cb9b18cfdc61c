// Room: upstream. May include: core. May touch: a timer. One token per API key for the whole host.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "daemon/core/async.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/hsm_client.h"
#include "daemon/upstream/iam_reply.h"

namespace gw {

// Entries are found by API key, compared in constant time. All that happens to an entry is single
// flight: a hundred logins with one key cost one exchange and one check at the HSM. While somebody
// holds the Identity its token is renewed at about 80 % of its life (the old one serves until it
// expires if IAM is away); when nobody does, the entry stays until the token expires, so that
// processes that come and go cost nothing, and is then wiped. Loop only; identities may outlive it.
class TokenCache final : public IdentityProvider {
 public:
  using Fetch = std::function<Awaitable<Result<IamToken>>(SecretBytes api_key, Deadline)>;
  // Whether the HSM accepts the identity. CKR_USER_NOT_LOGGED_IN: no.
  using Verify = std::function<Awaitable<Status>(IdentityPtr, Deadline)>;
  struct Times {
    std::chrono::milliseconds fetch{10'000};   // one exchange
    std::chrono::milliseconds verify{10'000};  // the check of a new key at the HSM
  };

  TokenCache(boost::asio::any_io_executor executor, const Clock& clock, Times times, Fetch fetch,
             Verify verify, std::uint32_t seed);
  ~TokenCache() override;
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  Awaitable<Result<IdentityPtr>> Authenticate(SecretBytes api_key, Deadline deadline) override;

  // Stops renewing and forgets the keys; those that somebody holds go with their holders.
  void Close();
  // Looks at the clock again; for tests that move it by hand.
  void Poke();
  std::size_t size() const;

 private:
  struct State;
  class Entry;
  std::shared_ptr<State> state_;
};

}  // namespace gw
