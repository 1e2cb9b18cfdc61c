// Room: upstream. May include: core. When a failed RPC is sent again: the only place that decides
// it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <random>

#include "daemon/core/async.h"
#include "daemon/upstream/failure.h"

namespace gw {

// Bounds the share of retries, so that an HSM in trouble is not drowned by them: each first try
// earns a fifth of a retry, up to `kMost` in hand, about what one lost endpoint leaves behind.
// Without anything in hand retries come late, but they come. One per token's HSM; loop only.
class RetryBudget {
 public:
  void Earn() { in_hand_ = in_hand_ + kPerTry > kMost ? kMost : in_hand_ + kPerTry; }
  bool Spend() {
    if (in_hand_ < 1) return false;
    in_hand_ -= 1;
    return true;
  }

 private:
  static constexpr double kPerTry = 0.2;
  static constexpr double kMost = 256;
  double in_hand_ = kMost;
};

// One RPC with its repetitions. Every RPC may be sent again: the HSM keeps nothing of what it made,
// and an operation's state is in the request (wire sheet, "Retry after network loss"). Rules
// (design 8, behaviour R130, R311, R335):
//   token refused       renew it once and try again at once, whatever the RPC: nothing ran
//   right missing       the same
//   overload, not sent, connection lost, no answer in time
//                       back off and try again
//   the HSM's own retry hint, an answer that is none
//                       the same, a few times
//   another master key  the same, as long as the sender gives it
//   anything else       never
// Back-offs double from one try to the next and are jittered down to a half; a try that could only
// start after the deadline is not made. Nothing else ends the tries of a request that an endpoint
// away has lost: admission holds it back until some endpoint answers, so these back-offs are short.
class Retry {
 public:
  Retry(RetryBudget& budget, std::minstd_rand& random) : budget_(budget), random_(random) {
    budget_.Earn();
  }

  struct Decision {
    enum class Step : std::uint8_t { kGiveUp, kWait, kRenewToken } step = Step::kGiveUp;
    std::chrono::nanoseconds wait{0};
  };
  Decision Next(FailureClass what, SteadyTime now, Deadline deadline);

 private:
  struct Rule;
  static const Rule& RuleOf(FailureClass what);
  Decision RenewOnce();
  Decision BackOff(FailureClass what, const Rule& rule, SteadyTime now, Deadline deadline);

  RetryBudget& budget_;
  std::minstd_rand& random_;
  std::array<unsigned, kFailureClasses> waits_{};
  bool renewed_ = false;
};

}  // namespace gw
