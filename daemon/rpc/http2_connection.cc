// Room: rpc.
#include "daemon/rpc/http2_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "daemon/core/clock.h"
#include "daemon/runtime/spawn.h"

namespace gw {
namespace {

using std::chrono::milliseconds;
using ErrorCode = boost::system::error_code;

// How long what was sent may stay unacknowledged.
constexpr int kTcpUserTimeoutMs = 5'000;
// Connections that carry nothing are looked after by the kernel, so that a dead one is not found by
// the next call.
constexpr int kTcpIdleS = 60;
constexpr int kTcpProbeS = 10;

// Servers close connections that ask on and on while no request comes.
constexpr int kMostPings = 2;

// As much as one write takes.
constexpr std::size_t kWrite = 64 << 10;
constexpr std::size_t kLongestFrame = (16 << 10) + 9;

void SetOption(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);  // the connection works without it
}

SteadyTime Now() { return RealClock().Now(); }

}  // namespace

std::string RpcTarget::Name() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Http2Connection::Http2Connection(boost::asio::io_context& loop, const RpcTarget& target)
    : target_(target),
      loop_(loop),
      socket_(loop),
      session_({target.Name(), target.tls != nullptr, target.largest_reply}),
      keepalive_(loop) {
  out_.reserve(kWrite + kLongestFrame);
}

Http2Connection::~Http2Connection() { Wipe(out_); }

// --- coming about ---

Awaitable<std::string> Http2Connection::Open(Tcp::endpoint address, SteadyTime until) {
  const auto self = shared_from_this();
  boost::asio::steady_timer watchdog(loop_, until);
  watchdog.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto late = weak.lock();
    if (!error && late != nullptr && !late->open_) late->Close("no answer in time");
  });
  const auto [error] = co_await socket_.async_connect(address, kAwait);
  if (closed_) co_return trouble_;
  if (error) co_return error.message();
  SetOptions();
  if (target_.tls != nullptr) {
    auto shaken = ShakeHands();
    std::string trouble = co_await std::move(shaken);
    if (!trouble.empty()) co_return trouble;
  }
  auto greeting = AwaitHello();
  std::string trouble = co_await std::move(greeting);
  open_ = trouble.empty();
  co_return trouble;
}

void Http2Connection::SetOptions() {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  const int fd = socket_.native_handle();
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kTcpUserTimeoutMs);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kTcpIdleS);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kTcpProbeS);
}

Awaitable<std::string> Http2Connection::ShakeHands() {
  auto made = TlsEngine::Make(target_.tls, target_.host);
  if (!made) co_return made.error().detail;
  tls_ = std::move(*made);
  for (;;) {
    const TlsEngine::Step step = tls_->Handshake();
    const ByteView hello = tls_->Pending();
    if (!hello.empty()) {
      const std::size_t size = hello.size();
      const auto [error, written] = co_await boost::asio::async_write(
          socket_, boost::asio::buffer(hello.data(), size), kAwait);
      if (closed_) co_return trouble_;
      if (error) co_return "TLS: " + error.message();
      tls_->Sent(size);
    }
    if (step == TlsEngine::Step::kDone) co_return std::string();
    if (step == TlsEngine::Step::kFailed) co_return "TLS: " + tls_->trouble();
    const auto [error, size] = co_await socket_.async_read_some(boost::asio::buffer(in_), kAwait);
    if (closed_) co_return trouble_;
    if (error) co_return "TLS: " + error.message();
    tls_->Feed({in_.data(), size});
  }
}

// With TLS 1.3 a server looks at our certificate after our handshake is over, so only its hello
// says that it takes us.
Awaitable<std::string> Http2Connection::AwaitHello() {
  // It may have come with the last octets of the handshake.
  if (tls_ != nullptr && !TakeDecrypted()) co_return trouble_;
  Flush();
  if (closed_) co_return trouble_;
  while (!session_.greeted()) {
    const auto [error, size] = co_await socket_.async_read_some(boost::asio::buffer(in_), kAwait);
    if (closed_) co_return trouble_;
    if (error) co_return error.message();
    if (!Take({in_.data(), size})) co_return trouble_;
    Flush();
    if (closed_) co_return trouble_;
  }
  co_return std::string();
}

// --- serving ---

void Http2Connection::Serve(Http2ConnectionOwner& owner) {
  owner_ = &owner;
  Spawn(loop_.get_executor(), ReadOn(shared_from_this()), "an HSM connection");
}

Awaitable<void> Http2Connection::ReadOn(std::shared_ptr<Http2Connection> self) {
  while (!self->closed_) {
    const auto [error, size] =
        co_await self->socket_.async_read_some(boost::asio::buffer(self->in_), kAwait);
    if (self->closed_) break;
    self->in_handler_ = true;
    if (error) {
      self->Close(error.message());
    } else if (!self->Take({self->in_.data(), size})) {
      self->Close(self->trouble_);
    }
    self->Tell();
    self->in_handler_ = false;
    self->FlushAndTell();
  }
  self->Tell();
}

bool Http2Connection::Take(ByteView octets) {
  heard_at_ = Now();
  if (tls_ == nullptr) {
    if (session_.Receive(octets)) return true;
    trouble_ = session_.trouble();
    return false;
  }
  tls_->Feed(octets);
  return TakeDecrypted();
}

bool Http2Connection::TakeDecrypted() {
  for (;;) {
    std::size_t size = 0;
    switch (tls_->Read(decrypted_, size)) {
      case TlsEngine::Step::kMore:
        return true;
      case TlsEngine::Step::kFailed:
        trouble_ = "TLS: " + tls_->trouble();
        return false;
      case TlsEngine::Step::kDone:
        break;
    }
    const bool received = session_.Receive({decrypted_.data(), size});
    Wipe({decrypted_.data(), size});
    if (received) continue;
    trouble_ = session_.trouble();
    return false;
  }
}

void Http2Connection::Tell() {
  if (owner_ != nullptr) owner_->Changed(*this);
}

void Http2Connection::Submit(UnaryCall& call) {
  call.connection = this;
  session_.Submit(call);
  pings_ = 0;
  FlushSoon();
  if (keepalive_armed_) return;
  heard_at_ = Now();
  AwaitKeepAlive(heard_at_ + target_.times.keepalive);
}

void Http2Connection::Release(UnaryCall& call) {
  session_.Release(call);
  call.connection = nullptr;
  FlushSoon();
}

void Http2Connection::Close(const std::string& why) {
  if (closed_) return;
  closed_ = true;
  trouble_ = why;
  session_.Break(
      {RpcCode::kUnavailable, "the connection to " + target_.Name() + " broke: " + why, {}});
  ErrorCode ignored;
  socket_.close(ignored);
  keepalive_.cancel();
}

// --- writing ---

void Http2Connection::FlushSoon() {
  if (flush_posted_ || in_handler_) return;
  flush_posted_ = true;
  boost::asio::post(loop_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->FlushAndTell();
  });
}

ByteView Http2Connection::Unsent() const {
  if (tls_ != nullptr) return tls_->Pending();
  return ByteView(out_).subspan(out_sent_);
}

void Http2Connection::Sent(std::size_t octets) {
  if (tls_ != nullptr) return tls_->Sent(octets);
  out_sent_ += octets;
}

// More to send, once the network has taken what there was. False: there is none.
bool Http2Connection::Refill() {
  Wipe(out_);
  out_.clear();
  out_sent_ = 0;
  if (!session_.Produce(out_, kWrite)) {
    Close(session_.trouble());
    return false;
  }
  if (!out_.empty()) {
    if (tls_ == nullptr) return true;
    const bool written = tls_->Write(out_);
    Wipe(out_);
    out_.clear();  // wiped once, not again by the next round
    if (!written) Close("TLS: " + tls_->trouble());
    return written;
  }
  if (session_.finished()) {
    const std::string& trouble = session_.trouble();
    Close(trouble.empty() ? "the other side has ended it" : "HTTP/2: " + trouble);
  }
  return false;
}

void Http2Connection::Flush() {
  while (!closed_ && !awaits_writable_) {
    if (Unsent().empty() && !Refill()) return;
    const ByteView unsent = Unsent();
    ErrorCode error;
    const std::size_t size =
        socket_.write_some(boost::asio::buffer(unsent.data(), unsent.size()), error);
    if (error == boost::asio::error::would_block) return AwaitWritable();
    if (error) return Close(error.message());
    Sent(size);
  }
}

// Calls can end by being sent: those whose stream is reset from here.
void Http2Connection::FlushAndTell() {
  Flush();
  if (closed_ || !over().empty()) Tell();
}

void Http2Connection::AwaitWritable() {
  awaits_writable_ = true;
  socket_.async_wait(Tcp::socket::wait_write, [self = shared_from_this()](const ErrorCode& error) {
    self->awaits_writable_ = false;
    if (!error) self->FlushAndTell();
  });
}

// --- staying alive ---

void Http2Connection::AwaitKeepAlive(SteadyTime at) {
  keepalive_armed_ = true;
  keepalive_.expires_at(at);
  keepalive_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (self == nullptr || error) return;
    self->keepalive_armed_ = false;
    if (!self->closed_) self->KeepAlive();
  });
}

void Http2Connection::KeepAlive() {
  if (calls().empty()) return;
  const SteadyTime now = Now();
  if (pinged_at_ > heard_at_) {
    const auto silence = std::chrono::duration_cast<milliseconds>(now - heard_at_);
    Close("nothing was heard for " + std::to_string(silence.count()) + " ms");
    return Tell();
  }
  const SteadyTime due = heard_at_ + target_.times.keepalive;
  if (now < due) return AwaitKeepAlive(due);
  if (pings_ >= kMostPings) return AwaitKeepAlive(now + target_.times.keepalive);
  ++pings_;
  pinged_at_ = now;
  session_.Ping();
  FlushAndTell();
  if (!closed_) AwaitKeepAlive(now + target_.times.keepalive_patience);
}

}  // namespace gw
