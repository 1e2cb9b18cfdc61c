// Room: upstream. May include: core, config, runtime, rpc. The whole life of a request: token,
// turn, connection, answer, and again if that may help. Included by grep11_client.cc alone: it
// drags the messages in.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string_view>

#include "daemon/config/config.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/runtime/event.h"
#include "daemon/runtime/silo.h"
#include "daemon/upstream/admission.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/channel_pool.h"
#include "daemon/upstream/correlation.h"
#include "daemon/upstream/hsm_client.h"
#include "daemon/upstream/hsm_logins.h"
#include "daemon/upstream/missing_master_key.h"
#include "daemon/upstream/race.h"
#include "daemon/upstream/retry.h"
#include "daemon/upstream/rpc_metrics.h"
#include "daemon/upstream/sendable.h"
#include "daemon/upstream/tls_watch.h"

namespace gw {

// Everything between the requests of one token and its HSM. Loop only, once the silo runs.
class Sender {
 public:
  Sender(const TokenConfig& config, const TimesConfig& times, Silo& silo, const Clock& clock,
         ChannelPool pool);

  // Sends until it is answered, or repeating it cannot help, or the call's deadline ends. What is
  // passed is borrowed until the awaitable completes.
  //   errors  the HSM's own code; CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY as Admission::Acquire() and
  //           status_map.h say
  Awaitable<Result<FinishedCall>> Run(const HsmCall& call, Sendable& sendable);

  KeyTwins& twins() { return twins_; }
  Admission& admission() { return admission_; }
  const Admission& admission() const { return admission_; }
  // As Grep11Client.
  void Connect();
  // As Grep11Client.
  void Close();
  void LookAtTlsFiles();
  // As HsmClient.
  void LogOut(IdentityPtr identity, HsmLogin& login);

 private:
  // One try, from its turn to its end.
  Awaitable<Attempt> Try(Deadline deadline, Sendable& sendable, std::string_view correlation,
                         Admission::Permit permit, BearerPtr bearer, ChannelPtr channel);
  // The same for a request that makes a key of a login session, on the session's own connection. A
  // Login is over when the session is open.
  Awaitable<Attempt> BoundTry(const HsmCall& call, Sendable& sendable, std::string_view correlation,
                              Admission::Permit permit, BearerPtr bearer);
  // A key's login session is not open at `endpoint`: opens those of the call. `failure` says what
  // to tell if that does not help.
  Awaitable<bool> Mend(const HsmCall& call, std::size_t endpoint, SteadyTime since,
                       Failure& failure, BearerPtr bearer);
  Awaitable<void> CloseLogin(IdentityPtr identity, HsmLogin& login, std::weak_ptr<void> alive);
  // The same as Try(); if the answer takes long, a second try elsewhere, and the faster one's
  // answer.
  Awaitable<Attempt> HedgedTry(Deadline deadline, Sendable& sendable, std::string_view correlation,
                               Admission::Permit permit, BearerPtr bearer);
  bool Hedges(const RpcInfo& rpc) const {
    return times_.hedge > std::chrono::milliseconds(0) && rpc.id == RpcId::kSignSingle;
  }
  // The right to send a second request beside the one at `first`, at once or not at all.
  std::optional<Admission::Permit> HedgeTurn(std::size_t first);
  // One request meets an HSM whose master key is being changed.
  struct Rewrapping {
    TwinSide side;
    bool exchanged = false;                // both sides were tried
    bool elsewhere = false;                // the next try is not for the endpoint of the last
    SteadyTime until = SteadyTime::max();  // of its repetitions, from the first refusal on
  };
  // As TryAgain, for FailureClass::kMasterKey.
  Awaitable<bool> TryOtherKey(const HsmCall& call, Sendable& sendable, Retry& retry,
                              Failure& failure, Rewrapping& rewrapping);
  // True: try again. Waits, or renews the token, before it says so.
  // False: give up with what `failure` says by then.
  Awaitable<bool> TryAgain(const HsmCall& call, Retry& retry, Failure& failure, BearerPtr bearer);
  // The longest that one try may take if its call's deadline allows it.
  std::chrono::nanoseconds Patience(const RpcInfo& rpc, const Admission::Permit& permit) const;

  // One request on its way.
  struct Sent {
    Sendable& sendable;
    const ChannelPtr& channel;
    std::size_t endpoint;
    SteadyTime at;
    std::chrono::nanoseconds patience;
  };
  // What a failure says about its endpoint.
  static Verdict VerdictOf(FailureClass what);
  std::optional<Failure> Judge(const Sent& sent, const UnaryCall& done, Admission::Permit& permit);
  // Nothing came on `channel` for as long as a request sent `since` was waited for: the connection
  // is dead, whatever its state says. All of that endpoint that are as silent are made anew, and
  // what waits on this one goes elsewhere.
  void GiveUpIfSilent(const ChannelPtr& channel, std::size_t endpoint, SteadyTime since);
  // Beside a request that may take long: asks the connection from time to time whether it lives,
  // until `over`. The question is not counted against the rate: there is one in times_.rpc at most,
  // and none while other answers come.
  Awaitable<void> Watch(ChannelPtr channel, std::size_t endpoint, BearerPtr bearer,
                        std::shared_ptr<Event> over);

  void AwaitTlsLook();
  void SettleConnections();

  const TimesConfig times_;
  Silo& silo_;
  const Clock& clock_;
  ChannelPool pool_;
  std::minstd_rand random_;
  RetryBudget retry_budget_;
  HedgeBudget hedge_budget_;
  Admission admission_;
  RpcMetrics metrics_;
  CorrelationIds correlation_ids_;
  HsmLogins logins_;
  KeyTwins twins_;
  MissingMasterKey missing_master_key_;
  Event closing_;
  std::optional<TlsWatch> tls_watch_;  // none without TLS
  boost::asio::steady_timer tls_timer_;
  int looks_while_renewing_ = 0;
  const std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace gw
