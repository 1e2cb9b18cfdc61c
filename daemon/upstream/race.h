// Room: upstream. May include: core, runtime, rpc. Two tries of one request side by side: a hedged
// signature.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <optional>

#include "daemon/core/async.h"
#include "daemon/rpc/unary_call.h"
#include "daemon/runtime/event.h"
#include "daemon/upstream/failure.h"

namespace gw {

// One try that is over: either `failure`, or the answer in `done`.
struct Attempt {
  FinishedCall done;
  std::optional<Failure> failure;
  bool ok() const { return !failure.has_value(); }
};

// Bounds the share of hedged requests, since each costs one of the HSM's requests more: one for
// 1 / kShare requests, a few at once. Loop only.
class HedgeBudget {
 public:
  static constexpr double kShare = 0.03;
  static constexpr double kMost = 8;

  void Earn() { in_hand_ = in_hand_ + kShare > kMost ? kMost : in_hand_ + kShare; }
  bool Spend() {
    if (in_hand_ < 1) return false;
    in_hand_ -= 1;
    return true;
  }

 private:
  double in_hand_ = kMost;
};

// Who starts it awaits both lanes' ends before he returns, so a lane may borrow what he has. The
// first good answer wins; a failure counts only when no lane is left. Loop only; shared with the
// lanes.
class Race : public std::enable_shared_from_this<Race> {
 public:
  explicit Race(boost::asio::any_io_executor executor);

  // Starts `attempt` in the next of two lanes.
  void Start(Awaitable<Attempt> attempt);
  // Waits for the outcome. False: not yet at `until`.
  Awaitable<bool> DecidedBy(SteadyTime until);
  // Cancels what still runs and returns the outcome when it has ended. After the outcome is known.
  Awaitable<Attempt> Finish();

  // The second lane's answer was the first good one. After Finish().
  bool second_won() const { return winner_ == 1; }

 private:
  struct Lane {
    boost::asio::cancellation_signal cancel;
    bool started = false;
    bool over = false;
    Attempt attempt;
  };
  static Awaitable<void> Run(std::shared_ptr<Race> race, std::size_t index,
                             Awaitable<Attempt> attempt);
  void Ended(std::size_t index);
  bool Running() const;

  const boost::asio::any_io_executor executor_;
  std::array<Lane, 2> lanes_;
  std::size_t winner_ = 0;
  Event decided_;
  Event over_;
};

}  // namespace gw
