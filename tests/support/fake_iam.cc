// Room: tests/support.
#include "tests/support/fake_iam.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <deque>
#include <mutex>
#include <thread>

#include "daemon/core/async.h"

namespace gw::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using Stream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

std::string Base64Url(const std::string& text) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out.push_back(kDigits[bits >> (count - 6) & 63]);
  }
  if (count > 0) out.push_back(kDigits[bits << (6 - count) & 63]);
  return out;
}

}  // namespace

std::string TokenBody(const std::string& iam_id, int expires_in_s, const std::string& mark) {
  const std::string payload = R"({"iam_id":")" + iam_id + R"(","sub":"somebody"})";
  const std::string token =
      Base64Url(R"({"alg":"RS256"})") + "." + Base64Url(payload) + ".signature" + mark;
  return R"({"access_token":")" + token + R"(","refresh_token":"not_supported",)" +
         R"("token_type":"Bearer","expires_in":)" + std::to_string(expires_in_s) + "}";
}

struct FakeIam::State {
  explicit State(const CertifiedKey& server) {
    tls.use_certificate_chain(asio::buffer(server.certificate));
    tls.use_private_key(asio::buffer(server.key), asio::ssl::context::pem);
  }

  Awaitable<void> Accept();
  Awaitable<void> Serve(std::shared_ptr<Stream> stream);
  IamAnswer NextAnswer();
  void Note(Stream& stream, const http::request<http::string_body>& request);

  asio::io_context loop{1};
  asio::ssl::context tls{asio::ssl::context::tls_server};
  Tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<std::uint64_t> requests{0};
  std::mutex mutex;
  std::deque<IamAnswer> script;
  std::string target, form, server_name;
  std::vector<std::shared_ptr<Stream>> silent;  // loop only
  std::thread thread;
};

Awaitable<void> FakeIam::State::Accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error) co_return;
    auto stream = std::make_shared<Stream>(std::move(socket), tls);
    asio::co_spawn(loop, Serve(std::move(stream)), asio::detached);
  }
}

IamAnswer FakeIam::State::NextAnswer() {
  const std::lock_guard lock(mutex);
  if (script.empty()) return {IamAnswer::Kind::kReply, 200, TokenBody("iam-ServiceId-1", 3600)};
  IamAnswer answer = std::move(script.front());
  script.pop_front();
  return answer;
}

void FakeIam::State::Note(Stream& stream, const http::request<http::string_body>& request) {
  const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
  const std::lock_guard lock(mutex);
  target = std::string(request.target());
  form = request.body();
  server_name = name == nullptr ? "" : name;
}

Awaitable<void> FakeIam::State::Serve(std::shared_ptr<Stream> stream) {
  const auto [tls_error] = co_await stream->async_handshake(asio::ssl::stream_base::server, kAwait);
  if (tls_error) co_return;
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  const auto [read_error, read] = co_await http::async_read(*stream, buffer, request, kAwait);
  if (read_error) co_return;
  Note(*stream, request);
  ++requests;
  const IamAnswer answer = NextAnswer();
  if (answer.kind == IamAnswer::Kind::kHangUp) co_return;
  if (answer.kind == IamAnswer::Kind::kSilence) {
    silent.push_back(std::move(stream));
    co_return;
  }
  http::response<http::string_body> reply(static_cast<http::status>(answer.status), 11);
  reply.set(http::field::content_type, "application/json");
  reply.keep_alive(false);
  reply.body() = answer.body;
  reply.prepare_payload();
  co_await http::async_write(*stream, reply, kAwait);
  co_await stream->async_shutdown(kAwait);
}

FakeIam::FakeIam(const CertifiedKey& server) : state_(std::make_unique<State>(server)) {
  asio::co_spawn(state_->loop, state_->Accept(), asio::detached);
  state_->thread = std::thread([this] { state_->loop.run(); });
}

FakeIam::~FakeIam() {
  state_->loop.stop();
  state_->thread.join();
}

std::uint16_t FakeIam::port() const { return state_->acceptor.local_endpoint().port(); }
std::string FakeIam::Url(const std::string& host) const {
  return "https://" + host + ":" + std::to_string(port());
}
void FakeIam::Push(IamAnswer answer) {
  const std::lock_guard lock(state_->mutex);
  state_->script.push_back(std::move(answer));
}
std::uint64_t FakeIam::requests() const { return state_->requests; }
std::string FakeIam::last_target() const {
  const std::lock_guard lock(state_->mutex);
  return state_->target;
}
std::string FakeIam::last_form() const {
  const std::lock_guard lock(state_->mutex);
  return state_->form;
}
std::string FakeIam::last_server_name() const {
  const std::lock_guard lock(state_->mutex);
  return state_->server_name;
}

}  // namespace gw::test
