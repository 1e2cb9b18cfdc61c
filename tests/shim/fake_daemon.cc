// Room: tests/shim.
#include "tests/shim/fake_daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace gw::shim_test {
namespace {

constexpr std::size_t kHeaderBytes = 24;

std::string Little(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

std::uint64_t ReadLittle(const std::string& text, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(text[at + i]);
  return value;
}

bool ReadExactly(int fd, std::size_t bytes, std::string* to) {
  to->assign(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = recv(fd, to->data() + have, bytes - have, 0);
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

bool ReadFrame(int fd, Frame* frame) {
  std::string header;
  if (!ReadExactly(fd, kHeaderBytes, &header)) return false;
  frame->body_bytes = static_cast<std::uint32_t>(ReadLittle(header, 0, 4));
  frame->function = static_cast<Function>(ReadLittle(header, 4, 2));
  frame->flags = static_cast<std::uint16_t>(ReadLittle(header, 6, 2));
  frame->request = ReadLittle(header, 8, 8);
  frame->session = ReadLittle(header, 16, 8);
  return ReadExactly(fd, frame->body_bytes, &frame->body);
}

void SendBytes(int fd, const std::string& bytes, const Reply& how) {
  const std::size_t step = how.one_by_one ? 1 : bytes.size();
  for (std::size_t at = 0; at < bytes.size();) {
    if (how.until != nullptr && *how.until) return;
    if (how.gap_ms != 0) std::this_thread::sleep_for(std::chrono::milliseconds(how.gap_ms));
    const std::size_t size = std::min(step, bytes.size() - at);
    const ssize_t sent = send(fd, bytes.data() + at, size, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

}  // namespace

std::string U8(std::uint8_t value) { return Little(value, 1); }
std::string U16(std::uint16_t value) { return Little(value, 2); }
std::string U32(std::uint32_t value) { return Little(value, 4); }
std::string U64(std::uint64_t value) { return Little(value, 8); }
std::string Bytes(const std::string& bytes) {
  return U32(static_cast<std::uint32_t>(bytes.size())) + bytes;
}

std::string Encode(Function function, std::uint16_t flags, std::uint64_t request,
                   std::uint64_t result, const std::string& body) {
  return U32(static_cast<std::uint32_t>(body.size())) + U16(static_cast<std::uint16_t>(function)) +
         U16(flags) + U64(request) + U64(result) + body;
}

FakeDaemon::FakeDaemon(std::string name) : name_(std::move(name)) { Start(); }

FakeDaemon::~FakeDaemon() { Stop(); }

void FakeDaemon::Listen() {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name_.data(), name_.size());
  socklen_t bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size() + 1);
  if (name_[0] == '@') {
    address.sun_path[0] = 0;
    --bytes;
  } else {
    unlink(name_.c_str());
  }
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), bytes) != 0 ||
      listen(listener_, 128) != 0)
    std::abort();
}

void FakeDaemon::Start(bool remembers) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
    if (!remembers) known_ids_.clear();
  }
  Listen();
  acceptor_ = std::thread([this] { Accept(); });
}

void FakeDaemon::Stop() {
  if (!acceptor_.joinable()) return;
  if (name_[0] != '@') unlink(name_.c_str());
  std::vector<std::thread> servers;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    for (const int fd : connections_) shutdown(fd, SHUT_RDWR);
  }
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    servers.swap(servers_);
  }
  for (std::thread& server : servers) server.join();
}

void FakeDaemon::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (fd < 0 || stopping_) {
      if (fd >= 0) close(fd);
      return;
    }
    connections_.insert(fd);
    most_connections_ = std::max(most_connections_, connections_.size());
    changed_.notify_all();
    servers_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeDaemon::Serve(int fd) {
  Frame frame;
  bool attached = false;
  while (ReadFrame(fd, &frame)) {
    const bool attaches = frame.function == Function::kAttach;
    if (attaches == attached) break;  // Attach comes first and only first
    attached = true;
    if (!Answer(fd, frame)) break;
  }
  const std::lock_guard lock(mutex_);
  connections_.erase(fd);
  close(fd);
  changed_.notify_all();
}

bool FakeDaemon::Answer(int fd, const Frame& frame) {
  {
    const std::lock_guard lock(mutex_);
    if (recording_) (frame.function == Function::kAttach ? attaches_ : frames_).push_back(frame);
  }
  const Handler handler = HandlerOf(frame.function);
  Reply reply;
  if (handler != nullptr) {
    reply = handler(frame);
  } else if (frame.function == Function::kAttach) {
    reply = AnswerAttach(frame);
  }
  const std::string bytes =
      reply.raw ? reply.body : Encode(frame.function, 0, frame.request, reply.result, reply.body);
  if (!reply.silent) SendBytes(fd, bytes, reply);
  return !reply.close;
}

Reply FakeDaemon::AnswerAttach(const Frame& frame) {
  // magic, two versions, then the text of the shim's version.
  const std::size_t text_bytes = ReadLittle(frame.body, 8, 4);
  const std::size_t id_at = 8 + 4 + text_bytes + 1 + 4;
  const std::size_t id_bytes = ReadLittle(frame.body, id_at, 4);
  std::string id = frame.body.substr(id_at + 4, id_bytes);
  const std::lock_guard lock(mutex_);
  if (id.empty()) {
    ++applications_;
    id = "application " + std::to_string(1000 + applications_);
    known_ids_.insert(id);
  }
  if (!known_ids_.contains(id)) return Fails(CKR_SESSION_HANDLE_INVALID);
  return Ok(U16(1) + Bytes(id) + U32(0) + U32(64u << 20) + U32(4096));
}

Handler FakeDaemon::HandlerOf(Function function) const {
  const std::lock_guard lock(mutex_);
  const auto found = handlers_.find(function);
  return found == handlers_.end() ? Handler() : found->second;
}

void FakeDaemon::On(Function function, Handler handler) {
  const std::lock_guard lock(mutex_);
  handlers_[function] = std::move(handler);
}

void FakeDaemon::On(Function function, Reply reply) {
  On(function, [reply = std::move(reply)](const Frame&) { return reply; });
}

std::vector<Frame> FakeDaemon::Frames() const {
  const std::lock_guard lock(mutex_);
  return frames_;
}

std::vector<Frame> FakeDaemon::FramesOf(Function function) const {
  std::vector<Frame> found;
  for (const Frame& frame : Frames())
    if (frame.function == function) found.push_back(frame);
  return found;
}

std::vector<Frame> FakeDaemon::Attaches() const {
  const std::lock_guard lock(mutex_);
  return attaches_;
}

void FakeDaemon::Forget() {
  const std::lock_guard lock(mutex_);
  frames_.clear();
  attaches_.clear();
}

void FakeDaemon::StopRecording() {
  const std::lock_guard lock(mutex_);
  recording_ = false;
}

int FakeDaemon::open_connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(connections_.size());
}

int FakeDaemon::most_connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(most_connections_);
}

int FakeDaemon::applications() const {
  const std::lock_guard lock(mutex_);
  return applications_;
}

bool FakeDaemon::AwaitConnections(int count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return static_cast<int>(connections_.size()) == count; });
}

}  // namespace gw::shim_test
