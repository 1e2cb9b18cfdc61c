// Room: upstream.
#include "daemon/upstream/grep11_client.h"

#include <grep11.grpc.pb.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <random>
#include <type_traits>
#include <utility>

#include "daemon/core/log.h"
#include "daemon/runtime/event.h"
#include "daemon/runtime/silo.h"
#include "daemon/upstream/async_unary.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/channel_pool.h"
#include "daemon/upstream/credentials.h"
#include "daemon/upstream/grep11_messages.h"
#include "daemon/upstream/race.h"
#include "daemon/upstream/retry.h"
#include "daemon/upstream/rpc_metrics.h"
#include "daemon/upstream/rpc_table.h"
#include "daemon/upstream/status_map.h"
#include "daemon/upstream/tls_watch.h"

namespace gw {
namespace {

using std::chrono::milliseconds;
using Stub = grep11::Crypto::Stub;

// How soon after a forced renewal another one may be asked for.
constexpr milliseconds kPauseAfterRefusal{5'000};
constexpr milliseconds kPauseAfterMissingRight{60'000};

// A request that finds out whether an endpoint is back is not left waiting for long: others are
// good, or the next probe follows.
constexpr milliseconds kProbePatience{2'000};

constexpr milliseconds kTlsLook{2'000};
constexpr milliseconds kSettleLook{250};  // at new connections that are about to stand
constexpr int kLooksBeforeWarning = 40;

// --- the RPCs as types ---

template <typename RequestT, typename ReplyT>
using PrepareMethod = std::unique_ptr<grpc::ClientAsyncResponseReader<ReplyT>> (Stub::*)(
    grpc::ClientContext*, const RequestT&, grpc::CompletionQueue*);

template <typename RequestT, typename ReplyT, PrepareMethod<RequestT, ReplyT> kMethod, RpcId kRpc>
struct Rpc {
  using Request = RequestT;
  using Reply = ReplyT;
  static constexpr PrepareMethod<RequestT, ReplyT> kPrepare = kMethod;
  static constexpr RpcId kId = kRpc;
};

#define GW_RPC(name)                                                                              \
  using name##Rpc = Rpc<grep11::name##Request, grep11::name##Response, &Stub::PrepareAsync##name, \
                        RpcId::k##name>

GW_RPC(GenerateRandom);
GW_RPC(DigestSingle);
GW_RPC(EncryptSingle);
GW_RPC(DecryptSingle);
GW_RPC(SignSingle);
GW_RPC(VerifySingle);
GW_RPC(EncryptInit);
GW_RPC(DecryptInit);
GW_RPC(SignInit);
GW_RPC(VerifyInit);
GW_RPC(EncryptUpdate);
GW_RPC(DecryptUpdate);
GW_RPC(SignUpdate);
GW_RPC(VerifyUpdate);
GW_RPC(EncryptFinal);
GW_RPC(DecryptFinal);
GW_RPC(SignFinal);
GW_RPC(VerifyFinal);
GW_RPC(GenerateKey);
GW_RPC(GenerateKeyPair);
GW_RPC(WrapKey);
GW_RPC(UnwrapKey);
GW_RPC(DeriveKey);
GW_RPC(SetAttributeValue);
GW_RPC(GetMechanismList);
#undef GW_RPC

// A request that can be sent any number of times: what the retry loop sees of an RPC.
class Sendable {
 public:
  virtual ~Sendable() = default;
  virtual const RpcInfo& rpc() const = 0;
  // `left`: how long the try may take. `bearer`: may be null. Everything is borrowed until the
  // request is on its way, which is before this returns to the loop.
  virtual Awaitable<FinishedCall> Send(Silo& silo, Stub& stub, std::chrono::nanoseconds left,
                                       const Bearer* bearer) const = 0;
  // What an answer that came lacks, for "the HSM's answer holds no ..."; null: nothing.
  virtual const char* Lacks(const UnaryCallBase& done) const = 0;
};

gpr_timespec GrpcDeadline(std::chrono::nanoseconds left) {
  const auto nanoseconds = std::max<std::int64_t>(left.count(), 0);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(nanoseconds, GPR_TIMESPAN));
}

template <typename R>
class SendableOf final : public Sendable {
 public:
  using Check = const char* (*)(const typename R::Reply&);

  // Borrows `request`. `check`: as Lacks().
  explicit SendableOf(
      const typename R::Request& request,
      Check check = [](const typename R::Reply&) -> const char* { return nullptr; })
      : request_(request), check_(check) {}

  const RpcInfo& rpc() const override { return InfoOf(R::kId); }

  Awaitable<FinishedCall> Send(Silo& silo, Stub& stub, std::chrono::nanoseconds left,
                               const Bearer* bearer) const override {
    const auto start = [this, &stub, left, bearer](UnaryCall<typename R::Reply>& call,
                                                   grpc::CompletionQueue& cq) {
      call.context.set_deadline(GrpcDeadline(left));
      if (bearer != nullptr) {
        call.context.AddMetadata("authorization", std::string(bearer->authorization.text()));
      }
      call.reader = (stub.*R::kPrepare)(&call.context, request_, &cq);
    };
    return SendUnary<typename R::Reply>(silo, start);
  }

  const char* Lacks(const UnaryCallBase& done) const override {
    return check_(static_cast<const UnaryCall<typename R::Reply>&>(done).reply);
  }

 private:
  const typename R::Request& request_;
  const Check check_;
};

template <typename R>
const typename R::Reply& ReplyOf(const FinishedCall& call) {
  return static_cast<const UnaryCall<typename R::Reply>&>(*call).reply;
}

// Every Identity is made by this room's token cache.
BearerIdentity& IdentityOf(const HsmCall& call) {
  return static_cast<BearerIdentity&>(*call.identity);
}

Error Garbage(const RpcInfo& rpc, const char* what) {
  return UpstreamError(CKR_DEVICE_ERROR,
                       std::string(rpc.name) + ": the HSM's answer holds no " + what, true);
}

Verdict VerdictOf(FailureClass what) {
  if (SpeaksAgainstEndpoint(what)) return Verdict::kFailed;
  return AsksForLess(what) ? Verdict::kRefused : Verdict::kAnswered;
}

template <typename T>
Awaitable<T> Fail(Error error) {
  co_return std::move(error);
}

template <typename R>
const char* LacksState(const typename R::Reply& reply) {
  return reply.state().empty() ? "state" : nullptr;
}

// --- requests ---

enum class Empty : bool { kIsGarbage, kIsFine };

template <typename Request>
Request StateRequest(const OperationState& state) {
  Request request;
  Assign(state.octets, request.mutable_state());
  return request;
}

template <typename Request>
Request MechanismRequest(const Mechanism& mechanism) {
  Request request;
  FillMechanism(mechanism, request.mutable_mech());
  return request;
}

std::vector<AdmissionEndpoint> AdmissionOf(const TokenConfig& config) {
  std::vector<AdmissionEndpoint> endpoints;
  for (const auto& from : config.endpoints) {
    AdmissionEndpoint& to = endpoints.emplace_back();
    to.name = TargetOf(from);
    to.limits.rate_per_s = static_cast<double>(from.rate_per_s) * std::max(from.crypto_units, 1u);
    // A fiftieth of a second's worth: enough to ride out scheduling, too little to overrun a
    // window.
    to.limits.burst = std::max(4.0, to.limits.rate_per_s / 50);
    to.limits.max_outstanding = std::max(from.max_outstanding, 1u);
  }
  return endpoints;
}

// --- the client ---

class Client final : public Grep11Client {
 public:
  Client(const TokenConfig& config, const TimesConfig& times, Silo& silo, const Clock& clock,
         ChannelPool pool)
      : times_(times),
        silo_(silo),
        clock_(clock),
        pool_(std::move(pool)),
        random_(std::random_device{}()),
        admission_(silo.loop().get_executor(), clock, AdmissionOf(config),
                   static_cast<std::uint32_t>(random_())),
        closing_(silo.loop().get_executor()),
        tls_timer_(silo.loop()) {
    if (!config.tls.enabled) return;
    tls_watch_.emplace(config.tls);
    AwaitTlsLook();
  }

  Admission& admission() override { return admission_; }
  void Connect() override { pool_.Connect(); }
  void Close() override {
    closing_.Set();
    tls_timer_.cancel();
    admission_.Close();
  }
  void LookAtTlsFiles() override;

  Awaitable<Result<Bytes>> Single(const HsmCall& call, KeyOperation operation,
                                  const Mechanism& mechanism, const KeyBlob& key,
                                  ByteView data) override;
  Awaitable<Status> VerifySingle(const HsmCall& call, const Mechanism& mechanism,
                                 const KeyBlob& key, ByteView data, ByteView signature) override;
  Awaitable<Result<Bytes>> DigestSingle(const HsmCall& call, const Mechanism& mechanism,
                                        ByteView data) override;
  Awaitable<Result<OperationState>> Init(const HsmCall& call, KeyOperation operation,
                                         const Mechanism& mechanism, const KeyBlob& key) override;
  Awaitable<Result<UpdateResult>> Update(const HsmCall& call, KeyOperation operation,
                                         const OperationState& state, ByteView data) override;
  Awaitable<Result<Bytes>> Final(const HsmCall& call, KeyOperation operation,
                                 const OperationState& state) override;
  Awaitable<Status> VerifyFinal(const HsmCall& call, const OperationState& state,
                                ByteView signature) override;
  Awaitable<Result<MadeKey>> GenerateKey(const HsmCall& call, const Mechanism& mechanism,
                                         const AttributeList& attributes) override;
  Awaitable<Result<MadeKeyPair>> GenerateKeyPair(const HsmCall& call, const Mechanism& mechanism,
                                                 const AttributeList& public_attributes,
                                                 const AttributeList& private_attributes) override;
  Awaitable<Result<Bytes>> WrapKey(const HsmCall& call, const Mechanism& mechanism,
                                   const KeyBlob& wrapping_key, const KeyBlob& key) override;
  Awaitable<Result<MadeKey>> UnwrapKey(const HsmCall& call, const Mechanism& mechanism,
                                       const KeyBlob& unwrapping_key, ByteView wrapped,
                                       const AttributeList& attributes) override;
  Awaitable<Result<MadeKey>> DeriveKey(const HsmCall& call, const Mechanism& mechanism,
                                       const KeyBlob& base_key,
                                       const AttributeList& attributes) override;
  Awaitable<Result<KeyBlob>> SetAttributeValue(const HsmCall& call, const KeyBlob& key,
                                               const AttributeList& attributes) override;
  Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> GetMechanismList(const HsmCall& call) override;
  Awaitable<Result<Bytes>> GenerateRandom(const HsmCall& call, std::uint32_t bytes) override;

 private:
  // The whole life of a request: token, turn, connection, answer, and again if that may help.
  Awaitable<Result<FinishedCall>> Run(const HsmCall& call, const Sendable& sendable);
  // One try, from its turn to its end.
  Awaitable<Attempt> Try(Deadline deadline, const Sendable& sendable, Admission::Permit permit,
                         BearerPtr bearer);
  // The same; if the answer takes long, a second try elsewhere, and the faster one's answer.
  Awaitable<Attempt> HedgedTry(Deadline deadline, const Sendable& sendable,
                               Admission::Permit permit, BearerPtr bearer);
  bool Hedges(const RpcInfo& rpc) const {
    return times_.hedge > milliseconds(0) && rpc.id == RpcId::kSignSingle;
  }
  // The right to send a second request beside the one at `first`, at once or not at all.
  std::optional<Admission::Permit> HedgeTurn(std::size_t first);
  // True: try again. Waits, or renews the token, before it says so.
  // False: give up with what `failure` says by then.
  Awaitable<bool> TryAgain(const HsmCall& call, Retry& retry, Failure& failure, BearerPtr bearer);
  // The longest that one try may take if its call's deadline allows it.
  std::chrono::nanoseconds Patience(const RpcInfo& rpc, const Admission::Permit& permit) const;
  std::optional<Failure> Judge(const Sendable& sendable, const UnaryCallBase& done,
                               std::chrono::nanoseconds took, std::chrono::nanoseconds patience,
                               Admission::Permit& permit);

  void AwaitTlsLook();
  void SettleConnections();

  template <typename R>
  Awaitable<Status> Send(const HsmCall& call, typename R::Request request);
  template <typename R, auto kField, Empty kEmpty>
  Awaitable<Result<Bytes>> FetchBytes(const HsmCall& call, typename R::Request request);
  template <typename R>
  Awaitable<Result<OperationState>> FetchState(const HsmCall& call, typename R::Request request);
  template <typename R, auto kField>
  Awaitable<Result<UpdateResult>> FetchUpdate(const HsmCall& call, typename R::Request request);
  template <typename R, auto kRaw, auto kMessage>
  Awaitable<Result<MadeKey>> FetchKey(const HsmCall& call, typename R::Request request);
  Awaitable<Result<MadeKeyPair>> FetchKeyPair(const HsmCall& call,
                                              grep11::GenerateKeyPairRequest request);
  Awaitable<Result<KeyBlob>> FetchObject(const HsmCall& call,
                                         grep11::SetAttributeValueRequest request);

  const TimesConfig times_;
  Silo& silo_;
  const Clock& clock_;
  ChannelPool pool_;
  std::minstd_rand random_;
  RetryBudget retry_budget_;
  HedgeBudget hedge_budget_;
  Admission admission_;
  RpcMetrics metrics_;
  Event closing_;
  std::optional<TlsWatch> tls_watch_;  // none without TLS
  boost::asio::steady_timer tls_timer_;
  int looks_while_renewing_ = 0;
  const std::shared_ptr<void> alive_ = std::make_shared<char>();
};

// --- one request, with its repetitions ---

Awaitable<Result<FinishedCall>> Client::Run(const HsmCall& call, const Sendable& sendable) {
  Retry retry(retry_budget_, random_);
  std::size_t avoid = kNoEndpoint;
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
    Attempt attempt;
    if (Hedges(sendable.rpc())) {
      attempt = co_await HedgedTry(call.deadline, sendable, std::move(*permit), bearer);
    } else {
      attempt = co_await Try(call.deadline, sendable, std::move(*permit), bearer);
    }
    permit.reset();
    if (attempt.ok()) co_return std::move(attempt.done);
    if (SpeaksAgainstEndpoint(attempt.failure->what)) avoid = endpoint;
    const bool again = co_await TryAgain(call, retry, *attempt.failure, bearer);
    if (!again) co_return std::move(attempt.failure->error);
  }
}

Awaitable<Attempt> Client::Try(Deadline deadline, const Sendable& sendable,
                               Admission::Permit permit, BearerPtr bearer) {
  const SteadyTime sent = clock_.Now();
  const auto patience = Patience(sendable.rpc(), permit);
  const auto left = std::min<std::chrono::nanoseconds>(deadline.at - sent, patience);
  const ChannelPool::Lease lease(pool_.Pick(permit.endpoint()));
  Attempt attempt;
  attempt.done = co_await sendable.Send(silo_, lease.stub(), left, bearer.get());
  attempt.failure = Judge(sendable, *attempt.done, clock_.Now() - sent, patience, permit);
  co_return attempt;
}

Awaitable<Attempt> Client::HedgedTry(Deadline deadline, const Sendable& sendable,
                                     Admission::Permit permit, BearerPtr bearer) {
  hedge_budget_.Earn();
  const std::size_t first = permit.endpoint();
  const auto race = std::make_shared<Race>(silo_.loop().get_executor());
  race->Start(Try(deadline, sendable, std::move(permit), bearer));
  const bool early = co_await race->DecidedBy(clock_.Now() + times_.hedge);
  if (!early) {
    auto second = HedgeTurn(first);
    const bool hedged = second.has_value();
    if (hedged) race->Start(Try(deadline, sendable, std::move(*second), bearer));
    second.reset();
    co_await race->DecidedBy(SteadyTime::max());
    Attempt attempt = co_await race->Finish();
    using Hedge = RpcMetrics::Hedge;
    metrics_.Hedged(!hedged ? Hedge::kDenied : race->second_won() ? Hedge::kWon : Hedge::kLost);
    co_return attempt;
  }
  co_return co_await race->Finish();
}

std::optional<Admission::Permit> Client::HedgeTurn(std::size_t first) {
  if (!hedge_budget_.Spend()) return std::nullopt;
  return admission_.TryAcquire(/*avoid=*/first);
}

std::chrono::nanoseconds Client::Patience(const RpcInfo& rpc,
                                          const Admission::Permit& permit) const {
  if (rpc.slow) return times_.key_generation;
  return permit.probe() ? std::min(times_.rpc, kProbePatience) : times_.rpc;
}

std::optional<Failure> Client::Judge(const Sendable& sendable, const UnaryCallBase& done,
                                     std::chrono::nanoseconds took,
                                     std::chrono::nanoseconds patience, Admission::Permit& permit) {
  const RpcInfo& rpc = sendable.rpc();
  if (done.cancelled) {  // says nothing about anybody
    metrics_.Cancelled(rpc, took);
    return Failure{UpstreamError(CKR_DEVICE_ERROR, "the request was cancelled"),
                   FailureClass::kFinal};
  }
  std::optional<Failure> failure;
  if (!done.status.ok()) {
    failure = FailureFrom(rpc, done.status);
    const bool lost =
        failure->what == FailureClass::kUnreachable || failure->what == FailureClass::kTimedOut;
    if (lost && done.NeverSent()) failure->what = FailureClass::kNotSent;
  } else if (const char* missing = sendable.Lacks(done)) {
    failure = Failure{Garbage(rpc, missing), FailureClass::kGarbled};
  }
  if (!failure) {
    permit.Report(Verdict::kAnswered);
    metrics_.Answered(rpc, took);
    return std::nullopt;
  }
  metrics_.Failed(rpc, failure->what, took);
  // A try that was cut short by its call's deadline says nothing about the endpoint.
  const bool cut_short = done.status.error_code() == grpc::DEADLINE_EXCEEDED && took < patience / 2;
  if (!cut_short) permit.Report(VerdictOf(failure->what));
  return failure;
}

Awaitable<bool> Client::TryAgain(const HsmCall& call, Retry& retry, Failure& failure,
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
    log::Warn("{} is not allowed to do this at the HSM: {}",
              call.identity == nullptr ? "a caller without IAM identity" : call.identity->name(),
              failure.error.detail);
  }
  co_return false;
}

void Client::AwaitTlsLook() {
  const bool soon = pool_.renewing() && looks_while_renewing_ < kLooksBeforeWarning;
  tls_timer_.expires_after(soon ? kSettleLook : kTlsLook);
  tls_timer_.async_wait(
      [this, alive = std::weak_ptr<void>(alive_)](const boost::system::error_code& error) {
        if (error || alive.expired() || closing_.is_set()) return;
        LookAtTlsFiles();
        AwaitTlsLook();
      });
}

void Client::LookAtTlsFiles() {
  if (!tls_watch_) return;
  if (const auto material = tls_watch_->Look()) {
    log::Info("the TLS files have changed: connections to the HSM are made anew with them");
    pool_.Renew(MakeTlsCredentials(*material));
    looks_while_renewing_ = 0;
  }
  if (pool_.renewing()) SettleConnections();
}

void Client::SettleConnections() {
  pool_.Settle();
  if (++looks_while_renewing_ != kLooksBeforeWarning) return;
  for (const std::string& endpoint : pool_.Unsettled()) {
    log::Warn(
        "HSM endpoint {} accepts no connection with the changed TLS files so far; the connections "
        "made before stay in use (check that the HSM trusts the new certificate, and the new CA "
        "file the HSM's)",
        endpoint);
  }
}

template <typename R>
Awaitable<Status> Client::Send(const HsmCall& call, typename R::Request request) {
  const SendableOf<R> sendable(request);
  GW_CO_TRY_VOID(co_await Run(call, sendable));
  co_return Ok();
}

template <typename R, auto kField, Empty kEmpty>
Awaitable<Result<Bytes>> Client::FetchBytes(const HsmCall& call, typename R::Request request) {
  const SendableOf<R> sendable(request, [](const typename R::Reply& reply) {
    return kEmpty == Empty::kIsGarbage && (reply.*kField)().empty() ? "result" : nullptr;
  });
  GW_CO_TRY(done, co_await Run(call, sendable));
  co_return CopyOf((ReplyOf<R>(done).*kField)());
}

template <typename R>
Awaitable<Result<OperationState>> Client::FetchState(const HsmCall& call,
                                                     typename R::Request request) {
  const SendableOf<R> sendable(request, &LacksState<R>);
  GW_CO_TRY(done, co_await Run(call, sendable));
  OperationState state;
  state.octets = CopyOf(ReplyOf<R>(done).state());
  co_return state;
}

template <typename R, auto kField>
Awaitable<Result<UpdateResult>> Client::FetchUpdate(const HsmCall& call,
                                                    typename R::Request request) {
  const SendableOf<R> sendable(request, &LacksState<R>);
  GW_CO_TRY(done, co_await Run(call, sendable));
  UpdateResult result;
  result.state.octets = CopyOf(ReplyOf<R>(done).state());
  if constexpr (!std::is_null_pointer_v<decltype(kField)>) {
    result.output = CopyOf((ReplyOf<R>(done).*kField)());
  }
  co_return result;
}

template <typename R, auto kRaw, auto kMessage>
Awaitable<Result<MadeKey>> Client::FetchKey(const HsmCall& call, typename R::Request request) {
  const SendableOf<R> sendable(request, [](const typename R::Reply& reply) {
    return HoldsKey((reply.*kRaw)(), (reply.*kMessage)()) ? nullptr : "key";
  });
  GW_CO_TRY(done, co_await Run(call, sendable));
  const auto& reply = ReplyOf<R>(done);
  MadeKey made;
  made.key = TakeKey((reply.*kRaw)(), (reply.*kMessage)());
  made.check_sum = CopyOf(reply.checksum());
  co_return made;
}

Awaitable<Result<MadeKeyPair>> Client::FetchKeyPair(const HsmCall& call,
                                                    grep11::GenerateKeyPairRequest request) {
  const SendableOf<GenerateKeyPairRpc> sendable(
      request, [](const grep11::GenerateKeyPairResponse& reply) {
        const bool whole = HoldsKey(reply.privkeybytes(), reply.privkey()) &&
                           HoldsKey(reply.pubkeybytes(), reply.pubkey());
        return whole ? nullptr : "key pair";
      });
  GW_CO_TRY(done, co_await Run(call, sendable));
  const auto& reply = ReplyOf<GenerateKeyPairRpc>(done);
  MadeKeyPair made;
  made.private_key = TakeKey(reply.privkeybytes(), reply.privkey());
  made.public_key = TakeKey(reply.pubkeybytes(), reply.pubkey());
  co_return made;
}

Awaitable<Result<KeyBlob>> Client::FetchObject(const HsmCall& call,
                                               grep11::SetAttributeValueRequest request) {
  const SendableOf<SetAttributeValueRpc> sendable(
      request, [](const grep11::SetAttributeValueResponse& reply) {
        return reply.object().empty() ? "key" : nullptr;
      });
  GW_CO_TRY(done, co_await Run(call, sendable));
  KeyBlob key;
  key.octets = CopyOf(ReplyOf<SetAttributeValueRpc>(done).object());
  co_return key;
}

// --- operations in one request ---

Awaitable<Result<Bytes>> Client::Single(const HsmCall& call, KeyOperation operation,
                                        const Mechanism& mechanism, const KeyBlob& key,
                                        ByteView data) {
  switch (operation) {
    case KeyOperation::kSign: {
      auto request = MechanismRequest<grep11::SignSingleRequest>(mechanism);
      FillKey(key, request.mutable_privkey());
      Assign(data, request.mutable_data());
      return FetchBytes<SignSingleRpc, &grep11::SignSingleResponse::signature, Empty::kIsGarbage>(
          call, std::move(request));
    }
    case KeyOperation::kEncrypt: {
      auto request = MechanismRequest<grep11::EncryptSingleRequest>(mechanism);
      FillKey(key, request.mutable_key());
      Assign(data, request.mutable_plain());
      // Nothing but nothing encrypts to nothing.
      if (data.empty()) {
        return FetchBytes<EncryptSingleRpc, &grep11::EncryptSingleResponse::ciphered,
                          Empty::kIsFine>(call, std::move(request));
      }
      return FetchBytes<EncryptSingleRpc, &grep11::EncryptSingleResponse::ciphered,
                        Empty::kIsGarbage>(call, std::move(request));
    }
    case KeyOperation::kDecrypt: {
      auto request = MechanismRequest<grep11::DecryptSingleRequest>(mechanism);
      FillKey(key, request.mutable_key());
      Assign(data, request.mutable_ciphered());
      return FetchBytes<DecryptSingleRpc, &grep11::DecryptSingleResponse::plain, Empty::kIsFine>(
          call, std::move(request));
    }
    case KeyOperation::kVerify:
      break;
  }
  return Fail<Result<Bytes>>(InternalError("Single() does not verify"));
}

Awaitable<Status> Client::VerifySingle(const HsmCall& call, const Mechanism& mechanism,
                                       const KeyBlob& key, ByteView data, ByteView signature) {
  auto request = MechanismRequest<grep11::VerifySingleRequest>(mechanism);
  FillKey(key, request.mutable_pubkey());
  Assign(data, request.mutable_data());
  Assign(signature, request.mutable_signature());
  return Send<VerifySingleRpc>(call, std::move(request));
}

Awaitable<Result<Bytes>> Client::DigestSingle(const HsmCall& call, const Mechanism& mechanism,
                                              ByteView data) {
  auto request = MechanismRequest<grep11::DigestSingleRequest>(mechanism);
  Assign(data, request.mutable_data());
  return FetchBytes<DigestSingleRpc, &grep11::DigestSingleResponse::digest, Empty::kIsGarbage>(
      call, std::move(request));
}

// --- operations in several requests ---

Awaitable<Result<OperationState>> Client::Init(const HsmCall& call, KeyOperation operation,
                                               const Mechanism& mechanism, const KeyBlob& key) {
  switch (operation) {
    case KeyOperation::kEncrypt: {
      auto request = MechanismRequest<grep11::EncryptInitRequest>(mechanism);
      FillKey(key, request.mutable_key());
      return FetchState<EncryptInitRpc>(call, std::move(request));
    }
    case KeyOperation::kDecrypt: {
      auto request = MechanismRequest<grep11::DecryptInitRequest>(mechanism);
      FillKey(key, request.mutable_key());
      return FetchState<DecryptInitRpc>(call, std::move(request));
    }
    case KeyOperation::kSign: {
      auto request = MechanismRequest<grep11::SignInitRequest>(mechanism);
      FillKey(key, request.mutable_privkey());
      return FetchState<SignInitRpc>(call, std::move(request));
    }
    case KeyOperation::kVerify: {
      auto request = MechanismRequest<grep11::VerifyInitRequest>(mechanism);
      FillKey(key, request.mutable_pubkey());
      return FetchState<VerifyInitRpc>(call, std::move(request));
    }
  }
  return Fail<Result<OperationState>>(InternalError("unknown operation"));
}

Awaitable<Result<UpdateResult>> Client::Update(const HsmCall& call, KeyOperation operation,
                                               const OperationState& state, ByteView data) {
  switch (operation) {
    case KeyOperation::kEncrypt: {
      auto request = StateRequest<grep11::EncryptUpdateRequest>(state);
      Assign(data, request.mutable_plain());
      return FetchUpdate<EncryptUpdateRpc, &grep11::EncryptUpdateResponse::ciphered>(
          call, std::move(request));
    }
    case KeyOperation::kDecrypt: {
      auto request = StateRequest<grep11::DecryptUpdateRequest>(state);
      Assign(data, request.mutable_ciphered());
      return FetchUpdate<DecryptUpdateRpc, &grep11::DecryptUpdateResponse::plain>(
          call, std::move(request));
    }
    case KeyOperation::kSign: {
      auto request = StateRequest<grep11::SignUpdateRequest>(state);
      Assign(data, request.mutable_data());
      return FetchUpdate<SignUpdateRpc, nullptr>(call, std::move(request));
    }
    case KeyOperation::kVerify: {
      auto request = StateRequest<grep11::VerifyUpdateRequest>(state);
      Assign(data, request.mutable_data());
      return FetchUpdate<VerifyUpdateRpc, nullptr>(call, std::move(request));
    }
  }
  return Fail<Result<UpdateResult>>(InternalError("unknown operation"));
}

Awaitable<Result<Bytes>> Client::Final(const HsmCall& call, KeyOperation operation,
                                       const OperationState& state) {
  switch (operation) {
    case KeyOperation::kEncrypt:
      return FetchBytes<EncryptFinalRpc, &grep11::EncryptFinalResponse::ciphered, Empty::kIsFine>(
          call, StateRequest<grep11::EncryptFinalRequest>(state));
    case KeyOperation::kDecrypt:
      return FetchBytes<DecryptFinalRpc, &grep11::DecryptFinalResponse::plain, Empty::kIsFine>(
          call, StateRequest<grep11::DecryptFinalRequest>(state));
    case KeyOperation::kSign:
      return FetchBytes<SignFinalRpc, &grep11::SignFinalResponse::signature, Empty::kIsGarbage>(
          call, StateRequest<grep11::SignFinalRequest>(state));
    case KeyOperation::kVerify:
      break;
  }
  return Fail<Result<Bytes>>(InternalError("Final() does not verify"));
}

Awaitable<Status> Client::VerifyFinal(const HsmCall& call, const OperationState& state,
                                      ByteView signature) {
  auto request = StateRequest<grep11::VerifyFinalRequest>(state);
  Assign(signature, request.mutable_signature());
  return Send<VerifyFinalRpc>(call, std::move(request));
}

// --- keys ---

Awaitable<Result<MadeKey>> Client::GenerateKey(const HsmCall& call, const Mechanism& mechanism,
                                               const AttributeList& attributes) {
  auto request = MechanismRequest<grep11::GenerateKeyRequest>(mechanism);
  if (auto filled = FillTemplate(attributes, request.mutable_template_()); !filled) {
    return Fail<Result<MadeKey>>(std::move(filled).error());
  }
  using Reply = grep11::GenerateKeyResponse;
  return FetchKey<GenerateKeyRpc, &Reply::keybytes, &Reply::key>(call, std::move(request));
}

Awaitable<Result<MadeKeyPair>> Client::GenerateKeyPair(const HsmCall& call,
                                                       const Mechanism& mechanism,
                                                       const AttributeList& public_attributes,
                                                       const AttributeList& private_attributes) {
  auto request = MechanismRequest<grep11::GenerateKeyPairRequest>(mechanism);
  auto filled = FillTemplate(public_attributes, request.mutable_pubkeytemplate());
  if (filled) filled = FillTemplate(private_attributes, request.mutable_privkeytemplate());
  if (!filled) return Fail<Result<MadeKeyPair>>(std::move(filled).error());
  return FetchKeyPair(call, std::move(request));
}

Awaitable<Result<Bytes>> Client::WrapKey(const HsmCall& call, const Mechanism& mechanism,
                                         const KeyBlob& wrapping_key, const KeyBlob& key) {
  auto request = MechanismRequest<grep11::WrapKeyRequest>(mechanism);
  FillKey(wrapping_key, request.mutable_kek());
  FillKey(key, request.mutable_key());
  return FetchBytes<WrapKeyRpc, &grep11::WrapKeyResponse::wrapped, Empty::kIsGarbage>(
      call, std::move(request));
}

Awaitable<Result<MadeKey>> Client::UnwrapKey(const HsmCall& call, const Mechanism& mechanism,
                                             const KeyBlob& unwrapping_key, ByteView wrapped,
                                             const AttributeList& attributes) {
  auto request = MechanismRequest<grep11::UnwrapKeyRequest>(mechanism);
  FillKey(unwrapping_key, request.mutable_kek());
  Assign(wrapped, request.mutable_wrapped());
  if (auto filled = FillTemplate(attributes, request.mutable_template_()); !filled) {
    return Fail<Result<MadeKey>>(std::move(filled).error());
  }
  using Reply = grep11::UnwrapKeyResponse;
  return FetchKey<UnwrapKeyRpc, &Reply::unwrappedbytes, &Reply::unwrapped>(call,
                                                                           std::move(request));
}

Awaitable<Result<MadeKey>> Client::DeriveKey(const HsmCall& call, const Mechanism& mechanism,
                                             const KeyBlob& base_key,
                                             const AttributeList& attributes) {
  auto request = MechanismRequest<grep11::DeriveKeyRequest>(mechanism);
  FillKey(base_key, request.mutable_basekey());
  if (auto filled = FillTemplate(attributes, request.mutable_template_()); !filled) {
    return Fail<Result<MadeKey>>(std::move(filled).error());
  }
  using Reply = grep11::DeriveKeyResponse;
  return FetchKey<DeriveKeyRpc, &Reply::newkeybytes, &Reply::newkey>(call, std::move(request));
}

Awaitable<Result<KeyBlob>> Client::SetAttributeValue(const HsmCall& call, const KeyBlob& key,
                                                     const AttributeList& attributes) {
  grep11::SetAttributeValueRequest request;
  Assign(key.view(), request.mutable_object());
  if (auto filled = FillTemplate(attributes, request.mutable_attributes()); !filled) {
    return Fail<Result<KeyBlob>>(std::move(filled).error());
  }
  return FetchObject(call, std::move(request));
}

// --- queries ---

Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> Client::GetMechanismList(const HsmCall& call) {
  const grep11::GetMechanismListRequest request;
  const SendableOf<GetMechanismListRpc> sendable(request);
  GW_CO_TRY(done, co_await Run(call, sendable));
  const auto& mechanisms = ReplyOf<GetMechanismListRpc>(done).mechs();
  co_return std::vector<CK_MECHANISM_TYPE>(mechanisms.begin(), mechanisms.end());
}

Awaitable<Result<Bytes>> Client::GenerateRandom(const HsmCall& call, std::uint32_t bytes) {
  grep11::GenerateRandomRequest request;
  request.set_len(bytes);
  const SendableOf<GenerateRandomRpc> sendable(request);
  GW_CO_TRY(done, co_await Run(call, sendable));
  const std::string& random = ReplyOf<GenerateRandomRpc>(done).rnd();
  if (random.size() != bytes) co_return Garbage(sendable.rpc(), "random octets of that number");
  co_return CopyOf(random);
}

}  // namespace

Result<std::unique_ptr<Grep11Client>> Grep11Client::Make(const TokenConfig& config,
                                                         const TimesConfig& times, Silo& silo,
                                                         const Clock& clock) {
  if (config.endpoints.empty()) {
    return CallerError(CKR_ARGUMENTS_BAD,
                       "slot " + std::to_string(config.slot) + " has no HSM endpoint");
  }
  GW_TRY(pool, ChannelPool::Make(config));
  return std::unique_ptr<Grep11Client>(
      std::make_unique<Client>(config, times, silo, clock, std::move(pool)));
}

}  // namespace gw
