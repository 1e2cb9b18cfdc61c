// Room: runtime. May include: core. The one way to start a coroutine that nobody awaits.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <exception>

#include "daemon/core/async.h"

namespace gw {

// Starts `task` on `executor` and logs an exception that leaves it, naming it `name` (a literal).
// An exception here is a bug, or the cancellation of the whole task, which is not logged.
void Spawn(boost::asio::any_io_executor executor, Awaitable<void> task, const char* name);

}  // namespace gw
