// Room: rpc. May include: core, runtime. May touch: name service.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "daemon/core/async.h"
#include "daemon/runtime/event.h"

namespace gw {

struct Addresses {
  std::string trouble;  // not empty: nothing was found, and why
  boost::asio::ip::tcp::resolver::results_type found;
};

// One look-up of a name; an address stands for itself. Loop only, made shared. A look-up that has
// begun cannot be interrupted (it runs in getaddrinfo, one after the other), but nobody has to wait
// for it.
class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  explicit Lookup(boost::asio::any_io_executor executor);

  // Once. Waits until `until` and no longer.
  Awaitable<Addresses> Run(std::string host, std::string port, SteadyTime until);
  // Run() ends at once, with a trouble.
  void Cancel();

 private:
  using Tcp = boost::asio::ip::tcp;

  void Start(const std::string& host, const std::string& port);

  Tcp::resolver resolver_;
  Event done_;
  Addresses addresses_;
};

}  // namespace gw
