// Room: emulator/service. The gRPC server: completion queues, one thread each or more, and a life
// for every call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/core/result.h"
#include "emulator/tls_material.h"
#include "emulator/trouble/trouble.h"

namespace boost::asio {
class io_context;
}

namespace gw::emulator {

class Admission;
class Counters;
class CryptoUnit;

// What a call meets on its way; all of it outlives the server.
struct RpcEnvironment {
  CryptoUnit& unit;
  Admission& admission;
  Trouble& trouble;
  Counters& counters;
};

// Start() and Stop() from one thread; in between it works by itself. Connections are accepted on
// `loop`, which makes them countable and breakable; everything after that is gRPC's.
class RpcServer : public ConnectionTrouble {
 public:
  explicit RpcServer(const RpcEnvironment& environment);
  ~RpcServer() override;

  // The port that was bound.
  //   errors  CKR_ARGUMENTS_BAD with a text for the operator
  Result<std::uint16_t> Start(boost::asio::io_context& loop, const std::string& address,
                              std::uint16_t port, const TlsChoice& tls);
  // Refuses new calls, lets running ones end for a moment, joins all threads. The loop may still
  // run.
  void Stop();

  void DropAll() override;
  // On the loop.
  void SendGoaway() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::emulator
