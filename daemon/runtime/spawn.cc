// Room: runtime.
#include "daemon/runtime/spawn.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include "daemon/core/log.h"

namespace gw {
namespace {

void LogEnd(const char* name, std::exception_ptr failure) {
  if (failure == nullptr) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) return;
    log::Error("task {} ended by an exception: {}; this is a bug", name, error.what());
  } catch (const std::exception& error) {
    log::Error("task {} ended by an exception: {}; this is a bug", name, error.what());
  }
}

}  // namespace

void Spawn(boost::asio::any_io_executor executor, Awaitable<void> task, const char* name) {
  boost::asio::co_spawn(std::move(executor), std::move(task),
                        [name](std::exception_ptr failure) { LogEnd(name, std::move(failure)); });
}

}  // namespace gw
