// Room: bench/micro. A daemon without socket, disk and network: frames go in, replies come out, and
// what is measured is what lies between.
#pragma once

#include <benchmark/benchmark.h>

#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/dispatch/dispatcher.h"
#include "tests/support/agreeable_hsm.h"

namespace gw::micro {

// The frame of one call, as a connection gives it to the dispatcher.
struct Frame {
  wire::Header header;
  Bytes body;

  // For wire::Writer, which writes the body.
  std::uint8_t* Extend(std::size_t bytes) {
    body.resize(body.size() + bytes);
    return body.data() + body.size() - bytes;
  }
};
using FrameWriter = wire::Writer<Frame>;

Frame FrameOf(wire::Function function, std::uint64_t session = 0);

// One slot with P-256 private keys "key 0", "key 1", ... as token objects, one application that is
// logged in, with one session. Thread: the caller's; the loop runs in Run().
class MemoryDaemon {
 public:
  explicit MemoryDaemon(std::size_t keys);
  MemoryDaemon(const MemoryDaemon&) = delete;

  Token& token() { return *tokens_.Find(SlotId{0}); }
  Application& application() { return *attachment_.application; }
  RecordKeeper& records() { return records_; }
  std::uint64_t session() const { return session_; }
  // A template that one key matches.
  static AttributeList LabelOf(std::size_t key);
  ObjectHandle HandleOf(std::size_t key);

  // Sends the frame, with a request number of its own. Returns the CK_RV of the reply;
  // CKR_DEVICE_REMOVED if the daemon would close the connection.
  Awaitable<CK_RV> Send(Frame& frame);
  // Sends all of them, up to the first that fails.
  Awaitable<CK_RV> SendAll(std::vector<Frame>& frames);
  // To its end.
  void Run(Awaitable<void> work);
  // Measures SendAll() in one coroutine, so that nothing is started or scheduled in between.
  void Measure(benchmark::State& state, std::vector<Frame> frames);

 private:
  void LogIn();
  void Must(Frame frame);
  Awaitable<void> Repeat(benchmark::State& state, std::vector<Frame>& frames);

  boost::asio::io_context loop_{1};
  boost::asio::thread_pool blocking_{1};
  test::AgreeableHsm hsm_;
  test::AcceptAll iam_;
  std::unique_ptr<Keystore> keystore_;
  TokenTable tokens_;
  ApplicationTable applications_;
  ops::Services services_;
  RecordKeeper records_;
  Dispatcher dispatcher_;
  Attachment attachment_;
  ReplyBuffer reply_;
  std::uint64_t session_ = 0;
  std::uint64_t request_ = 0;
};

// The daemon with so many keys, made when it is first asked for and kept: a benchmark is entered
// several times, and 100,000 keys take a while.
MemoryDaemon& DaemonWith(std::size_t keys);

}  // namespace gw::micro
