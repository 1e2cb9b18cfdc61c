// Room: pkcs11-shim. Touches one Unix socket at a time.
#include "pkcs11-shim/transport.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace gw::shim {
namespace {

void SetTimeout(int fd, int option, int ms) {
  timeval time;
  time.tv_sec = ms / 1000;
  time.tv_usec = static_cast<suseconds_t>(ms % 1000) * 1000;
  setsockopt(fd, SOL_SOCKET, option, &time, sizeof(time));
}

Io WaitFor(int fd, short events, Deadline until) {
  for (;;) {
    pollfd wait = {fd, events, 0};
    const int ready = poll(&wait, 1, until.LeftMs());
    // Errors and hang-ups are left to the send or receive that follows.
    if (ready > 0) return Io::kOk;
    if (ready == 0) return Io::kTimedOut;
    if (errno != EINTR) return Io::kDropped;
    if (until.Passed()) return Io::kTimedOut;
  }
}

void Advance(msghdr* message, size_t bytes) {
  while (bytes != 0) {
    iovec& part = *message->msg_iov;
    if (bytes < part.iov_len) {
      part.iov_base = static_cast<uint8_t*>(part.iov_base) + bytes;
      part.iov_len -= bytes;
      return;
    }
    bytes -= part.iov_len;
    part.iov_len = 0;
    ++message->msg_iov;
    --message->msg_iovlen;
  }
}

size_t Left(const iovec* parts, size_t count) {
  size_t left = 0;
  for (size_t i = 0; i < count; ++i) left += parts[i].iov_len;
  return left;
}

Io OfErrno(int error) {
  if (error == EFAULT) return Io::kBadAddress;
  return Io::kDropped;
}

// The descriptor of a message. One at most has room in it; the kernel drops others.
int DescriptorOf(msghdr* message) {
  const cmsghdr* part = CMSG_FIRSTHDR(message);
  if (part == nullptr || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS ||
      part->cmsg_len != CMSG_LEN(sizeof(int)))
    return -1;
  int passed = -1;
  memcpy(&passed, CMSG_DATA(part), sizeof(passed));
  return passed;
}

bool IsPatience(int error) { return error == EINTR || error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

int OpenSocket(const Settings& settings, Deadline until, int* error) {
  *error = ENAMETOOLONG;
  if (settings.address_bytes == 0) return -1;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = errno;
    return -1;
  }
  // connect() waits for a place in the daemon's queue as long as a send may take.
  const int left_ms = until.LeftMs();
  SetTimeout(fd, SO_SNDTIMEO, left_ms > 0 ? left_ms : 1);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&settings.address), settings.address_bytes) !=
      0) {
    *error = errno;
    close(fd);
    return -1;
  }
  SetTimeout(fd, SO_SNDTIMEO, settings.call_timeout_ms);
  SetTimeout(fd, SO_RCVTIMEO, settings.call_timeout_ms);
  return fd;
}

Io SendAll(int fd, iovec* parts, size_t count, Deadline until) {
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  size_t left = Left(parts, count);
  int flags = MSG_NOSIGNAL;
  while (left != 0) {
    const ssize_t sent = sendmsg(fd, &message, flags);
    if (sent < 0 && !IsPatience(errno)) return OfErrno(errno);
    if (sent > 0) {
      left -= static_cast<size_t>(sent);
      Advance(&message, static_cast<size_t>(sent));
    }
    if (left == 0) break;
    // From here on in small steps, each with the time left.
    flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const Io ready = WaitFor(fd, POLLOUT, until);
    if (ready != Io::kOk) return ready;
  }
  return Io::kOk;
}

Io ReceiveSome(int fd, uint8_t* to, size_t room, Deadline until, bool in_recv, size_t* received) {
  for (;;) {
    if (!in_recv) {
      const Io ready = WaitFor(fd, POLLIN, until);
      if (ready != Io::kOk) return ready;
    }
    const ssize_t got = recv(fd, to, room, in_recv ? 0 : MSG_DONTWAIT);
    if (got == 0) return Io::kDropped;
    if (got < 0 && !IsPatience(errno)) return OfErrno(errno);
    if (got > 0) {
      *received = static_cast<size_t>(got);
      return Io::kOk;
    }
    in_recv = false;
  }
}

Io ReceiveWithDescriptor(int fd, uint8_t* to, size_t bytes, Deadline until, int* passed) {
  *passed = -1;
  for (;;) {
    const Io ready = WaitFor(fd, POLLIN, until);
    if (ready != Io::kOk) return ready;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec part = {to, bytes};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got == 0) return Io::kDropped;
    if (got < 0 && !IsPatience(errno)) return OfErrno(errno);
    if (got < 0) continue;
    // It comes with the first byte.
    *passed = DescriptorOf(&message);
    return ReceiveAll(fd, to + got, bytes - static_cast<size_t>(got), until);
  }
}

Io ReceiveAll(int fd, uint8_t* to, size_t bytes, Deadline until) {
  while (bytes != 0) {
    size_t received = 0;
    const Io got = ReceiveSome(fd, to, bytes, until, false, &received);
    if (got != Io::kOk) return got;
    to += received;
    bytes -= received;
  }
  return Io::kOk;
}

}  // namespace gw::shim
