// Room: upstream.
#include "daemon/upstream/hsm_logins.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/core/log.h"
#include "daemon/upstream/grep11_messages.h"

namespace gw {
namespace {

// Says that a Login or Logout is over, however its coroutine ends.
class Busy {
 public:
  Busy(ChannelPtr channel, Silo& silo) : channel_(std::move(channel)) {
    event_ = std::make_shared<Event>(silo.loop().get_executor());
    channel_->logging = event_;
  }
  ~Busy() {
    channel_->logging = nullptr;
    event_->Set();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  const ChannelPtr channel_;
  std::shared_ptr<Event> event_;
};

Failure Broken(const char* what, FailureClass failure_class) {
  return {UpstreamError(CKR_DEVICE_ERROR, std::string("login session: ") + what, true),
          failure_class};
}

}  // namespace

HsmLogins::HsmLogins(ChannelPool& pool, const TimesConfig& times, const Clock& clock, Silo& silo,
                     RpcMetrics& metrics)
    : pool_(pool), times_(times), clock_(clock), silo_(silo), metrics_(metrics) {}

template <typename R>
Awaitable<std::optional<Failure>> HsmLogins::Ask(const ChannelPtr& channel,
                                                 typename R::Request& request, Deadline deadline,
                                                 BearerPtr bearer) {
  SendableOf<R> sendable(request);
  const SteadyTime start = clock_.Now();
  const SteadyTime end = std::min<SteadyTime>(deadline.at, start + times_.rpc);
  const std::weak_ptr<void> alive = alive_;
  auto sending = SendUnary(*channel->rpc, RequestOf(sendable, end, bearer.get()));
  const FinishedCall done = co_await std::move(sending);
  if (alive.expired()) co_return Broken("the daemon is stopping", FailureClass::kFinal);
  const SteadyTime now = clock_.Now();
  if (done->answered) channel->heard_at = now;
  std::optional<Failure> failure = FailureOf(sendable, *done);
  if (!failure) {
    metrics_.Answered(sendable.rpc(), now - start);
    co_return std::nullopt;
  }
  metrics_.Failed(sendable.rpc(), failure->what, now - start);
  // Held open by something on the way that passes nothing.
  if (failure->what == FailureClass::kTimedOut && channel->heard_at < start) {
    channel->rpc->Abandon();
  }
  co_return failure;
}

Awaitable<std::optional<Failure>> HsmLogins::Open(std::size_t endpoint, HsmLogin& login,
                                                  SteadyTime since, Deadline deadline,
                                                  BearerPtr bearer) {
  const ChannelPtr channel = pool_.ApartFor(endpoint, login, clock_.Now());
  const std::weak_ptr<void> alive = alive_;
  while (const auto others = channel->logging) {
    const bool over = co_await others->WaitUntil(deadline.at);
    if (!over || alive.expired()) co_return Broken("no turn in time", FailureClass::kFinal);
  }
  if (!offered_ || (IsLoggedIn(*channel) && channel->logged_in_at > since)) co_return std::nullopt;
  const Busy busy(channel, silo_);
  co_return co_await LogIn(channel, login, deadline, std::move(bearer));
}

Awaitable<std::optional<Failure>> HsmLogins::LogIn(const ChannelPtr& channel, const HsmLogin& login,
                                                   Deadline deadline, BearerPtr bearer) {
  grep11::LoginRequest request;
  Assign(login.store, request.mutable_storeid());
  Assign(login.pin.view(), request.mutable_pin());
  channel->logged_in_on = 0;
  const std::uint64_t connection =
      channel->rpc->connections() + (channel->rpc->Connected() ? 0 : 1);
  auto failure = co_await Ask<LoginRpc>(channel, request, deadline, std::move(bearer));
  std::string& pin = *request.mutable_pin();
  Wipe({reinterpret_cast<Byte*>(pin.data()), pin.size()});
  if (failure && failure->error.rv == CKR_FUNCTION_NOT_SUPPORTED) {
    offered_ = false;
    log::Warn(
        "the HSM offers no login sessions: keys of authenticated keystores are bound to none "
        "(their "
        "objects are encrypted with the keystore's password all the same)");
    co_return std::nullopt;
  }
  if (failure) co_return failure;
  channel->opened = true;
  if (connection != channel->rpc->connections()) {
    co_return Broken("the connection was lost while it was logged in", FailureClass::kUnreachable);
  }
  channel->logged_in_on = connection;
  channel->logged_in_at = clock_.Now();
  co_return std::nullopt;
}

Awaitable<void> HsmLogins::Close(HsmLogin& login, BearerPtr bearer) {
  const std::weak_ptr<void> alive = alive_;
  for (std::size_t endpoint = 0; endpoint < pool_.endpoints(); ++endpoint) {
    const ChannelPtr channel = pool_.ExistingFor(endpoint, login);
    if (channel == nullptr) continue;
    co_await CloseAt(endpoint, channel, login, bearer);
    if (alive.expired()) co_return;
  }
}

// Only who is logged in can log out: a connection made since has to log in first, and one that was
// lost meanwhile has not logged out, whatever the answer was.
Awaitable<std::optional<Failure>> HsmLogins::LogOut(const ChannelPtr& channel, HsmLogin& login,
                                                    Deadline deadline, BearerPtr bearer) {
  constexpr int kTries = 3;
  const std::weak_ptr<void> alive = alive_;
  for (int i = 0; i < kTries; ++i) {
    if (!IsLoggedIn(*channel)) {
      auto failure = co_await LogIn(channel, login, deadline, bearer);
      if (failure || alive.expired()) co_return failure;
    }
    if (login.users > 0) co_return std::nullopt;
    grep11::LogoutRequest request;
    auto failure = co_await Ask<LogoutRpc>(channel, request, deadline, bearer);
    if (alive.expired()) co_return failure;
    const bool same = IsLoggedIn(*channel);
    channel->logged_in_on = 0;
    // Another host was faster.
    if (failure && failure->error.rv == CKR_USER_NOT_LOGGED_IN) failure.reset();
    if (failure) co_return failure;
    channel->opened = !same;
    if (same) co_return std::nullopt;
  }
  co_return Broken("the connection was lost each time it was to be closed",
                   FailureClass::kUnreachable);
}

Awaitable<void> HsmLogins::CloseAt(std::size_t endpoint, const ChannelPtr& channel, HsmLogin& login,
                                   BearerPtr bearer) {
  const Deadline deadline{clock_.Now() + times_.call};
  const std::weak_ptr<void> alive = alive_;
  while (const auto others = channel->logging) {
    const bool over = co_await others->WaitUntil(deadline.at);
    if (!over || alive.expired()) co_return;
  }
  if (!channel->opened || login.users > 0 || !offered_) co_return;
  const Busy busy(channel, silo_);
  const auto failure = co_await LogOut(channel, login, deadline, std::move(bearer));
  if (alive.expired() || !failure) co_return;
  log::Warn("a login session of the HSM at {} stays open: {}", pool_.NameOf(endpoint),
            Describe(failure->error));
}

}  // namespace gw
