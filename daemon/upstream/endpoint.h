// Room: upstream. May include: rpc. One crypto unit or service address, with several connections.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/core/async.h"
#include "daemon/rpc/channel.h"
#include "daemon/runtime/event.h"

namespace gw {

class Silo;
struct HsmLogin;

// One HTTP/2 connection.
struct Channel {
  std::shared_ptr<RpcChannel> rpc;
  std::uint32_t outstanding = 0;
  SteadyTime heard_at{};  // when its last answer came, or it was made

  // Of a channel that is kept for a login session (hsm_logins.h).
  std::uint64_t logged_in_on = 0;    // rpc->connections() at that time; 0: not logged in
  SteadyTime logged_in_at{};         // when the answer came
  bool opened = false;               // the session was opened from here, and not closed again
  std::shared_ptr<Event> logging{};  // a Login or Logout is on its way
};
using ChannelPtr = std::shared_ptr<Channel>;  // shared with its calls

// How to reach an endpoint; `tls` is null without TLS.
RpcTarget TargetOf(const EndpointConfig& config, TlsContextPtr tls);
// "host:port", with brackets around an IPv6 address.
std::string NameOf(const EndpointConfig& config);

// Loop only. Whether to use the endpoint at all is admission's choice; which of its connections is
// made here.
class Endpoint {
 public:
  Endpoint(Silo& silo, RpcTarget target, unsigned channels, SteadyTime now);

  // The less busy of two random connections, unless only the other one stands.
  const ChannelPtr& Pick(std::minstd_rand& random) const;
  // Opens the connections now, so that the first call does not pay for the handshake.
  void Connect();
  // All connections stand.
  bool Connected() const;
  // The connection that is kept for the keys of a login session; made when it is first asked for.
  const ChannelPtr& ApartFor(const HsmLogin& login, SteadyTime now);
  // nullptr: it was never asked for.
  ChannelPtr ExistingFor(const HsmLogin& login) const;
  // Takes over from `before` which sessions were opened.
  void Follow(const Endpoint& before, SteadyTime now);

  // Makes those connections anew that have brought no answer since `since`. The requests on the old
  // ones go on. Returns how many.
  std::size_t ReplaceSilent(SteadyTime since, SteadyTime now);

 private:
  ChannelPtr MakeChannel(SteadyTime now) const;
  bool RemakeIfSilent(ChannelPtr& channel, SteadyTime since, SteadyTime now) const;

  Silo* silo_;
  RpcTarget target_;
  std::vector<ChannelPtr> channels_;
  std::map<const HsmLogin*, ChannelPtr> apart_;
};

}  // namespace gw
