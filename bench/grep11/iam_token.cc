// Room: bench/grep11. One HTTPS request with Boost.Beast. The only file of bench that includes
// Asio.
#include "bench/grep11/iam_token.h"

#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/core/async.h"

namespace gw::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using FormRequest = http::request<http::string_body>;
using TextReply = http::response<http::string_body>;

constexpr auto kTimeout = std::chrono::seconds(10);
constexpr std::size_t kMaxReplyBytes = 1 << 20;

Error Unreachable(const HttpsUrl& url, const char* step, const boost::system::error_code& error) {
  return UpstreamError(CKR_DEVICE_ERROR, "IAM at " + url.host + ":" + url.port + ": " + step +
                                             ": " + error.message());
}

FormRequest TokenRequest(const HttpsUrl& url, const SecretBytes& api_key) {
  FormRequest request(http::verb::post, url.path, 11);
  request.set(http::field::host, url.host + ":" + url.port);
  request.set(http::field::accept, "application/json");
  request.set(http::field::content_type, "application/x-www-form-urlencoded");
  request.set(http::field::user_agent, "grep11-load");
  request.body() = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=" +
                   PercentEncode(api_key.text());
  request.prepare_payload();
  return request;
}

// Server name indication is for names only. RFC 6066, section 3: literal addresses are not
// permitted in it.
bool NameServer(TlsStream& stream, std::string host) {
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return true;
  // What the macro SSL_set_tlsext_host_name() does, without its C cast.
  return SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  host.data()) == 1;
}

Awaitable<Status> Connect(TlsStream& stream, const HttpsUrl& url) {
  asio::ip::tcp::resolver resolver(stream.get_executor());
  const auto [resolve_error, addresses] =
      co_await resolver.async_resolve(url.host, url.port, kAwait);
  if (resolve_error) co_return Unreachable(url, "name", resolve_error);
  const auto [connect_error, endpoint] =
      co_await beast::get_lowest_layer(stream).async_connect(addresses, kAwait);
  if (connect_error) co_return Unreachable(url, "connect", connect_error);
  const auto [tls_error] = co_await stream.async_handshake(asio::ssl::stream_base::client, kAwait);
  if (tls_error) co_return Unreachable(url, "TLS", tls_error);
  co_return Ok();
}

Awaitable<Result<TextReply>> Exchange(TlsStream& stream, const HttpsUrl& url,
                                      const FormRequest& request) {
  const auto [write_error, written] = co_await http::async_write(stream, request, kAwait);
  if (write_error) co_return Unreachable(url, "write", write_error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxReplyBytes);
  const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
  if (read_error) co_return Unreachable(url, "read", read_error);
  co_return parser.release();
}

Result<std::string> TokenIn(const HttpsUrl& url, const TextReply& reply) {
  const auto status = reply.result_int();
  if (status == 400 || status == 401 || status == 403) {
    return UpstreamError(CKR_PIN_INCORRECT,
                         "IAM refuses the API key, HTTP status " + std::to_string(status));
  }
  const auto body = nlohmann::json::parse(reply.body(), nullptr, false);
  const bool found = status == 200 && body.is_object() && body.contains("access_token") &&
                     body["access_token"].is_string();
  if (!found) {
    return UpstreamError(CKR_DEVICE_ERROR, "IAM at " + url.host + " gave no token, HTTP status " +
                                               std::to_string(status));
  }
  return body["access_token"].get<std::string>();
}

// All references live in FetchIamToken(), which runs the loop until this has ended.
Awaitable<void> Fetch(TlsStream& stream, const HttpsUrl& url, const SecretBytes& api_key,
                      std::optional<Result<std::string>>& result) {
  beast::get_lowest_layer(stream).expires_after(kTimeout);
  if (const Status connected = co_await Connect(stream, url); !connected) {
    result.emplace(connected.error());
    co_return;
  }
  const FormRequest request = TokenRequest(url, api_key);
  const auto reply = co_await Exchange(stream, url, request);
  result.emplace(reply ? TokenIn(url, *reply) : Result<std::string>(reply.error()));
}

}  // namespace

Result<std::string> FetchIamToken(const std::string& url_text, const std::string& ca_file,
                                  const SecretBytes& api_key) {
  GW_TRY(url, ParseHttpsUrl(url_text));
  asio::ssl::context tls(asio::ssl::context::tls_client);
  boost::system::error_code error;
  tls.load_verify_file(ca_file, error);
  if (error) return CallerError(CKR_ARGUMENTS_BAD, ca_file + ": " + error.message());
  tls.set_verify_mode(asio::ssl::verify_peer);
  asio::io_context loop(1);
  TlsStream stream(loop, tls);
  stream.set_verify_callback(asio::ssl::host_name_verification(url.host), error);
  if (error || !NameServer(stream, url.host)) {
    return InternalError("cannot prepare TLS for " + url.host);
  }
  std::optional<Result<std::string>> result;
  asio::co_spawn(loop, Fetch(stream, url, api_key, result), asio::detached);
  loop.run();
  if (!result) return InternalError("the request to IAM ended without a result");
  return *std::move(result);
}

}  // namespace gw::bench
