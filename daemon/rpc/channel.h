// Room: rpc. May include: core, runtime. Calls to one place, over one connection at a time that is
// made when it is needed and made anew when it breaks.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/core/async.h"
#include "daemon/rpc/http2_connection.h"
#include "daemon/rpc/lookup.h"
#include "daemon/rpc/unary_call.h"
#include "daemon/runtime/stop_list.h"

namespace gw {

class Silo;

// Loop only; made anywhere before it is used. What it promises, which is what gRPC's own channels
// do:
//   - a call made while there is no connection waits for it; once a try to connect has failed,
//     calls fail at once, as UNAVAILABLE and not `sent`, until a connection stands. It goes on
//     trying.
//   - names are looked up for each try, all addresses are tried in turn.
//   - what the other side says it has not looked at (GOAWAY, refused streams) is sent again on
//     another connection, a few times, without anybody noticing.
//   - a call ends at its deadline, whatever happens.
class RpcChannel final : public std::enable_shared_from_this<RpcChannel>,
                         private Http2ConnectionOwner,
                         private Stoppable {
 public:
  RpcChannel(Silo& silo, RpcTarget target);
  ~RpcChannel();
  RpcChannel(const RpcChannel&) = delete;
  RpcChannel& operator=(const RpcChannel&) = delete;

  bool Connected() const { return current_ != nullptr; }
  // How many connections there have been. What depends on its connection asks before and after.
  std::uint64_t connections() const { return connections_; }
  // The last try to connect failed: a call would fail at once.
  bool Refused() const { return refused_; }
  // Opens the connection, so that the first call does not pay for it.
  void Connect();

  // `call` is its own from now on, until it is Finished().
  void Start(UnaryCall& call);
  // Finished() comes, with `cancelled` set.
  void Cancel(UnaryCall& call);
  // Ends all calls, as `abandoned`, with the connections they are on.
  void Abandon();

 private:
  void Changed(Http2Connection& connection) override;
  void SiloStops() override;

  static Awaitable<void> Attempt(std::shared_ptr<RpcChannel> self);
  void Established(std::shared_ptr<Http2Connection> connection);
  void Failed(const std::string& trouble);
  void AwaitNextAttempt();
  void Replace(const Http2Connection& lost);

  void Place(UnaryCall& call);
  void TakeOver(Http2Connection& connection);
  void Retire();
  void EndAll(const RpcStatus& status, bool UnaryCall::*mark);
  void End(UnaryCall& call, RpcStatus status);
  void DrainSoon();
  void Drain();

  void ExpireBy(SteadyTime deadline);
  void Expire();
  SteadyTime ExpireIn(UnaryCalls& calls, SteadyTime now);
  std::vector<std::shared_ptr<Http2Connection>> AllConnections() const;

  Silo& silo_;
  const RpcTarget target_;
  std::minstd_rand random_;
  std::shared_ptr<Http2Connection> current_;                // takes calls
  std::vector<std::shared_ptr<Http2Connection>> draining_;  // finish what they have
  std::shared_ptr<Lookup> lookup_;                          // of the attempt under way
  std::shared_ptr<Http2Connection> opening_;                // of the attempt under way
  SteadyTime established_at_{};                             // current_
  std::uint64_t connections_ = 0;
  UnaryCalls waiting_;   // for a connection
  UnaryCalls finished_;  // for Drain()
  bool drain_posted_ = false;
  bool attempting_ = false;
  bool retrying_ = false;  // retry_timer_ runs
  bool refused_ = false;
  bool stopped_ = false;
  std::chrono::milliseconds back_off_{0};
  SteadyTime wanted_at_{};
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer deadline_timer_;
  SteadyTime expires_at_ = SteadyTime::max();  // when deadline_timer_ ends
};

}  // namespace gw
