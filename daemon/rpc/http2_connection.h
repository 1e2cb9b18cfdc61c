// Room: rpc. May include: core, runtime. May touch: one TCP connection. Octets between the network
// and an HTTP/2 session, through TLS or not.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "daemon/core/async.h"
#include "daemon/core/bytes.h"
#include "daemon/rpc/http2_session.h"
#include "daemon/rpc/tls_engine.h"

namespace gw {

struct RpcTimes {
  // What a name look-up, and then each address, may take, TLS included.
  std::chrono::milliseconds connect{3'000};
  // How long nothing may be heard while calls wait, before the other side is asked whether it
  // lives. Not soon: servers punish those who ask often.
  std::chrono::milliseconds keepalive{30'000};
  std::chrono::milliseconds keepalive_patience{5'000};
};

// Where the other side is, and how to speak to it.
struct RpcTarget {
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  TlsContextPtr tls;                    // none: in the clear
  std::size_t largest_reply = 4 << 20;  // octets of a message
  RpcTimes times;

  // "host:port", with brackets around an IPv6 address.
  std::string Name() const;
};

class Http2Connection;

class Http2ConnectionOwner {
 public:
  // Something may have changed: calls over(), closed(), going_away(). Last thing in a handler of
  // the loop, so calls may be finished in it.
  virtual void Changed(Http2Connection& connection) = 0;

 protected:
  ~Http2ConnectionOwner() = default;
};

// Loop only. Opened once, used until it is closed(). Calls are submitted while another part of the
// loop's turn goes on, and leave together at its end, in one write.
class Http2Connection : public std::enable_shared_from_this<Http2Connection> {
 public:
  Http2Connection(boost::asio::io_context& loop, const RpcTarget& target);
  ~Http2Connection();

  // Connects, shakes hands, waits for the other side's hello. Returns the trouble, or nothing.
  Awaitable<std::string> Open(boost::asio::ip::tcp::endpoint address, SteadyTime until);
  // After Open(): lives on by itself and tells `owner` until it is closed or Detach() was called.
  void Serve(Http2ConnectionOwner& owner);
  void Detach() { owner_ = nullptr; }

  void Submit(UnaryCall& call);
  // `call` is on no list afterwards, and no answer to it comes.
  void Release(UnaryCall& call);
  // Its calls go over(), as UNAVAILABLE. Does not tell the owner.
  void Close(const std::string& why);

  bool closed() const { return closed_; }
  // The other side has answered something.
  bool answered() const { return session_.answered(); }
  bool going_away() const { return session_.going_away(); }
  UnaryCalls& over() { return session_.over(); }
  UnaryCalls& calls() { return session_.calls(); }

 private:
  using Tcp = boost::asio::ip::tcp;

  Awaitable<std::string> ShakeHands();
  Awaitable<std::string> AwaitHello();
  static Awaitable<void> ReadOn(std::shared_ptr<Http2Connection> self);
  void SetOptions();
  bool Take(ByteView octets);
  bool TakeDecrypted();
  void FlushSoon();
  void Flush();
  void FlushAndTell();
  bool Refill();
  ByteView Unsent() const;
  void Sent(std::size_t octets);
  void AwaitWritable();
  void KeepAlive();
  void AwaitKeepAlive(SteadyTime at);
  void Tell();

  const RpcTarget target_;
  boost::asio::io_context& loop_;
  Tcp::socket socket_;
  std::unique_ptr<TlsEngine> tls_;
  Http2Session session_;
  Http2ConnectionOwner* owner_ = nullptr;

  Bytes out_;  // plain; what the session has produced
  std::size_t out_sent_ = 0;
  bool flush_posted_ = false;
  bool in_handler_ = false;  // which flushes at its end
  bool awaits_writable_ = false;
  bool open_ = false;  // Open() has come to a good end
  bool closed_ = false;
  std::string trouble_;

  boost::asio::steady_timer keepalive_;
  bool keepalive_armed_ = false;
  SteadyTime heard_at_{};
  SteadyTime pinged_at_{};
  int pings_ = 0;  // since a request was sent

  std::array<Byte, 32 << 10> in_;
  std::array<Byte, 16 << 10> decrypted_;
};

}  // namespace gw
