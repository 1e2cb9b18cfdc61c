// Room: tests/shim.
#include "tests/shim/fake_daemon.h"

#include <fcntl.h>
#include <sys/mman.h>
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

// The first byte and a descriptor with it.
void SendDescriptor(int fd, const std::string& bytes, int descriptor) {
  char first = bytes[0];
  iovec part = {&first, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  sendmsg(fd, &message, MSG_NOSIGNAL);
}

void SendBytes(int fd, const std::string& bytes, const Reply& how) {
  const std::size_t step = how.one_by_one ? 1 : bytes.size();
  if (how.pass >= 0) SendDescriptor(fd, bytes, how.pass);
  for (std::size_t at = how.pass >= 0 ? 1 : 0; at < bytes.size();) {
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

std::string Updates(const std::vector<Update>& updates) {
  std::string body = U32(static_cast<std::uint32_t>(updates.size()));
  for (const Update& update : updates)
    body += U32(update.id) + U64(update.version) + Bytes(update.record);
  return body + U32(static_cast<std::uint32_t>(body.size()));
}

int MakePage(std::uint64_t epoch, std::size_t bytes, bool seal) {
  const int page = memfd_create("epoch", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (ftruncate(page, static_cast<off_t>(bytes)) != 0) std::abort();
  if (pwrite(page, &epoch, std::min(bytes, sizeof epoch), 0) < 0) std::abort();
  if (seal && fcntl(page, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    std::abort();
  return page;
}

Attach ParseAttach(const Frame& frame) {
  // magic, two versions, the text of the shim's version, size of CK_ULONG, features.
  std::size_t at = 8 + 4 + ReadLittle(frame.body, 8, 4) + 1;
  Attach attach;
  attach.features = static_cast<std::uint32_t>(ReadLittle(frame.body, at, 4));
  at += 4;
  attach.manner = static_cast<std::uint8_t>(frame.body.at(at++));
  const auto bytes = [&] {
    const std::size_t size = ReadLittle(frame.body, at, 4);
    at += 4 + size;
    return frame.body.substr(at - size, size);
  };
  attach.id = bytes();
  const std::size_t records = ReadLittle(frame.body, at, 4);
  at += 4;
  for (std::size_t i = 0; i < records; ++i) {
    const auto id = static_cast<std::uint32_t>(ReadLittle(frame.body, at, 4));
    at += 4;
    attach.records[id] = bytes();
  }
  if (at != frame.body.size()) std::abort();
  return attach;
}

std::string Encode(Function function, std::uint16_t flags, std::uint64_t request,
                   std::uint64_t result, const std::string& body) {
  return U32(static_cast<std::uint32_t>(body.size())) + U16(static_cast<std::uint16_t>(function)) +
         U16(flags) + U64(request) + U64(result) + body;
}

FakeDaemon::FakeDaemon(std::string name) : name_(std::move(name)) { Start(); }

FakeDaemon::~FakeDaemon() {
  Stop();
  if (page_ >= 0) close(page_);
}

void FakeDaemon::OfferEpoch() {
  const std::lock_guard lock(mutex_);
  offers_epoch_ = true;
  page_ = MakePage(epoch_);
}

void FakeDaemon::SetEpoch(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  epoch_ = epoch;
  if (pwrite(page_, &epoch, sizeof epoch, 0) != sizeof epoch) std::abort();
}

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
    if (offers_epoch_) {
      close(page_);
      page_ = MakePage(epoch_ += 1000);
    }
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
    changed_.notify_all();
  }
  const Handler handler = HandlerOf(frame.function);
  Reply reply;
  if (handler != nullptr) {
    reply = handler(frame);
  } else if (frame.function == Function::kAttach) {
    reply = AnswerAttach(frame);
  } else if (frame.function == Function::C_FindObjectsInit) {
    reply = Ok(U8(1) + U32(0));  // a complete search that found nothing
  } else if (frame.function == Function::C_CloseAllSessions) {
    reply = Ok(U32(0));
  }
  const std::uint16_t flags = reply.updates.empty() ? 0 : 2;
  const std::string bytes = reply.raw ? reply.body
                                      : Encode(frame.function, flags, frame.request, reply.result,
                                               reply.body + reply.updates);
  if (!reply.silent) SendBytes(fd, bytes, reply);
  {
    const std::lock_guard lock(mutex_);
    ++replies_[frame.function];
    changed_.notify_all();
  }
  return !reply.close;
}

Reply FakeDaemon::AttachedLocked(const std::string& id, const Attach& attach) const {
  const bool granted = offers_epoch_ && (attach.features & 2) != 0;
  Reply reply = Ok(U16(1) + Bytes(id) + U32(granted ? 2 : 0) + U32(64u << 20) + U32(4096));
  if (granted) reply.pass = page_;
  return reply;
}

Reply FakeDaemon::NewApplicationLocked(std::map<std::uint32_t, std::string> records,
                                       const Attach& attach) {
  ++applications_;
  const std::string id = "application " + std::to_string(1000 + applications_);
  known_ids_.insert(id);
  records[1] = "owner " + id;
  std::vector<Update> updates;
  for (const auto& [number, record] : records) updates.push_back({number, 1, record});
  return With(updates, AttachedLocked(id, attach));
}

Reply FakeDaemon::AnswerAttach(const Frame& frame) {
  const Attach attach = ParseAttach(frame);
  const std::lock_guard lock(mutex_);
  if (attach.manner == kBegin) return NewApplicationLocked({}, attach);
  if (attach.manner != kJoin) {
    const auto owner = attach.records.find(1);
    if (refuses_records_ || owner == attach.records.end() || owner->second != "owner " + attach.id)
      return Fails(CKR_SESSION_HANDLE_INVALID);
  }
  if (attach.manner == kClone) {
    ++clones_;
    return NewApplicationLocked(attach.records, attach);
  }
  if (attach.manner == kRestore) {
    ++restores_;
    known_ids_.insert(attach.id);
  }
  if (!known_ids_.contains(attach.id)) return Fails(CKR_SESSION_HANDLE_INVALID);
  return AttachedLocked(attach.id, attach);
}

void FakeDaemon::RefuseRecords() {
  const std::lock_guard lock(mutex_);
  refuses_records_ = true;
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

std::vector<Attach> FakeDaemon::AttachesOf(std::uint8_t manner) const {
  std::vector<Attach> found;
  for (const Frame& frame : Attaches()) {
    const Attach attach = ParseAttach(frame);
    if (attach.manner == manner) found.push_back(attach);
  }
  return found;
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

int FakeDaemon::restores() const {
  const std::lock_guard lock(mutex_);
  return restores_;
}

int FakeDaemon::clones() const {
  const std::lock_guard lock(mutex_);
  return clones_;
}

bool FakeDaemon::AwaitReplies(Function function, int count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
    const auto found = replies_.find(function);
    return found != replies_.end() && found->second >= count;
  });
}

bool FakeDaemon::AwaitFrames(Function function, int count, std::chrono::milliseconds most) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(
      lock, most, [&] { return std::ranges::count(frames_, function, &Frame::function) >= count; });
}

bool FakeDaemon::AwaitConnections(int count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return static_cast<int>(connections_.size()) == count; });
}

}  // namespace gw::shim_test
