// Room: runtime. May include: core. Bounds the octets that are held for others at one time.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "daemon/core/async.h"

namespace gw {

// Gives out shares of `limit` octets in the order in which they were asked for; who asks for more
// than is left waits. A share of more than `limit` is given when nobody else has any. Loop only;
// shares may outlive the budget.
class ByteBudget {
  struct Waiter {
    std::size_t bytes;
    boost::asio::steady_timer timer;
    bool granted = false;
  };
  struct State {
    std::size_t limit;
    std::size_t in_use = 0;
    std::deque<std::shared_ptr<Waiter>> waiters;

    bool Fits(std::size_t bytes) const { return in_use == 0 || in_use + bytes <= limit; }
    void Release(std::size_t bytes);
  };

 public:
  // Given back when it dies.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : state_(std::move(other.state_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      GiveBack();
      state_ = std::move(other.state_);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    ~Share() { GiveBack(); }

   private:
    friend class ByteBudget;
    Share(std::shared_ptr<State> state, std::size_t bytes)
        : state_(std::move(state)), bytes_(bytes) {}
    void GiveBack() {
      if (state_ != nullptr) state_->Release(bytes_);
      state_.reset();
    }

    std::shared_ptr<State> state_;
    std::size_t bytes_ = 0;
  };

  explicit ByteBudget(std::size_t limit) : state_(std::make_shared<State>()) {
    state_->limit = limit;
  }

  Awaitable<Share> Take(std::size_t bytes) { return TakeFrom(state_, bytes); }
  std::size_t in_use() const { return state_->in_use; }

 private:
  static Awaitable<Share> TakeFrom(std::shared_ptr<State> state, std::size_t bytes);

  std::shared_ptr<State> state_;
};

}  // namespace gw
