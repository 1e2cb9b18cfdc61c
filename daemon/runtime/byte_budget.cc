// Room: runtime.
#include "daemon/runtime/byte_budget.h"

namespace gw {

void ByteBudget::State::Release(std::size_t bytes) {
  in_use -= bytes;
  while (!waiters.empty() && Fits(waiters.front()->bytes)) {
    const std::shared_ptr<Waiter> next = std::move(waiters.front());
    waiters.pop_front();
    in_use += next->bytes;
    next->granted = true;
    next->timer.cancel();
  }
}

Awaitable<ByteBudget::Share> ByteBudget::TakeFrom(std::shared_ptr<State> state, std::size_t bytes) {
  if (state->waiters.empty() && state->Fits(bytes)) {
    state->in_use += bytes;
    co_return Share(state, bytes);
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, boost::asio::steady_timer::time_point::max());
  auto waiter = std::make_shared<Waiter>(Waiter{bytes, std::move(timer)});
  state->waiters.push_back(waiter);
  // Only Release() ends the wait: the timer is nobody else's.
  co_await waiter->timer.async_wait(kAwait);
  co_return Share(state, bytes);
}

}  // namespace gw
