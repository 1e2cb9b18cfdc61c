// Room: upstream. May include: core, config, runtime, rpc. The login sessions of one token's HSM
// (wire sheet 9). Included by sender alone: it drags the messages in.
#pragma once

#include <memory>
#include <optional>

#include "daemon/config/config.h"
#include "daemon/core/clock.h"
#include "daemon/runtime/silo.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/channel_pool.h"
#include "daemon/upstream/failure.h"
#include "daemon/upstream/rpc_metrics.h"
#include "daemon/upstream/sendable.h"

namespace gw {

// The interface does not say how the HSM knows to which session a new key belongs; the request has
// no field for it. So each session has a connection of its own at each endpoint, which is logged in
// to that session alone, and keys are made there. Keys that exist are used on any connection, for
// all that needs is that the session is open at the endpoint. Loop only.
//
// Logins are few, and not counted against the rate.
class HsmLogins {
 public:
  HsmLogins(ChannelPool& pool, const TimesConfig& times, const Clock& clock, Silo& silo,
            RpcMetrics& metrics);

  // Makes sure that the session is open at the endpoint and its connection logged in. One Login at
  // a time: who comes meanwhile waits for its end.
  //   since    a login before that does not count: what was asked since has found it gone
  //   returns  what went wrong
  Awaitable<std::optional<Failure>> Open(std::size_t endpoint, HsmLogin& login, SteadyTime since,
                                         Deadline deadline, BearerPtr bearer);
  // Closes it where it was opened from here; ends early when it gets users.
  Awaitable<void> Close(HsmLogin& login, BearerPtr bearer);

  // The connection that it was made on is still the one that logged in.
  static bool IsLoggedIn(const Channel& channel) {
    return channel.logged_in_on != 0 && channel.logged_in_on == channel.rpc->connections() &&
           channel.rpc->Connected();
  }
  // False: the HSM has said that it does not know the request.
  bool offered() const { return offered_; }

 private:
  template <typename R>
  Awaitable<std::optional<Failure>> Ask(const ChannelPtr& channel, typename R::Request& request,
                                        Deadline deadline, BearerPtr bearer);
  Awaitable<std::optional<Failure>> LogIn(const ChannelPtr& channel, const HsmLogin& login,
                                          Deadline deadline, BearerPtr bearer);
  Awaitable<std::optional<Failure>> LogOut(const ChannelPtr& channel, HsmLogin& login,
                                           Deadline deadline, BearerPtr bearer);
  Awaitable<void> CloseAt(std::size_t endpoint, const ChannelPtr& channel, HsmLogin& login,
                          BearerPtr bearer);

  ChannelPool& pool_;
  const TimesConfig& times_;
  const Clock& clock_;
  Silo& silo_;
  RpcMetrics& metrics_;
  bool offered_ = true;
  const std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace gw
