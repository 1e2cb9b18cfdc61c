// Room: runtime. May include: core. Stops new work and waits for old.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/core/async.h"
#include "daemon/runtime/event.h"

namespace gw {

// Each detached coroutine holds an Entry for its whole life. Loop only. Entries may outlive the
// gate.
class Gate {
  struct State {
    explicit State(boost::asio::any_io_executor executor) : empty(std::move(executor)) {}
    std::size_t inside = 0;
    bool closed = false;
    Event empty;  // set once closed with nobody inside
  };

 public:
  // The right to be inside. Leaves when it dies; a moved-from one holds nothing.
  class Entry {
   public:
    Entry(Entry&& other) noexcept = default;
    Entry& operator=(Entry&& other) noexcept {
      Leave();
      state_ = std::move(other.state_);
      return *this;
    }
    ~Entry() { Leave(); }

   private:
    friend class Gate;
    explicit Entry(std::shared_ptr<State> state) : state_(std::move(state)) { ++state_->inside; }
    void Leave() {
      if (state_ == nullptr) return;
      if (--state_->inside == 0 && state_->closed) state_->empty.Set();
      state_.reset();
    }
    std::shared_ptr<State> state_;
  };

  explicit Gate(boost::asio::any_io_executor executor)
      : state_(std::make_shared<State>(std::move(executor))) {}

  // nullopt: the gate is closed, refuse the work.
  std::optional<Entry> TryEnter() {
    if (state_->closed) return std::nullopt;
    return Entry(state_);
  }

  void Close() {
    state_->closed = true;
    if (state_->inside == 0) state_->empty.Set();
  }

  // After Close(): waits until nobody is inside. False: somebody still was after `grace`.
  Awaitable<bool> WaitEmpty(std::chrono::milliseconds grace) {
    return state_->empty.WaitUntil(std::chrono::steady_clock::now() + grace);
  }

  bool closed() const { return state_->closed; }
  std::size_t inside() const { return state_->inside; }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace gw
