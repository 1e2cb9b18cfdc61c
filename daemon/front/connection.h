// Room: front. One connection of an application: reads a frame, has it answered, writes the reply,
// and so on.
#pragma once

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "daemon/dispatch/dispatcher.h"
#include "daemon/runtime/byte_budget.h"
#include "daemon/runtime/gate.h"

namespace gw {

// Thread: the silo's loop. Owned by its coroutine (Run) and listed by the Listener, which may close
// it.
class Connection {
 public:
  Connection(boost::asio::local::stream_protocol::socket socket, Peer peer, ops::Services& services,
             Dispatcher& dispatcher, Gate& gate, ByteBudget& budget);

  // Serves frames until the peer goes, breaks the protocol or Close() is called. Never throws.
  Awaitable<void> Run();
  void Close();

  const Peer& peer() const { return attachment_.peer; }

 private:
  // False: the connection is over.
  Awaitable<bool> ServeOne();
  Awaitable<bool> ReadHeader(wire::Header& header);
  // What has arrived of the frame whose header was read is all of it.
  bool HasArrived(std::size_t body_bytes) const {
    return arrived_ - wire::kHeaderBytes >= body_bytes;
  }
  Awaitable<bool> ReadLongBody(std::size_t bytes);
  // The frame is done with: what came behind it is next.
  void DropFrame(std::size_t body_bytes);
  Awaitable<bool> WriteReply();
  Awaitable<bool> WriteRest(std::size_t sent);
  void CloseUnlessDoneIn(std::chrono::milliseconds patience);

  // Takes a usual frame whole, so that it costs one system call.
  static constexpr std::size_t kInputBytes = 512;

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer watchdog_;
  ops::Services& services_;
  Dispatcher& dispatcher_;
  Gate& gate_;
  ByteBudget& budget_;
  Attachment attachment_;
  std::array<Byte, kInputBytes> input_;
  std::size_t arrived_ = 0;  // octets of input_, from the header of the next frame on
  Bytes long_body_;          // of a frame that input_ does not hold
  ByteBudget::Share share_;  // for a long body, until its reply is written
  ReplyBuffer reply_;
};

}  // namespace gw
