// Room: bench/scale. An application of the daemon that is nothing but a connection: it speaks the
// local protocol itself, so that one process can be thousands of them. Touches one Unix socket.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"
#include "daemon/core/fd.h"
#include "daemon/core/result.h"
#include "proto/wire/codec.h"
#include "proto/wire/functions.h"

namespace gw::bench {

// The daemon frees what it holds for the application some time after this has been destroyed.
// Records that the daemon gives it to keep are dropped. Thread: one at a time.
class RawApplication {
 public:
  // Connects and attaches as a process that is no application yet. `socket` as GREP11_SOCKET has
  // it.
  //   errors  those of the daemon, with its CK_RV; CKR_DEVICE_ERROR when there is none, or it does
  //           not speak this protocol
  static Result<RawApplication> Attach(const std::string& socket);

  // C_OpenSession, read/write. The handle.
  Result<std::uint64_t> OpenSession(std::uint64_t slot);
  // One local round trip: C_GetSessionInfo.
  Status Ping(std::uint64_t session);

 private:
  explicit RawApplication(Fd fd) : fd_(std::move(fd)) {}
  // Sends one frame and takes its reply. The results, without the record updates behind them.
  Result<Bytes> Call(wire::Function function, const Bytes& body, std::uint64_t session);

  Fd fd_;
  std::uint64_t requests_ = 0;
};

}  // namespace gw::bench
