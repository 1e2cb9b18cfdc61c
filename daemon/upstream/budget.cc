// Room: upstream.
#include "daemon/upstream/budget.h"

#include <algorithm>

#include "daemon/core/check.h"

namespace gw {

Budget::Budget(std::vector<EndpointLimits> limits, std::uint32_t seed) : random_(seed) {
  GW_CHECK(!limits.empty());
  endpoints_.reserve(limits.size());
  for (const auto& each : limits) endpoints_.emplace_back(each);
}

bool Budget::AnyGood() const {
  return std::ranges::any_of(endpoints_, [](const Endpoint& e) { return e.health.good(); });
}

bool Budget::Free(Endpoint& endpoint, SteadyTime now, bool alone) {
  return endpoint.health.Usable(now, alone) && endpoint.outstanding < endpoint.max_outstanding &&
         endpoint.bucket.Has(now);
}

// Of two different ones of free_: with a pair, one that hangs gets no more than its share.
std::size_t Budget::LessBusy() {
  std::uniform_int_distribution<std::size_t> any(0, free_.size() - 1);
  std::uniform_int_distribution<std::size_t> other(1, free_.size() - 1);
  const std::size_t first = any(random_);
  const std::size_t a = free_[first];
  const std::size_t b = free_[(first + other(random_)) % free_.size()];
  return endpoints_[a].outstanding <= endpoints_[b].outstanding ? a : b;
}

std::optional<std::size_t> Budget::Choose(SteadyTime now, std::size_t avoid) {
  const bool alone = !AnyGood();
  if (endpoints_.size() == 1) {
    return Free(endpoints_[0], now, alone) ? std::optional<std::size_t>(0) : std::nullopt;
  }
  free_.clear();
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    if (Free(endpoints_[i], now, alone)) free_.push_back(i);
  }
  if (free_.size() > 1) std::erase(free_, avoid);
  if (free_.empty()) return std::nullopt;
  return free_.size() == 1 ? free_[0] : LessBusy();
}

void Budget::Take(std::size_t endpoint, SteadyTime now) {
  endpoints_[endpoint].bucket.Take(now);
  endpoints_[endpoint].health.Sent(now);
  ++endpoints_[endpoint].outstanding;
}

std::optional<std::size_t> Budget::TryTake(SteadyTime now, std::size_t avoid) {
  if (!queue_.empty()) return std::nullopt;
  const auto endpoint = Choose(now, avoid);
  if (endpoint) Take(*endpoint, now);
  return endpoint;
}

bool Budget::ComesTooLate(const WaitingRequest& request, SteadyTime now) {
  if (request.deadline_.at <= now) return true;
  double sendable = 0;
  const std::chrono::duration<double> left = request.deadline_.at - now;
  // The full rates of all endpoints: who is ill or throttled may recover before the deadline.
  for (Endpoint& endpoint : endpoints_) {
    TokenBucket& bucket = endpoint.bucket.full();
    if (bucket.unlimited()) return false;  // only room is missing, and nobody knows till when
    sendable += bucket.Available(now) + left.count() * bucket.rate_per_s();
  }
  if (static_cast<double>(queue_.size()) + 1 <= sendable) return false;
  return static_cast<double>(queue_.AheadOf(request.application())) + 1 > sendable;
}

Status Budget::Enqueue(WaitingRequest& request, SteadyTime now) {
  if (queue_.SizeOf(request.application()) >= kMostQueuedPerApplication) {
    return UpstreamError(CKR_DEVICE_MEMORY, "this application has too many HSM requests waiting");
  }
  if (ComesTooLate(request, now)) {
    return UpstreamError(CKR_DEVICE_MEMORY,
                         "the HSM's request rate is used up beyond this call's deadline");
  }
  queue_.Push(request);
  request.expiry_ = expiries_.emplace(request.deadline_.at, &request);
  return Ok();
}

void Budget::Withdraw(WaitingRequest& request) {
  if (!request.queued()) return;
  queue_.Remove(request);
  expiries_.erase(request.expiry_);
}

void Budget::Decide(WaitingRequest& request, WaitingRequest::State state) {
  expiries_.erase(request.expiry_);
  request.state_ = state;
  request.Decided();
}

void Budget::Expire(SteadyTime now) {
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    WaitingRequest& request = *expiries_.begin()->second;
    queue_.Remove(request);
    Decide(request, WaitingRequest::State::kTooLate);
  }
}

void Budget::RefuseAll() {
  while (!expiries_.empty()) {
    WaitingRequest& request = *expiries_.begin()->second;
    queue_.Remove(request);
    Decide(request, WaitingRequest::State::kTooLate);
  }
}

void Budget::Advance(SteadyTime now) {
  Expire(now);
  while (FairQueueItem* item = queue_.Front()) {
    auto& request = static_cast<WaitingRequest&>(*item);
    const auto endpoint = Choose(now, request.avoid_);
    if (!endpoint) return;
    queue_.Pop();
    Take(*endpoint, now);
    request.endpoint_ = *endpoint;
    Decide(request, WaitingRequest::State::kGranted);
  }
}

void Budget::Release(std::size_t endpoint, Verdict verdict, SteadyTime now) {
  Endpoint& ended = endpoints_[endpoint];
  GW_CHECK(ended.outstanding > 0);
  --ended.outstanding;
  switch (verdict) {
    case Verdict::kNone:
      break;
    case Verdict::kAnswered:
      ended.health.Answered();
      break;
    case Verdict::kFailed:
      ended.health.Failed(now);
      break;
    case Verdict::kRefused:
      ended.health.Answered();
      ended.bucket.Slow(now);
      break;
  }
  if (!queue_.empty()) Advance(now);
}

SteadyTime Budget::NextAdvance(SteadyTime now) {
  if (queue_.empty()) return SteadyTime::max();
  SteadyTime next = expiries_.begin()->first;
  const bool alone = !AnyGood();
  for (Endpoint& endpoint : endpoints_) {
    if (endpoint.outstanding >= endpoint.max_outstanding) continue;  // Release() will come
    SteadyTime ready = endpoint.bucket.NextAt(now);
    if (!endpoint.health.good()) ready = std::max(ready, endpoint.health.ProbeDue(alone));
    next = std::min(next, ready);
  }
  return next;
}

}  // namespace gw
