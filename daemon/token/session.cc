// Room: token.
#include "daemon/token/session.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace gw {

// A timer that never fires by itself is Asio's condition variable: cancelling it wakes the waiter.
struct CallOrder::Waiter {
  explicit Waiter(const boost::asio::any_io_executor& executor)
      : timer(executor, SteadyTime::max()) {}
  boost::asio::steady_timer timer;
  bool admitted = false;
};

Awaitable<CallOrder::Turn> CallOrder::Enter() {
  if (free()) co_return EnterNow();
  const auto executor = co_await boost::asio::this_coro::executor;
  auto waiter = std::make_shared<Waiter>(executor);
  waiters_.push_back(waiter);
  while (!waiter->admitted) co_await waiter->timer.async_wait(kAwait);
  co_return Turn(*this);
}

void CallOrder::Leave() {
  if (waiters_.empty()) {
    busy_ = false;
    return;
  }
  // The turn passes on without becoming free in between, so nobody overtakes.
  const std::shared_ptr<Waiter> next = std::move(waiters_.front());
  waiters_.pop_front();
  next->admitted = true;
  next->timer.cancel();
}

}  // namespace gw
