// Room: emulator/service.
#include "emulator/service/connections.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gw::emulator {
namespace {

using Tcp = boost::asio::ip::tcp;

// As gRPC names a peer: a URI, with the brackets of IPv6 escaped.
std::string PeerOf(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v4() ? "ipv4:" + address + port
                                    : "ipv6:%5B" + address + "%5D" + port;
}

// gRPC shuts both directions down before it closes.
bool HasEnded(int descriptor) {
  pollfd look{descriptor, 0, 0};
  return poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR)) != 0;
}

void Break(int descriptor) {
  shutdown(descriptor, SHUT_RDWR);
  close(descriptor);
}

}  // namespace

Connections::~Connections() {
  const MutexLock lock(mutex_);
  for (const auto& [peer, descriptor] : descriptors_) close(descriptor);
}

void Connections::Add(Tcp::socket& socket) {
  boost::system::error_code error;
  const Tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;  // it has gone already
  const int descriptor = fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return;
  const MutexLock lock(mutex_);
  ForgetEnded();
  const auto [entry, added] = descriptors_.emplace(PeerOf(peer), descriptor);
  if (added) return;
  ended_(entry->first);
  close(entry->second);
  entry->second = descriptor;
}

void Connections::ForgetEnded() {
  std::erase_if(descriptors_, [this](const auto& entry) {
    if (!HasEnded(entry.second)) return false;
    ended_(entry.first);
    close(entry.second);
    return true;
  });
}

bool Connections::Drop(const std::string& peer) {
  const MutexLock lock(mutex_);
  const auto found = descriptors_.find(peer);
  if (found == descriptors_.end()) return false;
  Break(found->second);
  ended_(peer);
  descriptors_.erase(found);
  return true;
}

void Connections::DropAll() {
  const MutexLock lock(mutex_);
  for (const auto& [peer, descriptor] : descriptors_) {
    Break(descriptor);
    ended_(peer);
  }
  descriptors_.clear();
}

}  // namespace gw::emulator
