// Room: admin. May include: core. May touch: one loopback TCP port.
// Metrics and health over HTTP, for Prometheus and for people. No operation on keys or state can be
// reached from here: both documents are read-only and hold no secret.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/core/result.h"

namespace gw {

// What one peer, or all of them, can take from the daemon. No request body is ever read.
struct AdminLimits {
  std::size_t connections = 32;               // at a time; more are closed at once
  std::uint32_t head_bytes = 8192;            // of a request
  std::chrono::milliseconds request{10'000};  // to arrive, also on an idle connection; to answer
};

// GET /metrics: the registry of core/metrics.h as Prometheus text. GET /health: 200 and
// {"version": ..., "uptime_s": ..., "status": ...}. Anything else is 404 or 405.
// Thread: all members on the thread of the loop, or while the loop does not run.
// End: Stop(), or the destructor; the loop may run on, its handlers keep what they need.
class AdminServer {
 public:
  //   listen       "ADDRESS:PORT" with a loopback address; an IPv6 address in brackets; port 0 lets
  //                the system choose
  //   health_json  the value of "status", as JSON; called on the loop; must not block
  AdminServer(boost::asio::io_context& loop, std::string listen,
              std::function<std::string()> health_json, AdminLimits limits = {});
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Binds and begins to accept.
  //   errors  CKR_DEVICE_ERROR    address in use or not of this host
  //           CKR_ARGUMENTS_BAD   not a loopback address with a port
  Status Start();

  // "127.0.0.1:9611", with the port that was bound; empty before Start().
  std::string address() const;

  // Closes the port and every connection. May be called twice.
  void Stop();

 private:
  class Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace gw
