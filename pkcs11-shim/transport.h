// Room: pkcs11-shim. Bytes to and from one Unix socket, each wait with an end. Knows nothing of
// frames. Sockets block, so that a call costs one sendmsg and one recv; what does not go through at
// once is waited for with poll and the time left.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "pkcs11-shim/deadline.h"
#include "pkcs11-shim/settings.h"

namespace gw::shim {

enum class Io : uint8_t {
  kOk,
  kDropped,     // the other side is gone
  kTimedOut,    // the deadline passed
  kBadAddress,  // the application's memory cannot be read
  kBroken,      // what came is no sound frame
  kNoMemory,
};

// A connected socket, or -1 with the reason in *error (an errno value).
int OpenSocket(const Settings& settings, Deadline until, int* error);

// Sends all parts; they are advanced as bytes leave. After anything but kOk the other side cannot
// have the whole message.
Io SendAll(int fd, iovec* parts, size_t count, Deadline until);

// Receives what has come, at most `room` bytes, at least 1. With `in_recv` it waits in recv itself,
// which the socket's own timeout (call_timeout_ms) bounds: one system call instead of two.
Io ReceiveSome(int fd, uint8_t* to, size_t room, Deadline until, bool in_recv, size_t* received);

// Receives `bytes` bytes, neither more nor less.
Io ReceiveAll(int fd, uint8_t* to, size_t bytes, Deadline until);

// The same; *passed is the descriptor that came with them, or -1. The caller closes it.
Io ReceiveWithDescriptor(int fd, uint8_t* to, size_t bytes, Deadline until, int* passed);

}  // namespace gw::shim
