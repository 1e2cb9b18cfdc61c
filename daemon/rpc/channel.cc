// Room: rpc.
#include "daemon/rpc/channel.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "daemon/core/check.h"
#include "daemon/core/clock.h"
#include "daemon/core/log.h"
#include "daemon/runtime/silo.h"
#include "daemon/runtime/spawn.h"

namespace gw {
namespace {

using std::chrono::milliseconds;
using ErrorCode = boost::system::error_code;

// Short, since calls that wait for an HSM that is back wait for this; a few tries a second from one
// host hurt nobody.
constexpr milliseconds kFirstBackOff{100};
constexpr milliseconds kLongestBackOff{500};
// While nobody asks for anything.
constexpr milliseconds kIdleBackOff{5'000};
constexpr milliseconds kIdle{10'000};
// A connection that stood for that long is a good one.
constexpr milliseconds kSettled{5'000};

constexpr std::uint8_t kMostRestarts = 3;

RpcStatus TimeIsUp() { return {RpcCode::kDeadlineExceeded, "no answer in time", {}}; }

SteadyTime Now() { return RealClock().Now(); }

}  // namespace

RpcChannel::RpcChannel(Silo& silo, RpcTarget target)
    : silo_(silo),
      target_(std::move(target)),
      random_(std::random_device{}()),
      retry_timer_(silo.loop()),
      deadline_timer_(silo.loop()) {}

RpcChannel::~RpcChannel() {
  for (const auto& connection : AllConnections()) {
    connection->Detach();
    connection->Close("the channel is closed");
  }
}

std::vector<std::shared_ptr<Http2Connection>> RpcChannel::AllConnections() const {
  auto all = draining_;
  if (current_ != nullptr) all.push_back(current_);
  return all;
}

// --- connections ---

void RpcChannel::Connect() {
  if (current_ != nullptr || attempting_ || retrying_ || stopped_) return;
  if (!is_linked() && !silo_.Register(*this)) return;
  attempting_ = true;
  Spawn(silo_.loop().get_executor(), Attempt(shared_from_this()), "connecting to the HSM");
}

Awaitable<void> RpcChannel::Attempt(std::shared_ptr<RpcChannel> self) {
  self->lookup_ = std::make_shared<Lookup>(self->silo_.loop().get_executor());
  auto looking_up = self->lookup_->Run(self->target_.host, std::to_string(self->target_.port),
                                       Now() + self->target_.times.connect);
  const Addresses addresses = co_await std::move(looking_up);
  std::string trouble =
      addresses.trouble.empty() ? "it has no address" : "name look-up: " + addresses.trouble;
  for (const auto& address : addresses.found) {
    if (self->stopped_) break;
    const auto connection = std::make_shared<Http2Connection>(self->silo_.loop(), self->target_);
    self->opening_ = connection;
    auto opening = connection->Open(address.endpoint(), Now() + self->target_.times.connect);
    trouble = co_await std::move(opening);
    self->opening_ = nullptr;
    if (trouble.empty()) {
      self->attempting_ = false;
      self->Established(connection);
      co_return;
    }
    connection->Close(trouble);
  }
  self->attempting_ = false;
  self->Failed(trouble);
}

void RpcChannel::Established(std::shared_ptr<Http2Connection> connection) {
  if (stopped_) return connection->Close("the daemon is stopping");
  log::Debug("connected to {}", target_.Name());
  refused_ = false;
  established_at_ = Now();
  ++connections_;
  current_ = std::move(connection);
  current_->Serve(*this);
  UnaryCalls calls;
  calls.swap(waiting_);
  while (!calls.empty()) {
    UnaryCall& call = calls.front();
    call.unlink();
    Place(call);
  }
}

void RpcChannel::Failed(const std::string& trouble) {
  if (stopped_) return;
  if (!refused_) log::Info("no connection to {}: {}", target_.Name(), trouble);
  refused_ = true;
  while (!waiting_.empty()) {
    End(waiting_.front(),
        {RpcCode::kUnavailable, "no connection to " + target_.Name() + ": " + trouble, {}});
  }
  AwaitNextAttempt();
}

void RpcChannel::AwaitNextAttempt() {
  back_off_ = std::clamp(back_off_ * 2, kFirstBackOff, kLongestBackOff);
  if (Now() - wanted_at_ > kIdle) back_off_ = kIdleBackOff;
  // Down to a half, so that channels do not come all at once.
  std::uniform_int_distribution<milliseconds::rep> jitter(back_off_.count() / 2, back_off_.count());
  retrying_ = true;
  retry_timer_.expires_after(milliseconds(jitter(random_)));
  retry_timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (self == nullptr || error) return;
    self->retrying_ = false;
    self->Connect();
  });
}

void RpcChannel::Retire() {
  draining_.push_back(std::move(current_));
  current_ = nullptr;
}

void RpcChannel::Changed(Http2Connection& connection) {
  const auto self = shared_from_this();
  const auto is_this = [&](const std::shared_ptr<Http2Connection>& each) {
    return each.get() == &connection;
  };
  const bool was_current = is_this(current_);
  if (was_current && (connection.closed() || connection.going_away())) Retire();
  TakeOver(connection);
  if (connection.going_away() && connection.calls().empty()) connection.Close("it is used up");
  if (connection.closed()) {
    connection.Detach();
    std::erase_if(draining_, is_this);
  }
  if (was_current && current_ == nullptr) Replace(connection);
  Drain();
}

// At once, unless the last one was of no use to anybody.
void RpcChannel::Replace(const Http2Connection& lost) {
  log::Debug("the connection to {} is over", target_.Name());
  if (stopped_) return;
  if (lost.answered() || Now() - established_at_ > kSettled) {
    back_off_ = milliseconds(0);
    Connect();
  } else if (!attempting_) {
    AwaitNextAttempt();
  }
}

// --- calls ---

void RpcChannel::Start(UnaryCall& call) {
  GW_DCHECK(silo_.OnLoop());
  wanted_at_ = Now();
  Place(call);
}

void RpcChannel::Place(UnaryCall& call) {
  if (call.request.deadline <= wanted_at_) return End(call, TimeIsUp());
  if (current_ != nullptr && (current_->closed() || current_->going_away())) Retire();
  if (current_ != nullptr) {
    ExpireBy(call.request.deadline);
    current_->Submit(call);
    if (current_->over().empty()) return;
    TakeOver(*current_);
    return DrainSoon();
  }
  if (refused_ && !stopped_) {
    const bool far_away = retrying_ && retry_timer_.expiry() > wanted_at_ + kLongestBackOff;
    if (far_away) AwaitNextAttempt();
    return End(call, {RpcCode::kUnavailable, "no connection to " + target_.Name(), {}});
  }
  Connect();
  if ((attempting_ || retrying_) && !stopped_) {
    ExpireBy(call.request.deadline);
    return waiting_.push_back(call);
  }
  call.cancelled = true;
  End(call, {RpcCode::kCancelled, "the daemon is stopping", {}});
}

// For Drain(), or for another try.
void RpcChannel::TakeOver(Http2Connection& connection) {
  UnaryCalls& over = connection.over();
  while (!over.empty()) {
    UnaryCall& call = over.front();
    call.connection = nullptr;
    call.unlink();
    const bool again =
        !call.sent && !call.stream.failed && call.restarts < kMostRestarts && !stopped_;
    if (!again) {
      finished_.push_back(call);
      continue;
    }
    ++call.restarts;
    call.status = {};
    call.reply.clear();
    Place(call);
  }
}

void RpcChannel::End(UnaryCall& call, RpcStatus status) {
  if (call.connection != nullptr) {
    call.connection->Release(call);
  } else if (call.is_linked()) {
    call.unlink();
  }
  call.status = std::move(status);
  finished_.push_back(call);
  DrainSoon();
}

void RpcChannel::Cancel(UnaryCall& call) {
  call.cancelled = true;
  End(call, {RpcCode::kCancelled, "given up", {}});
}

void RpcChannel::EndAll(const RpcStatus& status, bool UnaryCall::*mark) {
  const auto end = [&](UnaryCalls& calls) {
    while (!calls.empty()) {
      UnaryCall& call = calls.front();
      call.*mark = true;
      End(call, status);
    }
  };
  end(waiting_);
  for (const auto& connection : AllConnections()) {
    end(connection->calls());
    connection->Detach();
    connection->Close(status.message);
  }
  current_ = nullptr;
  draining_.clear();
  if (lookup_ != nullptr) lookup_->Cancel();
  if (opening_ != nullptr) opening_->Close(status.message);
}

void RpcChannel::Abandon() {
  EndAll({RpcCode::kUnavailable, "the connection was given up", {}}, &UnaryCall::abandoned);
}

void RpcChannel::SiloStops() {
  stopped_ = true;
  EndAll({RpcCode::kCancelled, "the daemon is stopping", {}}, &UnaryCall::cancelled);
  retry_timer_.cancel();
  deadline_timer_.cancel();
}

void RpcChannel::DrainSoon() {
  if (drain_posted_) return;
  drain_posted_ = true;
  boost::asio::post(silo_.loop(), [self = shared_from_this()] {
    self->drain_posted_ = false;
    self->Drain();
  });
}

void RpcChannel::Drain() {
  while (!finished_.empty()) {
    UnaryCall& call = finished_.front();
    call.unlink();
    call.Finished();
  }
}

// --- deadlines ---

// One timer for all: calls mostly have the same time, so that it is seldom set.
void RpcChannel::ExpireBy(SteadyTime deadline) {
  if (deadline >= expires_at_ || stopped_) return;
  expires_at_ = deadline;
  deadline_timer_.expires_at(deadline);
  deadline_timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr) self->Expire();
  });
}

void RpcChannel::Expire() {
  const SteadyTime now = Now();
  expires_at_ = SteadyTime::max();
  SteadyTime next = ExpireIn(waiting_, now);
  for (const auto& connection : AllConnections()) {
    next = std::min(next, ExpireIn(connection->calls(), now));
  }
  ExpireBy(next);
}

SteadyTime RpcChannel::ExpireIn(UnaryCalls& calls, SteadyTime now) {
  SteadyTime next = SteadyTime::max();
  for (auto each = calls.begin(); each != calls.end();) {
    UnaryCall& call = *each++;
    if (call.request.deadline > now) {
      next = std::min(next, call.request.deadline);
    } else {
      End(call, TimeIsUp());
    }
  }
  return next;
}

}  // namespace gw
