// Room: front. One connection of an application: reads a frame, has it answered, writes the reply,
// and so on.
#pragma once

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
  Awaitable<bool> ReadBody(std::size_t bytes);
  Awaitable<bool> WriteReply();
  void CloseUnlessDoneIn(std::chrono::milliseconds patience);

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer watchdog_;
  ops::Services& services_;
  Dispatcher& dispatcher_;
  Gate& gate_;
  ByteBudget& budget_;
  Attachment attachment_;
  Bytes body_;
  ByteBudget::Share share_;  // for a long body, until its reply is written
  ReplyBuffer reply_;
};

}  // namespace gw
