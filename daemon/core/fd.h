// Room: core. Owns a file descriptor of the system.
#pragma once

#include <unistd.h>

#include <utility>

namespace gw {

// Closed when it dies; -1 owns nothing. Thread: as any value type.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace gw
