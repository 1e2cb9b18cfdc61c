// Room: emulator/service. One gRPC server from its first call to its last: completion queues, one
// thread each, and a life for every call.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "emulator/service/connections.h"
#include "emulator/service/rpc_server.h"
#include "emulator/tls_material.h"
#include "emulator/trouble/delay_line.h"

namespace gw::emulator {

// What outlives a single server.
struct ServingShared {
  static constexpr std::size_t kHeavyThreads = 2;

  explicit ServingShared(const RpcEnvironment& e);

  const RpcEnvironment environment;
  Connections connections;
  DelayLine delay_line;
  boost::asio::thread_pool heavy{kHeavyThreads};
  std::function<void()> send_goaway;  // from any thread; set before the first call
};

// Serves from the constructor on. The end: StopTaking(), then End(), from one thread.
class Serving {
 public:
  using Tcp = boost::asio::ip::tcp;

  Serving(ServingShared& shared, const TlsChoice& tls);
  ~Serving();

  // A connection that was accepted on the descriptor `listener`. Before StopTaking().
  void Take(Tcp::socket socket, int listener);
  // Tells clients to go elsewhere (GOAWAY) and returns when the running calls have ended; those
  // that have not by `until` are cancelled.
  void StopTaking(std::chrono::system_clock::time_point until);
  // The same for a server that others go on beside: calls that the card was given take the time
  // they need. What else gRPC holds then, as calls that came in while it was told, is cancelled
  // `grace` later.
  void Leave(std::chrono::seconds grace);
  // Cancels what the two above wait for. From any thread.
  void CancelCalls();
  // Waits until every call has been answered, which delay line and heavy pool must bring about, and
  // joins all threads.
  void End();

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::emulator
