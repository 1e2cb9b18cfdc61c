// Room: upstream.
#include "daemon/upstream/retry.h"

#include <algorithm>

namespace gw {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kMostWaits = 6;
constexpr milliseconds kFirstWait{25};
constexpr milliseconds kFirstWaitForLoad{100};  // the rate window of a crypto unit is a second
constexpr milliseconds kLongestWait{2'000};

}  // namespace

Retry::Decision Retry::Next(FailureClass what, SteadyTime now, Deadline deadline) {
  switch (what) {
    case FailureClass::kFinal:
      return {};
    case FailureClass::kUnauthenticated:
    case FailureClass::kForbidden:
      return RenewOnce();
    case FailureClass::kExhausted:
      return BackOff(kFirstWaitForLoad, now, deadline);
    case FailureClass::kUnreachable:
    case FailureClass::kTimedOut:
    case FailureClass::kAskAgain:
      if (!rpc_.repeatable) return {};
      return BackOff(kFirstWait, now, deadline);
  }
  return {};
}

Retry::Decision Retry::RenewOnce() {
  if (renewed_) return {};
  renewed_ = true;
  return {Decision::Step::kRenewToken, {}};
}

Retry::Decision Retry::BackOff(std::chrono::nanoseconds first, SteadyTime now, Deadline deadline) {
  if (waits_ == kMostWaits) return {};
  const std::chrono::nanoseconds longest = kLongestWait;
  const auto full = std::min(first * (1u << waits_), longest);
  std::uniform_real_distribution<double> jitter(0.5, 1.0);
  const auto wait = std::chrono::nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(full.count()) * jitter(random_)));
  if (deadline.at - now <= wait || !budget_.Spend()) return {};
  ++waits_;
  return {Decision::Step::kWait, wait};
}

}  // namespace gw
