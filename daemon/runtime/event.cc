// Room: runtime.
#include "daemon/runtime/event.h"

#include <boost/asio/steady_timer.hpp>
#include <list>

namespace gw {

struct Event::State {
  boost::asio::any_io_executor executor;
  std::list<boost::asio::steady_timer*> waiters;
  bool set = false;
};

namespace {

// Takes a waiter off the list however its coroutine ends, also when the loop is destroyed around
// it.
template <typename State>
class Listed {
 public:
  Listed(std::shared_ptr<State> state, boost::asio::steady_timer& timer)
      : state_(std::move(state)), place_(state_->waiters.insert(state_->waiters.end(), &timer)) {}
  ~Listed() { state_->waiters.erase(place_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  std::shared_ptr<State> state_;
  std::list<boost::asio::steady_timer*>::iterator place_;
};

}  // namespace

Event::Event(boost::asio::any_io_executor executor) : state_(std::make_shared<State>()) {
  state_->executor = std::move(executor);
}

bool Event::is_set() const { return state_->set; }

void Event::Set() {
  state_->set = true;
  for (auto* timer : state_->waiters) timer->cancel();
}

Awaitable<bool> Event::WaitUntil(SteadyTime until) { return Wait(state_, until); }

Awaitable<bool> Event::Wait(std::shared_ptr<State> state, SteadyTime until) {
  if (state->set) co_return true;
  boost::asio::steady_timer timer(state->executor, until);
  const Listed<State> listed(state, timer);
  co_await timer.async_wait(kAwait);
  co_return state->set;
}

}  // namespace gw
