// Room: core. The coroutine type of the daemon and the deadline that each call carries.
// Rule of this toolchain: name it, move it, await it. g++ 12 destroys some temporaries of an
// awaited statement twice (tests/lint/co_await.py finds the dangerous forms).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace gw {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// Completion token: co_await x.async_foo(..., kAwait) yields std::tuple<error_code, ...> and throws
// nothing.
inline constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

using SteadyTime = std::chrono::steady_clock::time_point;

// The instant at which the caller stops waiting. Every C_ call has one, every RPC is bounded by it.
struct Deadline {
  SteadyTime at = SteadyTime::max();
};

}  // namespace gw
