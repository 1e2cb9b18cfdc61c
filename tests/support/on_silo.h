// Room: tests/support. From the test's thread onto a silo's loop and back.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <utility>

#include "daemon/core/async.h"
#include "daemon/runtime/silo.h"

namespace gw::test {

// Starts `task` on the loop; the future has its result.
template <typename T>
std::future<T> Start(Silo& silo, Awaitable<T> task) {
  return boost::asio::co_spawn(silo.loop(), std::move(task), boost::asio::use_future);
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
