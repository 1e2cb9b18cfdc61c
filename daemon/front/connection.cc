// Room: front.
#include "daemon/front/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "daemon/core/log.h"

namespace gw {
namespace {

using boost::system::error_code;

// A peer that says nothing after connecting, or takes no reply, loses its connection.
constexpr std::chrono::seconds kAttachPatience{10};
constexpr std::chrono::seconds kWritePatience{30};
// Each step of a long frame has to come in time, since what it holds is counted
// (gateway.limits.bytes_in_flight) and others may wait for it.
constexpr std::chrono::seconds kStepPatience{5};
// Memory follows the octets that have arrived, not the length that a header claims.
constexpr std::size_t kReadStep = 256 * 1024;
constexpr std::size_t kKeptBytes = 64 * 1024;

// The first octets of a reply and a descriptor with them. Where there is no room for them at once,
// the reply goes without, and the application makes do.
std::size_t SendWith(int descriptor, int socket, ByteView octets, error_code& error) {
  iovec part{const_cast<Byte*>(octets.data()), octets.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) error.assign(errno, boost::system::system_category());
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace

Connection::Connection(boost::asio::local::stream_protocol::socket socket, Peer peer,
                       ops::Services& services, Dispatcher& dispatcher, Gate& gate,
                       ByteBudget& budget)
    : socket_(std::move(socket)),
      watchdog_(socket_.get_executor()),
      services_(services),
      dispatcher_(dispatcher),
      gate_(gate),
      budget_(budget),
      attachment_{.peer = std::move(peer), .application = nullptr} {
  error_code ignored;
  socket_.native_non_blocking(true, ignored);
}

void Connection::Close() {
  error_code ignored;
  watchdog_.cancel();
  socket_.close(ignored);
}

void Connection::CloseUnlessDoneIn(std::chrono::milliseconds patience) {
  watchdog_.expires_after(patience);
  // Cancelled before the connection dies, so `this` is alive whenever the wait succeeds.
  watchdog_.async_wait([this](error_code error) {
    if (error) return;
    log::Warn("connection of process {} (uid {}) closed: it neither sends nor takes what is due",
              attachment_.peer.pid, attachment_.peer.uid);
    Close();
  });
}

Awaitable<void> Connection::Run() {
  CloseUnlessDoneIn(kAttachPatience);
  // Not `while (co_await ...)`: g++ 12 makes an illegal instruction of a loop whose condition
  // awaits.
  for (bool more = true; more;) {
    more = co_await ServeOne();
  }
  Close();
  dispatcher_.Detach(attachment_);
}

Awaitable<bool> Connection::ServeOne() {
  wire::Header header;
  const bool header_came = co_await ReadHeader(header);
  if (!header_came) co_return false;
  // From here to the written reply the call counts as in flight: a stopping daemon waits for it,
  // and takes no new one.
  auto entry = gate_.TryEnter();
  if (!entry) co_return false;
  std::span<Byte> body;
  if (HasArrived(header.body_bytes)) {
    body = std::span(input_).subspan(wire::kHeaderBytes, header.body_bytes);
  } else {
    const bool body_came = co_await ReadLongBody(header.body_bytes);
    if (!body_came) co_return false;
    body = long_body_;
  }
  reply_.Clear();
  const auto verdict = co_await dispatcher_.Answer(attachment_, header, body, reply_);
  if (verdict == Dispatcher::Verdict::kClose) co_return false;
  DropFrame(header.body_bytes);
  if (attachment_.application != nullptr) watchdog_.cancel();
  const bool written = co_await WriteReply();
  share_ = ByteBudget::Share();
  if (!written) dispatcher_.NotDelivered(attachment_, header, reply_);
  co_return written;
}

Awaitable<bool> Connection::ReadHeader(wire::Header& header) {
  while (arrived_ < wire::kHeaderBytes) {
    const auto room = boost::asio::buffer(input_.data() + arrived_, input_.size() - arrived_);
    auto [error, count] = co_await socket_.async_read_some(room, kAwait);
    if (error) co_return false;
    arrived_ += count;
  }
  std::uint8_t bytes[wire::kHeaderBytes];
  std::copy_n(input_.begin(), sizeof(bytes), bytes);
  header = wire::DecodeHeader(bytes);
  const bool has_ahead = (header.flags & wire::kFlagInitAhead) != 0;
  const std::size_t most =
      services_.gateway().limits.max_frame_bytes + (has_ahead ? wire::kMaxAheadBytes : 0);
  if (header.body_bytes <= most) co_return true;
  log::Warn(
      "connection of process {} (uid {}) closed: a frame of {} octets, at most {} are allowed",
      attachment_.peer.pid, attachment_.peer.uid, header.body_bytes, most);
  co_return false;
}

// What is counted has begun to arrive: a peer that only announces a long frame holds nothing up.
Awaitable<bool> Connection::ReadLongBody(std::size_t bytes) {
  if (long_body_.capacity() > kKeptBytes && bytes <= kKeptBytes) Bytes().swap(long_body_);
  long_body_.assign(input_.data() + wire::kHeaderBytes, input_.data() + arrived_);
  arrived_ = wire::kHeaderBytes;
  // Before it has attached, the patience for that runs.
  const bool timed = bytes > kReadStep && attachment_.application != nullptr;
  while (long_body_.size() < bytes) {
    const std::size_t have = long_body_.size();
    const std::size_t step = std::min(bytes - have, kReadStep - have % kReadStep);
    if (have == kReadStep) share_ = co_await budget_.Take(bytes);
    if (timed) CloseUnlessDoneIn(kStepPatience);
    long_body_.resize(have + step);
    auto [error, count] = co_await boost::asio::async_read(
        socket_, boost::asio::buffer(long_body_.data() + have, step), kAwait);
    if (timed) watchdog_.cancel();
    if (error) {
      log::Debug("connection of process {}: ended in the middle of a frame", attachment_.peer.pid);
      co_return false;
    }
  }
  co_return true;
}

void Connection::DropFrame(std::size_t body_bytes) {
  const std::size_t frame = std::min(arrived_, wire::kHeaderBytes + body_bytes);
  std::copy(input_.begin() + frame, input_.begin() + arrived_, input_.begin());
  arrived_ -= frame;
}

// Most replies fit the socket buffer: one system call, no timer.
Awaitable<bool> Connection::WriteReply() {
  const ByteView octets = reply_.octets();
  error_code error;
  const auto whole = boost::asio::buffer(octets.data(), octets.size());
  std::size_t sent = reply_.descriptor() < 0
                         ? socket_.write_some(whole, error)
                         : SendWith(reply_.descriptor(), socket_.native_handle(), octets, error);
  if (error && error != boost::asio::error::would_block) co_return false;
  if (error) sent = 0;
  if (sent < octets.size()) {
    const bool written = co_await WriteRest(sent);
    if (!written) co_return false;
  }
  reply_.Recycle();
  co_return true;
}

Awaitable<bool> Connection::WriteRest(std::size_t sent) {
  const ByteView octets = reply_.octets();
  CloseUnlessDoneIn(kWritePatience);
  const auto rest = boost::asio::buffer(octets.data() + sent, octets.size() - sent);
  auto [error, count] = co_await boost::asio::async_write(socket_, rest, kAwait);
  watchdog_.cancel();
  co_return !error;
}

}  // namespace gw
