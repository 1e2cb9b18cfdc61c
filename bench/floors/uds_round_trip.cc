// Room: bench/floors. Server and client of floor_uds.
#include "bench/floors/uds_round_trip.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <thread>

#include "daemon/core/bytes.h"
#include "daemon/core/check.h"

namespace gw::bench {
namespace {

constexpr std::size_t kMaxBytes = 1 << 16;

// The abstract name space needs no file and is gone with the process.
struct Address {
  explicit Address(const std::string& name) {
    GW_CHECK(name.size() < sizeof un.sun_path);
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path + 1, name.data(), name.size());
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un); }

  sockaddr_un un{};
  socklen_t size = 0;
};

bool ReceiveAll(int fd, std::size_t bytes) {
  std::array<Byte, kMaxBytes> buffer;  // not initialised: that would cost more than the call
  std::size_t got = 0;
  while (got < bytes) {
    const ssize_t more = recv(fd, buffer.data() + got, bytes - got, 0);
    if (more <= 0) return false;
    got += static_cast<std::size_t>(more);
  }
  return true;
}

bool SendAll(int fd, std::size_t bytes) {
  static constexpr std::array<Byte, kMaxBytes> kOctets{};
  std::size_t sent = 0;
  while (sent < bytes) {
    const ssize_t more = send(fd, kOctets.data() + sent, bytes - sent, MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += static_cast<std::size_t>(more);
  }
  return true;
}

bool Answer(int fd, UdsShape shape) {
  return ReceiveAll(fd, kFloorHeaderBytes + shape.request_bytes) &&
         SendAll(fd, kFloorHeaderBytes + shape.reply_bytes);
}

[[noreturn]] void ServeWithThreads(int listener, UdsShape shape) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    std::thread([fd, shape] {
      while (Answer(fd, shape)) {
      }
      close(fd);
    }).detach();
  }
}

void AcceptOne(int poller, int listener) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (event.data.fd >= 0) epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event);
}

[[noreturn]] void ServeWithEpoll(int listener, UdsShape shape) {
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  GW_CHECK(poller >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) == 0);
  std::array<epoll_event, 64> ready{};
  for (;;) {
    const int count = epoll_wait(poller, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        AcceptOne(poller, listener);
      } else if (!Answer(fd, shape)) {
        close(fd);
      }
    }
  }
}

}  // namespace

UdsServer::UdsServer(UdsServerKind kind, UdsShape shape)
    : name_("grep11-floor-" + std::to_string(getpid())) {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Address address(name_);
  GW_CHECK(listener >= 0 && bind(listener, address.get(), address.size) == 0 &&
           listen(listener, 4096) == 0);
  pid_ = fork();
  GW_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (kind == UdsServerKind::kThreads) ServeWithThreads(listener, shape);
    ServeWithEpoll(listener, shape);
  }
  close(listener);
}

UdsServer::~UdsServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int UdsServer::Connect() const {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Address address(name_);
  GW_CHECK(fd >= 0 && connect(fd, address.get(), address.size) == 0);
  return fd;
}

bool UdsRoundTrip(int fd, UdsShape shape) {
  return SendAll(fd, kFloorHeaderBytes + shape.request_bytes) &&
         ReceiveAll(fd, kFloorHeaderBytes + shape.reply_bytes);
}

}  // namespace gw::bench
