// Room: rpc.
#include "daemon/rpc/lookup.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <utility>

namespace gw {

using ErrorCode = boost::system::error_code;

Lookup::Lookup(boost::asio::any_io_executor executor)
    : resolver_(executor), done_(std::move(executor)) {}

void Lookup::Start(const std::string& host, const std::string& port) {
  ErrorCode is_name;
  const auto address = boost::asio::ip::make_address(host, is_name);
  if (!is_name) {
    std::uint16_t number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    addresses_.found = Tcp::resolver::results_type::create({address, number}, host, port);
    return done_.Set();
  }
  resolver_.async_resolve(
      host, port,
      [self = shared_from_this()](const ErrorCode& error, Tcp::resolver::results_type found) {
        if (self->done_.is_set()) return;
        if (error) self->addresses_.trouble = error.message();
        self->addresses_.found = std::move(found);
        self->done_.Set();
      });
}

void Lookup::Cancel() {
  resolver_.cancel();  // one that has not begun never will
  if (done_.is_set()) return;
  addresses_.trouble = "given up";
  done_.Set();
}

Awaitable<Addresses> Lookup::Run(std::string host, std::string port, SteadyTime until) {
  const auto self = shared_from_this();
  Start(host, port);
  auto waiting = done_.WaitUntil(until);
  const bool looked_up = co_await std::move(waiting);
  if (!looked_up) {
    Cancel();
    addresses_.trouble = "no answer in time";
  }
  co_return addresses_;
}

}  // namespace gw
