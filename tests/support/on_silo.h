// Room: tests/support. From the test's thread onto a silo's loop and back.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include "daemon/core/async.h"
#include "daemon/runtime/silo.h"

namespace gw::test {

template <typename T>
Awaitable<void> Deliver(Awaitable<T> task, std::shared_ptr<std::promise<T>> promise) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      promise->set_value();
    } else {
      promise->set_value(co_await std::move(task));
    }
  } catch (...) {
    promise->set_exception(std::current_exception());
  }
}

// Starts `task` on the loop; the future has its result. A promise, since co_spawn's own future
// wants results with a default constructor.
template <typename T>
std::future<T> Start(Silo& silo, Awaitable<T> task) {
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  boost::asio::co_spawn(silo.loop(), Deliver(std::move(task), std::move(promise)),
                        boost::asio::detached);
  return future;
}

// Runs `task` on the loop to its end.
template <typename T>
T Await(Silo& silo, Awaitable<T> task) {
  return Start(silo, std::move(task)).get();
}

// Calls `function` on the loop and returns what it returns.
template <typename Function>
auto OnLoop(Silo& silo, Function function) {
  return boost::asio::post(silo.loop(), boost::asio::use_future(std::move(function))).get();
}

// A deadline that far from now.
inline Deadline In(std::chrono::nanoseconds time) {
  return Deadline{std::chrono::steady_clock::now() + time};
}

}  // namespace gw::test
