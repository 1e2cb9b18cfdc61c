// Room: bench/floors. The least that a call through a local daemon can cost: one write, one read,
// on each side. Touches Unix stream sockets under an abstract name.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "bench/measure/recorder.h"

namespace gw::bench {

// Octets behind the header, which both directions begin with.
inline constexpr std::size_t kFloorHeaderBytes = 24;

struct UdsShape {
  std::size_t request_bytes = 64;
  std::size_t reply_bytes = 96;
};

// How the server waits: one blocking thread for each connection, or one thread with epoll for all.
enum class UdsServerKind { kThreads, kEpoll };

// A listening socket and the process that serves it. Killed and reaped when destroyed.
class UdsServer {
 public:
  // Forks; the caller must not have other threads. Aborts when the system has no sockets or
  // processes left.
  UdsServer(UdsServerKind kind, UdsShape shape);
  ~UdsServer();
  UdsServer(const UdsServer&) = delete;
  UdsServer& operator=(const UdsServer&) = delete;

  pid_t pid() const { return pid_; }
  // A connected socket; the caller closes it.
  int Connect() const;

 private:
  std::string name_;
  pid_t pid_ = 0;
};

// Sends one request and waits for the whole reply. False when the connection broke.
bool UdsRoundTrip(int fd, UdsShape shape);

}  // namespace gw::bench
