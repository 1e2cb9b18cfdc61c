// Room: upstream.
#include "daemon/upstream/sender.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

#include "daemon/core/log.h"
#include "daemon/upstream/status_map.h"
#include "daemon/upstream/tls_files.h"

namespace gw {
namespace {

using std::chrono::milliseconds;

// How soon after a forced renewal another one may be asked for.
constexpr milliseconds kPauseAfterRefusal{5'000};
constexpr milliseconds kPauseAfterMissingRight{60'000};

// A request that finds out whether an endpoint is back is not left waiting for long: others are
// good, or the next probe follows.
constexpr milliseconds kProbePatience{2'000};

// How often one request may find its login session gone: each endpoint may have lost it.
constexpr unsigned kMostMends = 8;

constexpr milliseconds kTlsLook{2'000};
constexpr milliseconds kSettleLook{250};  // at new connections that are about to stand
constexpr int kLooksBeforeWarning = 40;

std::vector<AdmissionEndpoint> AdmissionOf(const TokenConfig& config) {
  std::vector<AdmissionEndpoint> endpoints;
  for (const auto& from : config.endpoints) {
    AdmissionEndpoint& to = endpoints.emplace_back();
    to.name = NameOf(from);
    to.limits.rate_per_s = static_cast<double>(from.rate_per_s) * std::max(from.crypto_units, 1u);
    // A fiftieth of a second's worth: enough to ride out scheduling, too little to overrun a
    // window.
    to.limits.burst = std::max(4.0, to.limits.rate_per_s / 50);
    to.limits.max_outstanding = std::max(from.max_outstanding, 1u);
  }
  return endpoints;
}

// One line for each request, for matching with the service's audit log: its own name, which went
// along as metadata, and on whose behalf it was made (behaviour R322).
void LogEnd(const HsmCall& call, const RpcInfo& rpc, const std::string& correlation,
            const Attempt& last) {
  if (!log::Enabled(spdlog::level::debug)) return;
  log::Debug("request {}: {} for application {}, {}: {}", correlation, rpc.name, call.application,
             call.identity == nullptr ? "without identity" : call.identity->name(),
             last.ok() ? "CKR_OK" : NameOfRv(last.failure->error.rv));
}

Failure TooLarge(const RpcInfo& rpc, std::size_t octets) {
  return {CallerError(CKR_DATA_LEN_RANGE, std::string(rpc.name) + ": a request of " +
                                              std::to_string(octets) +
                                              " octets is more than the HSM takes"),
          FailureClass::kFinal};
}

// Says that a request is over, however its coroutine ends.
class SetAtEnd {
 public:
  explicit SetAtEnd(std::shared_ptr<Event> event) : event_(std::move(event)) {}
  ~SetAtEnd() {
    if (event_ != nullptr) event_->Set();
  }
  SetAtEnd(const SetAtEnd&) = delete;
  SetAtEnd& operator=(const SetAtEnd&) = delete;

 private:
  const std::shared_ptr<Event> event_;
};

}  // namespace

Sender::Sender(const TokenConfig& config, const TimesConfig& times, Silo& silo, const Clock& clock,
               ChannelPool pool)
    : times_(times),
      silo_(silo),
      clock_(clock),
      pool_(std::move(pool)),
      random_(std::random_device{}()),
      admission_(silo.loop().get_executor(), clock, AdmissionOf(config),
                 static_cast<std::uint32_t>(random_())),
      logins_(pool_, times_, clock, silo, metrics_),
      closing_(silo.loop().get_executor()),
      tls_timer_(silo.loop()) {
  if (!config.tls.enabled) return;
  tls_watch_.emplace(config.tls);
  AwaitTlsLook();
}

void Sender::Connect() {
  boost::asio::post(silo_.loop(), [this, alive = std::weak_ptr<void>(alive_)] {
    if (!alive.expired()) pool_.Connect();
  });
}

void Sender::Close() {
  closing_.Set();
  tls_timer_.cancel();
  admission_.Close();
}

// --- one request, with its repetitions ---

Awaitable<Result<FinishedCall>> Sender::Run(const HsmCall& call, Sendable& sendable) {
  Retry retry(retry_budget_, random_);
  std::size_t avoid = kNoEndpoint;
  const std::string correlation = correlation_ids_.Next();
  unsigned mends = kMostMends;
  Rewrapping rewrapping{twins_.side()};
  if (!twins_.empty()) sendable.Use(twins_, rewrapping.side);
  for (;;) {
    BearerPtr bearer = call.identity == nullptr ? nullptr : IdentityOf(call).Current();
    if (bearer == nullptr && call.identity != nullptr) {
      GW_CO_TRY(fetched, co_await IdentityOf(call).Get(call.deadline));
      bearer = std::move(fetched);
    }
    std::optional<Admission::Permit> permit = admission_.TryAcquire(avoid);
    if (!permit) {
      GW_CO_TRY(turn, co_await admission_.Acquire(call.application, call.deadline, avoid));
      permit.emplace(std::move(turn));
    }
    const std::size_t endpoint = permit->endpoint();
    const SteadyTime asked_at = clock_.Now();
    Attempt attempt;
    if (call.binds != nullptr) {
      attempt = co_await BoundTry(call, sendable, correlation, std::move(*permit), bearer);
    } else if (Hedges(sendable.rpc())) {
      attempt =
          co_await HedgedTry(call.deadline, sendable, correlation, std::move(*permit), bearer);
    } else {
      const ChannelPtr channel = pool_.Pick(endpoint);
      attempt =
          co_await Try(call.deadline, sendable, correlation, std::move(*permit), bearer, channel);
    }
    permit.reset();
    if (attempt.ok()) {
      if (rewrapping.exchanged) twins_.Took(rewrapping.side);
      LogEnd(call, sendable.rpc(), correlation, attempt);
      co_return std::move(attempt.done);
    }
    const bool closed = attempt.failure->error.rv == CKR_SESSION_CLOSED;
    // It knows the session of a blob that it can open.
    if (closed && rewrapping.exchanged) twins_.Took(rewrapping.side);
    if (closed && mends > 0) {
      --mends;
      const bool mended = co_await Mend(call, endpoint, asked_at, *attempt.failure, bearer);
      if (mended) continue;
    }
    attempt.failure->error.detail += " (request " + correlation + ")";
    if (SpeaksAgainstEndpoint(attempt.failure->what)) avoid = endpoint;
    bool again = false;
    if (attempt.failure->what == FailureClass::kMasterKey) {
      again = co_await TryOtherKey(call, sendable, retry, *attempt.failure, rewrapping);
      avoid = rewrapping.elsewhere ? endpoint : kNoEndpoint;
    } else {
      again = co_await TryAgain(call, retry, *attempt.failure, bearer);
    }
    if (again) continue;
    LogEnd(call, sendable.rpc(), correlation, attempt);
    co_return std::move(attempt.failure->error);
  }
}

Awaitable<Attempt> Sender::Try(Deadline deadline, Sendable& sendable, std::string_view correlation,
                               Admission::Permit permit, BearerPtr bearer, ChannelPtr channel) {
  const SteadyTime now = clock_.Now();
  const auto patience = Patience(sendable.rpc(), permit);
  const auto left = std::min<std::chrono::nanoseconds>(deadline.at - now, patience);
  const ChannelPool::Lease lease(std::move(channel));
  const Sent sent{sendable, lease.channel(), permit.endpoint(), now, patience};
  std::shared_ptr<Event> over;
  if (sendable.rpc().slow) {
    over = std::make_shared<Event>(silo_.loop().get_executor());
    boost::asio::co_spawn(silo_.loop(), Watch(lease.channel(), sent.endpoint, bearer, over),
                          boost::asio::detached);
  }
  const SetAtEnd set_at_end(over);
  Attempt attempt;
  auto request = RequestOf(sendable, now + left, bearer.get());
  request.correlation = correlation;
  if (request.message.size() > kLargestRequestBytes) {
    attempt.failure = TooLarge(sendable.rpc(), request.message.size());
    co_return attempt;
  }
  auto sending = SendUnary(*lease.channel()->rpc, std::move(request));
  attempt.done = co_await std::move(sending);
  attempt.failure = Judge(sent, *attempt.done, permit);
  co_return attempt;
}

Awaitable<Attempt> Sender::HedgedTry(Deadline deadline, Sendable& sendable,
                                     std::string_view correlation, Admission::Permit permit,
                                     BearerPtr bearer) {
  hedge_budget_.Earn();
  const std::size_t first = permit.endpoint();
  const auto race = std::make_shared<Race>(silo_.loop().get_executor());
  race->Start(Try(deadline, sendable, correlation, std::move(permit), bearer, pool_.Pick(first)));
  const bool early = co_await race->DecidedBy(clock_.Now() + times_.hedge);
  if (!early) {
    auto second = HedgeTurn(first);
    const bool hedged = second.has_value();
    if (hedged) {
      const ChannelPtr channel = pool_.Pick(second->endpoint());
      race->Start(Try(deadline, sendable, correlation, std::move(*second), bearer, channel));
    }
    second.reset();
    co_await race->DecidedBy(SteadyTime::max());
    Attempt attempt = co_await race->Finish();
    using Hedge = RpcMetrics::Hedge;
    metrics_.Hedged(!hedged ? Hedge::kDenied : race->second_won() ? Hedge::kWon : Hedge::kLost);
    co_return attempt;
  }
  co_return co_await race->Finish();
}

std::optional<Admission::Permit> Sender::HedgeTurn(std::size_t first) {
  if (!hedge_budget_.Spend()) return std::nullopt;
  return admission_.TryAcquire(/*avoid=*/first);
}

std::chrono::nanoseconds Sender::Patience(const RpcInfo& rpc,
                                          const Admission::Permit& permit) const {
  if (rpc.slow) return times_.key_generation;
  return permit.probe() ? std::min(times_.rpc, kProbePatience) : times_.rpc;
}

std::optional<Failure> Sender::Judge(const Sent& sent, const UnaryCall& done,
                                     Admission::Permit& permit) {
  const RpcInfo& rpc = sent.sendable.rpc();
  const SteadyTime now = clock_.Now();
  const std::chrono::nanoseconds took = now - sent.at;
  if (done.cancelled) {  // says nothing about anybody
    metrics_.Cancelled(rpc, took);
    return FailureOf(sent.sendable, done);
  }
  if (done.answered) sent.channel->heard_at = now;
  std::optional<Failure> failure = FailureOf(sent.sendable, done);
  if (!failure) {
    permit.Report(Verdict::kAnswered);
    metrics_.Answered(rpc, took);
    return std::nullopt;
  }
  metrics_.Failed(rpc, failure->what, took);
  // A try that was cut short by its call's deadline says nothing about the endpoint.
  const bool cut_short = done.status.code == RpcCode::kDeadlineExceeded && took < sent.patience / 2;
  if (cut_short) return failure;
  permit.Report(VerdictOf(failure->what));
  const bool in_vain = done.status.code == RpcCode::kDeadlineExceeded && !done.answered;
  if (in_vain && sent.channel->rpc->Connected()) {
    GiveUpIfSilent(sent.channel, sent.endpoint, sent.at);
  }
  return failure;
}

Verdict Sender::VerdictOf(FailureClass what) {
  if (SpeaksAgainstEndpoint(what)) return Verdict::kFailed;
  return AsksForLess(what) ? Verdict::kRefused : Verdict::kAnswered;
}

void Sender::GiveUpIfSilent(const ChannelPtr& channel, std::size_t endpoint, SteadyTime since) {
  if (channel->heard_at >= since) return;
  const SteadyTime now = clock_.Now();
  const std::size_t replaced = pool_.ReplaceSilent(endpoint, since, now);
  channel->rpc->Abandon();
  if (replaced == 0) return;
  metrics_.Replaced(replaced);
  log::Warn(
      "HSM endpoint {} brought no answer for {} ms: {} of its connections are made anew (something "
      "on the way holds them open and passes nothing, or the HSM hangs)",
      pool_.NameOf(endpoint), std::chrono::duration_cast<milliseconds>(now - since).count(),
      replaced);
}

Awaitable<void> Sender::Watch(ChannelPtr channel, std::size_t endpoint, BearerPtr bearer,
                              std::shared_ptr<Event> over) {
  grep11::GetMechanismListRequest request;
  SendableOf<GetMechanismListRpc> question(request);
  const auto patience = std::min(times_.rpc, kProbePatience);
  const std::weak_ptr<void> alive = alive_;
  SteadyTime look = clock_.Now() + times_.rpc;
  for (;;) {
    const bool ended = co_await over->WaitUntil(look);
    if (ended || alive.expired() || closing_.is_set()) co_return;
    const SteadyTime now = clock_.Now();
    look = channel->heard_at + times_.rpc;
    if (look > now) continue;
    auto asking = SendUnary(*channel->rpc, RequestOf(question, now + patience, bearer.get()));
    const FinishedCall done = co_await std::move(asking);
    if (alive.expired() || done->cancelled || done->abandoned) co_return;
    look = clock_.Now() + times_.rpc;
    if (done->status.code == RpcCode::kDeadlineExceeded) {
      GiveUpIfSilent(channel, endpoint, now);
    } else if (done->answered) {
      channel->heard_at = clock_.Now();
    }
  }
}

Awaitable<bool> Sender::TryAgain(const HsmCall& call, Retry& retry, Failure& failure,
                                 BearerPtr bearer) {
  const auto decision = retry.Next(failure.what, clock_.Now(), call.deadline);
  switch (decision.step) {
    case Retry::Decision::Step::kGiveUp:
      break;
    case Retry::Decision::Step::kWait: {
      metrics_.Repeated(failure.what);
      const bool stopping = co_await closing_.WaitUntil(clock_.Now() + decision.wait);
      if (!stopping) co_return true;
      break;
    }
    case Retry::Decision::Step::kRenewToken: {
      if (call.identity == nullptr) break;
      const milliseconds pause =
          failure.what == FailureClass::kForbidden ? kPauseAfterMissingRight : kPauseAfterRefusal;
      auto younger = co_await IdentityOf(call).Renew(std::move(bearer), pause, call.deadline);
      if (!younger && failure.what == FailureClass::kUnauthenticated) {
        failure.error = std::move(younger).error();  // the trouble is IAM's, not the caller's
        co_return false;
      }
      if (!younger || *younger == nullptr) break;
      metrics_.Repeated(failure.what);
      co_return true;
    }
  }
  // Behaviour R320: a missing right shows as one line with the action's name.
  if (failure.what == FailureClass::kForbidden || failure.what == FailureClass::kUnauthenticated) {
    log::Warn("{}, application {}, is not allowed to do this at the HSM: {}",
              call.identity == nullptr ? "a caller without IAM identity" : call.identity->name(),
              call.application, failure.error.detail);
  }
  co_return false;
}

// Units change their master key one after the other, so either side may be right, and elsewhere the
// other one. By turns the blob changes and the endpoint: who changed both each time could meet the
// wrong pair for ever. The first exchange is made at once.
Awaitable<bool> Sender::TryOtherKey(const HsmCall& call, Sendable& sendable, Retry& retry,
                                    Failure& failure, Rewrapping& rewrapping) {
  const SteadyTime now = clock_.Now();
  missing_master_key_.Note(failure.error.rv, now);
  rewrapping.until = std::min(rewrapping.until, now + times_.master_key);
  const TwinSide other =
      rewrapping.side == TwinSide::kBefore ? TwinSide::kAfter : TwinSide::kBefore;
  const bool exchanges = !rewrapping.exchanged || rewrapping.elsewhere;
  const bool has_twin = exchanges && sendable.Use(twins_, other);
  if (has_twin) rewrapping.side = other;
  rewrapping.elsewhere = !has_twin;
  if (has_twin && !std::exchange(rewrapping.exchanged, true) && now < call.deadline.at) {
    metrics_.Repeated(failure.what);
    co_return true;
  }
  // The state of an operation cannot be wrapped anew.
  const bool lost = sendable.continues() && twins_.side() == TwinSide::kAfter;
  const Deadline deadline{std::min(call.deadline.at, rewrapping.until)};
  const auto decision = retry.Next(failure.what, now, deadline);
  if (!lost && decision.step == Retry::Decision::Step::kWait) {
    metrics_.Repeated(failure.what);
    const bool stopping = co_await closing_.WaitUntil(now + decision.wait);
    if (!stopping) co_return true;
  }
  failure.error.rv = CKR_DEVICE_ERROR;
  co_return false;
}

void Sender::AwaitTlsLook() {
  const bool soon = pool_.renewing() && looks_while_renewing_ < kLooksBeforeWarning;
  tls_timer_.expires_after(soon ? kSettleLook : kTlsLook);
  tls_timer_.async_wait(
      [this, alive = std::weak_ptr<void>(alive_)](const boost::system::error_code& error) {
        if (error || alive.expired() || closing_.is_set()) return;
        LookAtTlsFiles();
        AwaitTlsLook();
      });
}

void Sender::LookAtTlsFiles() {
  if (!tls_watch_) return;
  if (const auto material = tls_watch_->Look()) {
    log::Info("the TLS files have changed: connections to the HSM are made anew with them");
    auto tls = MakeTlsContext(material->pem());
    if (!tls) return log::Error("the changed TLS files cannot be used: {}", tls.error().detail);
    pool_.Renew(*tls, clock_.Now());
    looks_while_renewing_ = 0;
  }
  if (pool_.renewing()) SettleConnections();
}

void Sender::SettleConnections() {
  pool_.Settle(clock_.Now());
  if (++looks_while_renewing_ != kLooksBeforeWarning) return;
  for (const std::string& endpoint : pool_.Unsettled()) {
    log::Warn(
        "HSM endpoint {} accepts no connection with the changed TLS files so far; the connections "
        "made before stay in use (check that the HSM trusts the new certificate, and the new CA "
        "file the HSM's)",
        endpoint);
  }
}

}  // namespace gw
