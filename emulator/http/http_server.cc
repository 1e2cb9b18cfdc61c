// Room: emulator/http. The only file that includes Beast.
#include "emulator/http/http_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>

#include "daemon/core/async.h"
#include "daemon/core/log.h"

namespace gw::emulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using Request = http::request<http::string_body>;
using Reply = http::response<http::string_body>;

constexpr std::uint64_t kMaxRequestBytes = 64 * 1024;
constexpr std::chrono::seconds kRequestTime(10);
constexpr std::chrono::seconds kIdleTime(60);

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// application/x-www-form-urlencoded. A broken escape stays as it is.
std::string Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
                        HexValue(text[i + 2]) >= 0;
    if (escape) {
      out.push_back(static_cast<char>(HexValue(text[i + 1]) << 4 | HexValue(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

void ParsePairs(std::string_view text, std::map<std::string, std::string>& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (!pair.empty()) {
      out[Decoded(pair.substr(0, equals))] =
          equals == std::string_view::npos ? std::string() : Decoded(pair.substr(equals + 1));
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

HttpRequest FromBeast(const Request& request) {
  HttpRequest out;
  out.method = std::string(request.method_string());
  const std::string_view target(request.target().data(), request.target().size());
  const std::size_t query = target.find('?');
  out.path = std::string(target.substr(0, query));
  if (query != std::string_view::npos) ParsePairs(target.substr(query + 1), out.parameters);
  const auto type = request[http::field::content_type];
  if (type.starts_with("application/x-www-form-urlencoded")) {
    ParsePairs(request.body(), out.parameters);
  }
  out.body = request.body();
  return out;
}

Reply ToBeast(HttpReply reply, const Request& request) {
  Reply out(static_cast<http::status>(reply.status), request.version());
  out.set(http::field::server, "grep11-emulator");
  out.set(http::field::content_type, reply.content_type);
  out.keep_alive(request.keep_alive());
  out.body() = std::move(reply.body);
  out.prepare_payload();
  return out;
}

Awaitable<void> Wait(std::chrono::nanoseconds time) {
  if (time <= std::chrono::nanoseconds::zero()) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(kAwait);
}

std::optional<asio::ssl::context> ContextOf(const TlsMaterial* tls) {
  std::optional<asio::ssl::context> context;
  if (tls == nullptr) return context;
  context.emplace(asio::ssl::context::tls_server);
  context->use_certificate_chain(asio::buffer(tls->certificate_pem));
  context->use_private_key(asio::buffer(tls->key_pem), asio::ssl::context::pem);
  return context;
}

// Requests of one connection until it ends. `stream` is alive as long as the caller's coroutine.
template <typename Stream>
Awaitable<void> ServeRequests(Stream& stream, const HttpHandler& handler) {
  beast::flat_buffer buffer;
  bool keep_alive = true;
  while (keep_alive) {
    beast::get_lowest_layer(stream).expires_after(kIdleTime);
    http::request_parser<http::string_body> parser;
    parser.body_limit(kMaxRequestBytes);
    const auto [read_error, got] = co_await http::async_read(stream, buffer, parser, kAwait);
    if (read_error) co_return;
    HttpReply answer = handler(FromBeast(parser.get()));
    if (answer.drop) co_return;
    beast::get_lowest_layer(stream).expires_never();
    co_await Wait(answer.delay);
    Reply reply = ToBeast(std::move(answer), parser.get());
    keep_alive = reply.keep_alive();
    beast::get_lowest_layer(stream).expires_after(kRequestTime);
    const auto [write_error, put] = co_await http::async_write(stream, reply, kAwait);
    if (write_error) co_return;
  }
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(asio::io_context& loop, const TlsChoice& tls, HttpHandler handler)
      : loop_(loop),
        acceptor_(loop),
        handler_(std::move(handler)),
        tls_(tls),
        usual_(ContextOf(tls.usual)),
        expired_(ContextOf(tls.expired)) {}

  Result<std::uint16_t> Listen(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const Tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return CallerError(CKR_ARGUMENTS_BAD, "cannot listen on " + address + ":" +
                                                std::to_string(port) + ": " + error.message());
    }
    asio::co_spawn(loop_, Accept(), asio::detached);
    return acceptor_.local_endpoint().port();
  }

 private:
  Awaitable<void> Accept() {
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        log::Warn("http accept: {}", error.message());
        co_await Wait(std::chrono::milliseconds(100));  // out of descriptors: do not spin
        continue;
      }
      socket.set_option(Tcp::no_delay(true), error);
      asio::co_spawn(loop_, usual_ ? ServeTls(std::move(socket)) : ServePlain(std::move(socket)),
                     asio::detached);
    }
  }

  Awaitable<void> ServePlain(Tcp::socket socket) {
    beast::tcp_stream stream(std::move(socket));
    co_await ServeRequests(stream, handler_);
  }

  Awaitable<void> ServeTls(Tcp::socket socket) {
    beast::ssl_stream<beast::tcp_stream> stream(std::move(socket),
                                                tls_.expired_now() ? *expired_ : *usual_);
    beast::get_lowest_layer(stream).expires_after(kRequestTime);
    const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait);
    if (error) co_return;
    co_await ServeRequests(stream, handler_);
    beast::get_lowest_layer(stream).expires_after(kRequestTime);
    co_await stream.async_shutdown(kAwait);
  }

  asio::io_context& loop_;
  Tcp::acceptor acceptor_;
  const HttpHandler handler_;
  const TlsChoice tls_;
  std::optional<asio::ssl::context> usual_;
  std::optional<asio::ssl::context> expired_;
};

HttpServer::HttpServer(asio::io_context& loop, const TlsChoice& tls, HttpHandler handler)
    : impl_(std::make_unique<Impl>(loop, tls, std::move(handler))) {}

HttpServer::~HttpServer() = default;

Result<std::uint16_t> HttpServer::Listen(const std::string& address, std::uint16_t port) {
  return impl_->Listen(address, port);
}

}  // namespace gw::emulator
