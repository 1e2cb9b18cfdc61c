// The admin port over real connections: what it answers, what it refuses, and how it ends.
#include "daemon/admin/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

namespace gw {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// The server on a loop of its own thread, as in the daemon.
class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() : work_(loop_.get_executor()), thread_([this] { loop_.run(); }) {}
  ~AdminServerTest() override {
    OnLoop([this] { server_.reset(); });
    work_.reset();
    thread_.join();
  }

  template <typename Function>
  std::invoke_result_t<Function> OnLoop(Function function) {
    std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
    auto result = task.get_future();
    asio::post(loop_, std::ref(task));
    return result.get();
  }

  // Starts it and keeps its port.
  void Serve(std::function<std::string()> health = {}, AdminLimits limits = {}) {
    const std::string address = OnLoop([this, &health, limits] {
      server_.emplace(loop_, "127.0.0.1:0", health, limits);
      const Status status = server_->Start();
      EXPECT_TRUE(status) << Describe(status.error());
      return server_->address();
    });
    ASSERT_THAT(address, StartsWith("127.0.0.1:"));
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
    ASSERT_NE(port_, 0);
  }

  tcp::socket Connect() {
    tcp::socket socket(client_);
    socket.connect({asio::ip::address_v4::loopback(), port_});
    return socket;
  }

  // Everything the server sends until it closes; a reset counts as an end too.
  static std::string ReadAll(tcp::socket& socket) {
    std::string text;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(text), error);
    return text;
  }

  std::string Exchange(const std::string& request) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    asio::write(socket, asio::buffer(request), error);
    return ReadAll(socket);
  }

  // One request whose answer ends the connection.
  std::string Ask(const std::string& method, const std::string& target) {
    return Exchange(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  asio::io_context loop_;
  asio::io_context client_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
  std::optional<AdminServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(AdminServerTest, MetricsArePrometheusText) {
  Serve();
  EXPECT_THAT(Ask("GET", "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                    HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n")));
}

TEST_F(AdminServerTest, HealthCarriesTheStatusOfTheDaemon) {
  Serve([] { return std::string("{\"hsm\":\"up\"}"); });
  EXPECT_THAT(Ask("GET", "/health"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                                           HasSubstr("Content-Type: application/json\r\n"),
                                           HasSubstr("\"status\":{\"hsm\":\"up\"}")));
}

TEST_F(AdminServerTest, WithoutACallbackTheStatusIsOk) {
  Serve();
  EXPECT_THAT(Ask("GET", "/health?verbose=1"), HasSubstr("\"status\":\"ok\""));
}

TEST_F(AdminServerTest, OtherPathsAreNotFound) {
  Serve();
  for (const char* target : {"/", "/metrics/", "/healthz", "/keys", "/../metrics", "*"}) {
    EXPECT_THAT(Ask("GET", target), StartsWith("HTTP/1.1 404 Not Found\r\n")) << target;
  }
}

TEST_F(AdminServerTest, OtherMethodsAreNotAllowed) {
  Serve();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_THAT(Ask(method, "/metrics"), AllOf(StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"),
                                               HasSubstr("Allow: GET\r\n")))
        << method;
  }
}

TEST_F(AdminServerTest, OneConnectionMayAskTwice) {
  Serve();
  const std::string answers = Exchange(
      "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answers, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("HTTP/1.1 404")));
}

TEST_F(AdminServerTest, ABodyIsNeverTakenForAnotherRequest) {
  Serve();
  const std::string inner = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_THAT(Exchange("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                       std::to_string(inner.size()) + "\r\n\r\n" + inner),
              IsEmpty());
  EXPECT_THAT(
      Exchange("POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + inner),
      Not(HasSubstr("HTTP/1.1 200")));
}

TEST_F(AdminServerTest, WhatIsNotHttpIsHungUpOn) {
  Serve();
  EXPECT_THAT(Exchange("\x16\x03\x01\x02\r\n\r\n"), IsEmpty());
  EXPECT_THAT(Ask("GET", "/health"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, AHeadThatIsTooLongIsHungUpOn) {
  Serve();
  const std::string head = "GET /health HTTP/1.1\r\nX: ";
  EXPECT_THAT(Exchange(head + std::string(AdminLimits().head_bytes, 'x') + "\r\n\r\n"), IsEmpty());
  EXPECT_THAT(Exchange(head + std::string(1000, 'x') + "\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, MoreConnectionsThanTheLimitAreClosedAtOnce) {
  Serve();
  std::vector<tcp::socket> idle;
  for (std::size_t i = 0; i < AdminLimits().connections; ++i) idle.push_back(Connect());
  tcp::socket extra = Connect();
  EXPECT_THAT(ReadAll(extra), IsEmpty());
  idle.clear();
  // The server sees the ends one after the other; a place is free when an answer comes.
  std::string answer;
  while (answer.empty()) answer = Ask("GET", "/health");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, ARequestThatDoesNotArriveInTimeIsHungUpOn) {
  AdminLimits limits;
  limits.request = std::chrono::milliseconds(50);
  Serve({}, limits);
  EXPECT_THAT(Exchange(""), IsEmpty());
  EXPECT_THAT(Exchange("GET /health HTTP/1.1\r\nHost:"), IsEmpty());
  // The time of an idle connection after an answer is bounded too, or this would not return.
  EXPECT_THAT(Exchange("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, StopClosesThePortAndEveryConnection) {
  Serve();
  tcp::socket idle = Connect();
  ASSERT_THAT(Ask("GET", "/health"), StartsWith("HTTP/1.1 200"));  // `idle` is accepted by now
  OnLoop([this] { server_->Stop(), server_->Stop(); });
  EXPECT_THAT(ReadAll(idle), IsEmpty());
  tcp::socket late(client_);
  boost::system::error_code error;
  late.connect({asio::ip::address_v4::loopback(), port_}, error);
  EXPECT_EQ(error, asio::error::connection_refused);
  EXPECT_EQ(OnLoop([this] { return server_->address(); }), "");
}

TEST_F(AdminServerTest, APortInUseIsAnErrorThatNamesIt) {
  Serve();
  const std::string taken = "127.0.0.1:" + std::to_string(port_);
  const Status status = OnLoop([this, &taken] { return AdminServer(loop_, taken, {}).Start(); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(status.error().detail, "cannot listen on " + taken + ": Address already in use");
}

TEST_F(AdminServerTest, OnlyLoopbackAddressesAreServed) {
  for (const char* listen : {"0.0.0.0:0", "192.0.2.1:0", "[::]:0", "localhost:0", "127.0.0.1",
                             "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ""}) {
    const Status status = OnLoop([this, listen] { return AdminServer(loop_, listen, {}).Start(); });
    ASSERT_FALSE(status) << listen;
    EXPECT_EQ(status.error().rv, CKR_ARGUMENTS_BAD) << listen;
  }
}

}  // namespace
}  // namespace gw
