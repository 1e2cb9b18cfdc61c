// Room: front. May include: core, config, dispatch, policy, proto/wire. Touches: Unix sockets.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <set>
#include <string>

#include "daemon/dispatch/dispatcher.h"
#include "daemon/policy/policy.h"
#include "daemon/runtime/byte_budget.h"
#include "daemon/runtime/gate.h"

namespace gw {

class Connection;

// Accepts applications on the daemon's socket and gives each connection a coroutine of its own.
// Thread: the silo's loop. Stop order: Close() first, then the gate of calls, then the connections.
class Listener {
 public:
  // `gate` holds one entry per call in flight.
  Listener(boost::asio::io_context& loop, ops::Services& services, Dispatcher& dispatcher,
           Gate& gate);
  ~Listener();

  // Takes the socket that systemd passed, else binds `path` (a leading '@' means the abstract name
  // space).
  //   errors  CKR_DEVICE_ERROR  path too long, directory missing, no permission, or another daemon
  //   answers there
  Status Open(const std::string& path);
  // No new connections; those that wait in the kernel's queue stay there for the next daemon if
  // systemd holds the socket.
  void Close();
  // Ends all connections; their coroutines finish on the loop.
  void CloseConnections();

  std::size_t connections() const { return connections_.size(); }

 private:
  Awaitable<void> AcceptLoop();
  Awaitable<void> Serve(std::shared_ptr<Connection> connection);
  void Admit(boost::asio::local::stream_protocol::socket socket);
  Status Bind(const std::string& path);

  boost::asio::io_context& loop_;
  ops::Services& services_;
  Dispatcher& dispatcher_;
  Gate& gate_;
  ByteBudget budget_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::string bound_path_;  // to be unlinked at Close; empty when systemd owns the socket
  std::set<std::shared_ptr<Connection>> connections_;
};

}  // namespace gw
