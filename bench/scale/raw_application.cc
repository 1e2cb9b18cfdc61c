// Room: bench/scale. Frames as proto/wire/WIRE.md has them.
#include "bench/scale/raw_application.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "bench/measure/build_info.h"

namespace gw::bench {
namespace {

class GrowingBuffer {
 public:
  std::uint8_t* Extend(std::size_t bytes) {
    const std::size_t old = octets_.size();
    octets_.resize(old + bytes);
    return octets_.data() + old;
  }
  const Bytes& octets() const { return octets_; }

 private:
  Bytes octets_;
};

using Writer = wire::Writer<GrowingBuffer>;

Error Broken(const std::string& what) {
  return UpstreamError(CKR_DEVICE_ERROR, what + ": " + std::strerror(errno));
}

Result<Fd> Connect(const std::string& socket_name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_name.empty() || socket_name.size() >= sizeof address.sun_path) {
    return CallerError(CKR_ARGUMENTS_BAD, "a socket of 1 to 107 octets is needed");
  }
  std::memcpy(address.sun_path, socket_name.data(), socket_name.size());
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_name.size());
  if (socket_name.front() == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++size;
  }
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Broken("socket");
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return Broken("connecting to " + socket_name);
  }
  return fd;
}

bool SendAll(int fd, const std::uint8_t* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool ReceiveAll(int fd, std::uint8_t* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = recv(fd, data, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = ECONNRESET;
    if (got <= 0) return false;
    data += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

// What follows the results has its length at the very end.
Status DropUpdates(Bytes& body) {
  constexpr std::size_t kLengthBytes = 4;
  if (body.size() >= kLengthBytes) {
    wire::Reader tail(body.data() + body.size() - kLengthBytes, kLengthBytes);
    const std::size_t updates = tail.U32();
    if (updates <= body.size() - kLengthBytes) {
      body.resize(body.size() - kLengthBytes - updates);
      return Ok();
    }
  }
  return UpstreamError(CKR_DEVICE_ERROR, "record updates without their length");
}

Bytes AttachBody() {
  GrowingBuffer buffer;
  Writer writer(buffer);
  writer.U32(wire::kAttachMagic);
  writer.U16(wire::kVersionMin);
  writer.U16(wire::kVersionMax);
  writer.Bytes(kBuildVersion, std::strlen(kBuildVersion));
  writer.U8(sizeof(CK_ULONG));
  writer.U32(0);  // no features
  writer.U8(static_cast<std::uint8_t>(wire::Manner::kBegin));
  writer.Bytes(nullptr, 0);  // no application yet
  writer.U32(0);             // and no records
  return buffer.octets();
}

}  // namespace

Result<RawApplication> RawApplication::Attach(const std::string& socket) {
  GW_TRY(fd, Connect(socket));
  RawApplication application(std::move(fd));
  GW_TRY_VOID(application.Call(wire::Function::kAttach, AttachBody(), 0));
  return application;
}

Result<std::uint64_t> RawApplication::OpenSession(std::uint64_t slot) {
  GrowingBuffer buffer;
  Writer writer(buffer);
  writer.U64(slot);
  writer.U64(CKF_SERIAL_SESSION | CKF_RW_SESSION);
  GW_TRY(reply, Call(wire::Function::C_OpenSession, buffer.octets(), 0));
  wire::Reader reader(reply.data(), reply.size());
  const std::uint64_t session = reader.U64();
  if (!reader.AtEnd()) return UpstreamError(CKR_DEVICE_ERROR, "C_OpenSession: no handle came");
  return session;
}

Status RawApplication::Ping(std::uint64_t session) {
  GW_TRY_VOID(Call(wire::Function::C_GetSessionInfo, {}, session));
  return Ok();
}

Result<Bytes> RawApplication::Call(wire::Function function, const Bytes& body,
                                   std::uint64_t session) {
  wire::Header header;
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  header.function = static_cast<std::uint16_t>(function);
  header.request = ++requests_;
  header.session_or_result = session;
  std::uint8_t head[wire::kHeaderBytes];
  wire::EncodeHeader(header, head);
  Bytes request(head, head + sizeof head);
  request.insert(request.end(), body.begin(), body.end());
  if (!SendAll(fd_.get(), request.data(), request.size()) ||
      !ReceiveAll(fd_.get(), head, sizeof head)) {
    return Broken("the connection broke");
  }
  const wire::Header reply = wire::DecodeHeader(head);
  if (reply.request != header.request || reply.body_bytes > wire::kMaxBodyBytes) {
    return UpstreamError(CKR_DEVICE_ERROR, "what answers there is no daemon of ours");
  }
  Bytes results(reply.body_bytes);
  if (!ReceiveAll(fd_.get(), results.data(), results.size())) return Broken("the connection broke");
  if ((reply.flags & wire::kFlagRecords) != 0) GW_TRY_VOID(DropUpdates(results));
  if (reply.session_or_result != CKR_OK) {
    return UpstreamError(reply.session_or_result, "the daemon refused");
  }
  return results;
}

}  // namespace gw::bench
