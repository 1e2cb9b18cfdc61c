// Room: tests/unit/rpc. May touch: a listening TCP socket on loopback and a thread. An HTTP/2
// server in the clear that does with each connection and request what the test says.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/rpc/http2_peer.h"

namespace gw::test {

// Scripts run on the server's thread.
class ScriptedServer {
 public:
  struct Script {
    // A request is there to its end. `connection` counts from 0.
    std::function<void(Http2Peer&, const Http2Request&, std::size_t connection)> on_request;
    bool silent = false;  // accepts connections and never says a word
    bool leaves = false;  // says hello, listens once and closes
  };
  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t connections() const { return connections_; }
  // Reads on, and says nothing any more.
  void FallSilent() { silent_ = true; }
  // Breaks all connections.
  void DropConnections();
  // Does `what` with each connection's peer, and sends what comes of it.
  void WithPeers(std::function<void(Http2Peer&)> what);

 private:
  struct Client;
  void Accept();
  void Read(const std::shared_ptr<Client>& client);

  const Script script_;
  std::atomic<bool> silent_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Client>> clients_;
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

}  // namespace gw::test
