// Room: admin.
#include "daemon/admin/admin_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "daemon/admin/documents.h"
#include "daemon/core/async.h"
#include "daemon/core/clock.h"
#include "daemon/core/log.h"

namespace gw {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr std::chrono::milliseconds kAcceptPause{100};

// "ADDRESS:PORT" or "[ADDRESS]:PORT" of this host's loopback; nothing if it is of another form.
std::optional<tcp::endpoint> ParseListen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (wrong != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  beast::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error || !address.is_loopback()) return std::nullopt;
  return tcp::endpoint(address, port);
}

struct Answer {
  http::status status = http::status::not_found;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body = "not found; there are /metrics and /health\n";
};

Response ResponseOf(Answer answer, unsigned version, bool keep_alive) {
  Response response(answer.status, version);
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  if (answer.status == http::status::method_not_allowed) response.set(http::field::allow, "GET");
  response.keep_alive(keep_alive);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

}  // namespace

// Shared by the coroutines, so that none of them outlives what it uses.
class AdminServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, std::string listen, std::function<std::string()> health_json,
       AdminLimits limits)
      : loop_(loop),
        listen_(std::move(listen)),
        health_json_(std::move(health_json)),
        limits_(limits),
        acceptor_(loop),
        pause_(loop) {}

  Status Start();
  std::string address() const;
  void Stop();

 private:
  Status Bind(const tcp::endpoint& endpoint);
  // Static, with the object as a parameter that the coroutine keeps: it lives as long as they run.
  static Awaitable<void> AcceptLoop(std::shared_ptr<Impl> self);
  static Awaitable<void> Serve(std::shared_ptr<Impl> self, tcp::socket socket);
  Awaitable<void> ServeRequests(beast::tcp_stream& stream);
  Answer AnswerTo(const Request& request) const;
  Answer Health() const;

  asio::io_context& loop_;
  const std::string listen_;
  const std::function<std::string()> health_json_;
  const AdminLimits limits_;
  const SteadyTime started_ = RealClock().Now();
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::unordered_set<beast::tcp_stream*> streams_;
};

Status AdminServer::Impl::Bind(const tcp::endpoint& endpoint) {
  beast::error_code error;
  const auto step = [&error](auto&& call) {
    if (!error) call();
  };
  step([&] { acceptor_.open(endpoint.protocol(), error); });
  step([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
  step([&] { acceptor_.bind(endpoint, error); });
  step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
  if (!error) return Ok();
  beast::error_code ignored;
  acceptor_.close(ignored);
  return UpstreamError(CKR_DEVICE_ERROR, "cannot listen on " + listen_ + ": " + error.message());
}

Status AdminServer::Impl::Start() {
  const std::optional<tcp::endpoint> endpoint = ParseListen(listen_);
  if (!endpoint) {
    return CallerError(CKR_ARGUMENTS_BAD, "not a loopback address and port: " + listen_);
  }
  GW_TRY_VOID(Bind(*endpoint));
  asio::co_spawn(loop_, AcceptLoop(shared_from_this()), asio::detached);
  return Ok();
}

std::string AdminServer::Impl::address() const {
  beast::error_code error;
  const tcp::endpoint endpoint = acceptor_.local_endpoint(error);
  if (error) return {};
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

void AdminServer::Impl::Stop() {
  beast::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  // Closing ends the pending operation of each coroutine, which then removes itself.
  for (beast::tcp_stream* stream : streams_) stream->close();
}

Awaitable<void> AdminServer::Impl::AcceptLoop(std::shared_ptr<Impl> self) {
  tcp::acceptor& acceptor = self->acceptor_;
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (!acceptor.is_open()) co_return;
    if (error) {
      // No descriptor left, most likely. The connection stays pending: asking again at once would
      // only spin.
      log::Warn("metrics port {}: {}", self->listen_, error.message());
      self->pause_.expires_after(kAcceptPause);
      co_await self->pause_.async_wait(kAwait);
    } else if (self->streams_.size() < self->limits_.connections) {
      asio::co_spawn(self->loop_, Serve(self, std::move(socket)), asio::detached);
    }
  }
}

Awaitable<void> AdminServer::Impl::Serve(std::shared_ptr<Impl> self, tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  if (!self->acceptor_.is_open()) co_return;  // stopped since it was accepted
  self->streams_.insert(&stream);
  co_await self->ServeRequests(stream);
  self->streams_.erase(&stream);
}

Awaitable<void> AdminServer::Impl::ServeRequests(beast::tcp_stream& stream) {
  beast::flat_buffer buffer(limits_.head_bytes);
  for (;;) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(limits_.head_bytes);
    parser.body_limit(0);
    stream.expires_after(limits_.request);
    const auto [read_error, read_bytes] =
        co_await http::async_read_header(stream, buffer, parser, kAwait);
    if (read_error) co_return;
    // A body of announced length has already failed body_limit(). What follows a chunked one is
    // not read either, lest it be taken for the next request.
    const bool keep_alive = parser.get().keep_alive() && !parser.chunked();
    Response response = ResponseOf(AnswerTo(parser.get()), parser.get().version(), keep_alive);
    stream.expires_after(limits_.request);
    const auto [write_error, written] = co_await http::async_write(stream, response, kAwait);
    if (write_error || !keep_alive) co_return;
  }
}

Answer AdminServer::Impl::AnswerTo(const Request& request) const {
  const std::string_view target(request.target().data(), request.target().size());
  const std::string_view path = target.substr(0, target.find('?'));
  if (path != "/metrics" && path != "/health") return {};
  if (request.method() != http::verb::get) {
    return {http::status::method_not_allowed, "text/plain; charset=utf-8", "only GET\n"};
  }
  if (path == "/health") return Health();
  return {http::status::ok, "text/plain; version=0.0.4; charset=utf-8", MetricsText()};
}

Answer AdminServer::Impl::Health() const {
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(RealClock().Now() - started_);
  const std::string status = health_json_ ? health_json_() : std::string("\"ok\"");
  return {http::status::ok, "application/json", HealthJson(uptime, status)};
}

AdminServer::AdminServer(asio::io_context& loop, std::string listen,
                         std::function<std::string()> health_json, AdminLimits limits)
    : impl_(std::make_shared<Impl>(loop, std::move(listen), std::move(health_json), limits)) {}

AdminServer::~AdminServer() { Stop(); }

Status AdminServer::Start() { return impl_->Start(); }

std::string AdminServer::address() const { return impl_->address(); }

void AdminServer::Stop() { impl_->Stop(); }

}  // namespace gw
