// Room: token. A PKCS #11 session of one application.
#pragma once

#include <deque>
#include <memory>

#include "daemon/core/async.h"
#include "daemon/core/ck.h"
#include "daemon/token/active_operation.h"

namespace gw {

// Lets one call at a time into a session: two threads in the same session are serialised in the
// order of arrival (behaviour R121). Thread: one silo, so there is nothing to lock, only somebody
// to wait for.
class CallOrder {
 public:
  // Leaves when destroyed, and lets the next one in.
  class Turn {
   public:
    explicit Turn(CallOrder& order) : order_(&order) {}
    Turn(Turn&& other) noexcept : order_(std::exchange(other.order_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (order_ != nullptr) order_->Leave();
    }

   private:
    CallOrder* order_;
  };

  bool free() const { return !busy_; }
  // Completes when it is the caller's turn.
  Awaitable<Turn> Enter();
  // For the usual case that nobody is inside; requires free().
  Turn EnterNow() {
    busy_ = true;
    return Turn(*this);
  }

 private:
  void Leave();

  struct Waiter;
  bool busy_ = false;
  std::deque<std::shared_ptr<Waiter>> waiters_;
};

// Found by handle and kept alive by the calls inside it: closing a session in one thread never
// pulls it from under another.
struct Session {
  SessionHandle handle{};
  SlotId slot{};
  bool read_write = false;
  bool closed = false;  // a call that waited its turn must look again
  std::uint32_t record = 0;
  CK_ULONG device_error = 0;  // last error of the HSM, for CK_SESSION_INFO
  CallOrder order;
  ActiveOperations operations;
};
using SessionPtr = std::shared_ptr<Session>;

}  // namespace gw
