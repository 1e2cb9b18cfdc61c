// Room: runtime. May include: core. A flag that coroutines of one loop can wait for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "daemon/core/async.h"

namespace gw {

// Set once, never reset. Loop only, no lock. The state is shared with the waiters, so an Event may
// die while they wait: they then time out.
class Event {
 public:
  explicit Event(boost::asio::any_io_executor executor);
  void Set();
  bool is_set() const;
  // True: set. False: `until` passed, or the waiting coroutine was cancelled.
  Awaitable<bool> WaitUntil(SteadyTime until);

 private:
  struct State;
  static Awaitable<bool> Wait(std::shared_ptr<State> state, SteadyTime until);

  std::shared_ptr<State> state_;
};

}  // namespace gw
