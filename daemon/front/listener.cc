// Room: front.
#include "daemon/front/listener.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>

#include "daemon/core/log.h"
#include "daemon/front/connection.h"
#include "daemon/front/peer.h"
#include "daemon/runtime/spawn.h"

namespace gw {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr int kBacklog = 1024;
constexpr mode_t kSocketMode = 0660;
// Out of descriptors or memory: others must finish before accepting makes sense again.
constexpr std::chrono::milliseconds kAcceptPause{100};

Error SocketError(const std::string& path, const std::string& what) {
  return UpstreamError(CKR_DEVICE_ERROR, "socket " + path + ": " + what);
}

// A path without anybody behind it is left over from a daemon that was killed.
bool SomebodyAnswers(boost::asio::io_context& loop, const stream_protocol::endpoint& endpoint) {
  stream_protocol::socket probe(loop);
  error_code error;
  probe.connect(endpoint, error);
  return !error;
}

}  // namespace

Listener::Listener(boost::asio::io_context& loop, ops::Services& services, Dispatcher& dispatcher,
                   Gate& gate)
    : loop_(loop),
      services_(services),
      dispatcher_(dispatcher),
      gate_(gate),
      budget_(services.gateway().limits.bytes_in_flight),
      acceptor_(loop) {}

Listener::~Listener() = default;

Status Listener::Open(const std::string& path) {
  if (sd_listen_fds(/*unset_environment=*/1) > 0) {
    error_code error;
    acceptor_.assign(stream_protocol(), SD_LISTEN_FDS_START, error);
    if (error) return SocketError("from systemd", error.message());
  } else {
    GW_TRY_VOID(Bind(path));
  }
  Spawn(loop_.get_executor(), AcceptLoop(), "accept loop");
  return Ok();
}

Status Listener::Bind(const std::string& path) {
  const bool abstract = path.starts_with('@');
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return SocketError(path,
                       "a path of 1 to 107 octets is needed; choose a shorter gateway.socket");
  }
  const stream_protocol::endpoint endpoint(abstract ? std::string(1, '\0') + path.substr(1) : path);
  if (!abstract && access(path.c_str(), F_OK) == 0) {
    if (SomebodyAnswers(loop_, endpoint)) return SocketError(path, "another daemon answers there");
    unlink(path.c_str());
  }
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (error)
    return SocketError(
        path, error.message() + "; does its directory exist, and may this user write there?");
  if (!abstract) {
    chmod(path.c_str(), kSocketMode);
    bound_path_ = path;
  }
  return Ok();
}

void Listener::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  if (!bound_path_.empty()) unlink(bound_path_.c_str());
  bound_path_.clear();
}

void Listener::CloseConnections() {
  for (const auto& connection : connections_) connection->Close();
}

Awaitable<void> Listener::AcceptLoop() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) co_return;
    if (!error) {
      Admit(std::move(socket));
      continue;
    }
    log::Error("accepting a connection failed: {}; raise LimitNOFILE if descriptors ran out",
               error.message());
    boost::asio::steady_timer pause(loop_, kAcceptPause);
    co_await pause.async_wait(kAwait);
  }
}

void Listener::Admit(stream_protocol::socket socket) {
  auto peer = PeerOf(socket.native_handle());
  if (!peer) {
    log::Warn("connection refused: {}", Describe(peer.error()));
    return;
  }
  const Policy policy(services_.gateway().policy);
  if (auto may = policy.MayConnect(*peer); !may) {
    log::Warn("connection of process {} (uid {}) refused: {}", peer->pid, peer->uid,
              may.error().detail);
    return;
  }
  if (connections_.size() >= services_.gateway().limits.connections) {
    log::Warn("connection of process {} (uid {}) refused: gateway.limits.connections reached",
              peer->pid, peer->uid);
    return;
  }
  auto connection = std::make_shared<Connection>(std::move(socket), std::move(*peer), services_,
                                                 dispatcher_, gate_, budget_);
  connections_.insert(connection);
  Spawn(loop_.get_executor(), Serve(std::move(connection)), "connection");
}

Awaitable<void> Listener::Serve(std::shared_ptr<Connection> connection) {
  co_await connection->Run();
  connections_.erase(connection);
}

}  // namespace gw
