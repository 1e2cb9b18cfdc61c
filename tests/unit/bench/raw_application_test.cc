// Room: tests. The local protocol as attach_many speaks it, against a scripted peer.
#include "bench/scale/raw_application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gw::bench {
namespace {

struct Reply {
  CK_RV rv = CKR_OK;
  Bytes body;
  std::uint16_t flags = 0;
  std::uint64_t request_offset = 0;  // added to the number that is repeated
};

bool ReadAll(int fd, std::uint8_t* data, std::size_t size) {
  while (size > 0) {
    const ssize_t got = recv(fd, data, size, 0);
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

Bytes Handle(std::uint64_t value) {
  Bytes octets(8);
  wire::internal::StoreLe(octets.data(), value);
  return octets;
}

// Serves one connection: answers frame after frame with `answer`; nothing to answer closes it.
class FakeDaemon {
 public:
  using Answer = std::function<std::optional<Reply>(const wire::Header&)>;

  explicit FakeDaemon(Answer answer) : answer_(std::move(answer)) {
    static std::atomic<int> number{0};
    const std::string name =
        "gw-raw-" + std::to_string(getpid()) + "." + std::to_string(number.fetch_add(1));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    name_ = "@" + name;
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeDaemon() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  const std::string& name() const { return name_; }

 private:
  void Serve() {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    while (ServeOne(fd)) {
    }
    close(fd);
  }

  bool ServeOne(int fd) {
    std::uint8_t head[wire::kHeaderBytes];
    if (!ReadAll(fd, head, sizeof head)) return false;
    const wire::Header request = wire::DecodeHeader(head);
    Bytes body(request.body_bytes);
    if (!ReadAll(fd, body.data(), body.size())) return false;
    const std::optional<Reply> reply = answer_(request);
    if (!reply) return false;
    wire::Header header;
    header.body_bytes = static_cast<std::uint32_t>(reply->body.size());
    header.function = request.function;
    header.flags = reply->flags;
    header.request = request.request + reply->request_offset;
    header.session_or_result = reply->rv;
    wire::EncodeHeader(header, head);
    Bytes frame(head, head + sizeof head);
    frame.insert(frame.end(), reply->body.begin(), reply->body.end());
    return send(fd, frame.data(), frame.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size());
  }

  Answer answer_;
  int listener_ = -1;
  std::string name_;
  std::thread thread_;
};

TEST(RawApplicationTest, AttachesOpensASessionAndCalls) {
  std::vector<std::uint16_t> functions;
  std::uint64_t session_of_call = 0;
  FakeDaemon daemon([&](const wire::Header& request) {
    functions.push_back(request.function);
    session_of_call = request.session_or_result;
    const bool opens =
        request.function == static_cast<std::uint16_t>(wire::Function::C_OpenSession);
    return Reply{CKR_OK, opens ? Handle(77) : Bytes{}};
  });
  auto application = RawApplication::Attach(daemon.name());
  ASSERT_TRUE(application);
  const auto session = application->OpenSession(0);
  ASSERT_TRUE(session);
  EXPECT_EQ(*session, 77u);
  EXPECT_TRUE(application->Ping(*session));
  EXPECT_EQ(session_of_call, 77u);
  EXPECT_THAT(functions,
              testing::ElementsAre(static_cast<std::uint16_t>(wire::Function::kAttach),
                                   static_cast<std::uint16_t>(wire::Function::C_OpenSession),
                                   static_cast<std::uint16_t>(wire::Function::C_GetSessionInfo)));
}

TEST(RawApplicationTest, RecordUpdatesBehindTheResultsAreDropped) {
  FakeDaemon daemon([](const wire::Header&) {
    Reply reply{CKR_OK, Handle(5), wire::kFlagRecords};
    const Bytes updates = {0, 0, 0, 0, 4, 0, 0, 0};  // none, and their length
    reply.body.insert(reply.body.end(), updates.begin(), updates.end());
    return reply;
  });
  auto application = RawApplication::Attach(daemon.name());
  ASSERT_TRUE(application);
  const auto session = application->OpenSession(0);
  ASSERT_TRUE(session);
  EXPECT_EQ(*session, 5u);
}

TEST(RawApplicationTest, RecordUpdatesLongerThanTheBodyAreAnError) {
  FakeDaemon daemon([](const wire::Header&) {
    return Reply{CKR_OK, {9, 0, 0, 0}, wire::kFlagRecords};
  });
  const auto application = RawApplication::Attach(daemon.name());
  ASSERT_FALSE(application);
  EXPECT_EQ(application.error().rv, CKR_DEVICE_ERROR);
}

TEST(RawApplicationTest, ARefusalKeepsItsCode) {
  FakeDaemon daemon([](const wire::Header&) { return Reply{CKR_HOST_MEMORY, {}}; });
  const auto application = RawApplication::Attach(daemon.name());
  ASSERT_FALSE(application);
  EXPECT_EQ(application.error().rv, CKR_HOST_MEMORY);
}

TEST(RawApplicationTest, AnAnswerToAnotherRequestIsAnError) {
  FakeDaemon daemon([](const wire::Header&) { return Reply{CKR_OK, {}, 0, 1}; });
  const auto application = RawApplication::Attach(daemon.name());
  ASSERT_FALSE(application);
  EXPECT_EQ(application.error().rv, CKR_DEVICE_ERROR);
}

TEST(RawApplicationTest, AConnectionThatBreaksIsAnError) {
  FakeDaemon daemon([](const wire::Header&) { return std::optional<Reply>(); });
  const auto application = RawApplication::Attach(daemon.name());
  ASSERT_FALSE(application);
  EXPECT_EQ(application.error().rv, CKR_DEVICE_ERROR);
}

TEST(RawApplicationTest, ASocketThatIsNotThereIsNamed) {
  const auto application = RawApplication::Attach("/nonexistent/socket");
  ASSERT_FALSE(application);
  EXPECT_THAT(application.error().detail, testing::HasSubstr("/nonexistent/socket"));
  EXPECT_EQ(RawApplication::Attach("").error().rv, CKR_ARGUMENTS_BAD);
  EXPECT_EQ(RawApplication::Attach(std::string(200, 'x')).error().rv, CKR_ARGUMENTS_BAD);
}

}  // namespace
}  // namespace gw::bench
