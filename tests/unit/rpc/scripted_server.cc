// Room: tests/unit/rpc.
#include "tests/unit/rpc/scripted_server.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <set>
#include <utility>

namespace gw::test {

using Tcp = boost::asio::ip::tcp;

struct ScriptedServer::Client {
  explicit Client(Tcp::socket socket_in, std::size_t number_in)
      : socket(std::move(socket_in)), number(number_in) {}

  void Send() {
    const std::string out = peer.TakeOutput();
    boost::system::error_code gone;
    if (!out.empty()) boost::asio::write(socket, boost::asio::buffer(out), gone);
  }

  Tcp::socket socket;
  const std::size_t number;
  Http2Peer peer;
  std::set<std::int32_t> taken;  // streams that the script has seen
  std::array<char, 64 << 10> buffer;
};

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)),
      silent_(script_.silent),
      acceptor_(io_, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
  Accept();
  thread_ = std::thread([this] { io_.run(); });
}

ScriptedServer::~ScriptedServer() {
  io_.stop();
  thread_.join();
}

void ScriptedServer::Accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, Tcp::socket socket) {
    if (error) return;
    auto client = std::make_shared<Client>(std::move(socket), connections_++);
    clients_.push_back(client);
    if (!silent_) client->Send();
    Read(client);
    Accept();
  });
}

void ScriptedServer::Read(const std::shared_ptr<Client>& client) {
  client->socket.async_read_some(
      boost::asio::buffer(client->buffer),
      [this, client](const boost::system::error_code& error, std::size_t size) {
        if (error) return;
        if (script_.leaves) return client->socket.close();
        if (!silent_) {
          if (!client->peer.Receive({client->buffer.data(), size})) return client->socket.close();
          for (const Http2Request& request : client->peer.requests()) {
            const bool is_new = request.whole && client->taken.insert(request.stream).second;
            if (is_new) script_.on_request(client->peer, request, client->number);
          }
          client->Send();
        }
        Read(client);
      });
}

void ScriptedServer::DropConnections() {
  boost::asio::post(io_, boost::asio::use_future([this] {
                      for (const auto& client : clients_) client->socket.close();
                      clients_.clear();
                    }))
      .get();
}

void ScriptedServer::WithPeers(std::function<void(Http2Peer&)> what) {
  boost::asio::post(io_, boost::asio::use_future([this, what = std::move(what)] {
                      for (const auto& client : clients_) {
                        what(client->peer);
                        client->Send();
                      }
                    }))
      .get();
}

}  // namespace gw::test
