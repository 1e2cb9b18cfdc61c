// Room: emulator/service. The TCP connections that gRPC serves, so that they can be broken. gRPC
// owns each descriptor; kept here are duplicates, which see the same connection.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <string>

#include "daemon/core/thread_annotations.h"

namespace gw::emulator {

// Threads: any.
class Connections {
 public:
  // `ended` is told each peer whose connection has ended, before another one can have its name.
  explicit Connections(std::function<void(const std::string& peer)> ended)
      : ended_(std::move(ended)) {}
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Also forgets connections that have ended since.
  void Add(boost::asio::ip::tcp::socket& socket);
  // `peer` as grpc::ServerContext::peer() has it. False: there is no such connection.
  bool Drop(const std::string& peer);
  void DropAll();

 private:
  void ForgetEnded() GW_REQUIRES(mutex_);

  const std::function<void(const std::string&)> ended_;
  Mutex mutex_;
  std::map<std::string, int> descriptors_ GW_GUARDED_BY(mutex_);  // by peer
};

}  // namespace gw::emulator
