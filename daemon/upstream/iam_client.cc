// Room: upstream.
#include "daemon/upstream/iam_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <string_view>

#include "daemon/core/log.h"
#include "daemon/core/metrics.h"
#include "daemon/runtime/event.h"
#include "daemon/upstream/tls_files.h"
#include "daemon/upstream/tls_watch.h"
#include "daemon/upstream/wiping_allocator.h"

namespace gw {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using Buffer = beast::basic_flat_buffer<WipingAllocator<char>>;
using ReplyBody = http::basic_string_body<char, std::char_traits<char>, WipingAllocator<char>>;

constexpr std::size_t kMaxReplyBytes = 64 * 1024;
constexpr std::uint32_t kMaxHeaderBytes = 16 * 1024;
constexpr std::string_view kFormStart =
    "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=";

bool IsUnreserved(Byte c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// application/x-www-form-urlencoded, in memory that is wiped.
SecretBytes FormOf(ByteView api_key) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::size_t size = kFormStart.size();
  for (const Byte c : api_key) size += IsUnreserved(c) ? 1u : 3u;
  SecretBytes form = SecretBytes::OfSize(size);
  auto out = std::ranges::copy(ViewOf(kFormStart), form.mutable_view().begin()).out;
  for (const Byte c : api_key) {
    if (IsUnreserved(c)) {
      *out++ = c;
      continue;
    }
    *out++ = '%';
    *out++ = static_cast<Byte>(kHex[c >> 4]);
    *out++ = static_cast<Byte>(kHex[c & 15]);
  }
  return form;
}

void Count(const char* result) {
  metrics::CounterFamily("grep11_iam_fetches_total", "Exchanges of an API key for a token")
      .Add({{"result", result}})
      .Increment();
}

bool IsAddress(const std::string& host) {
  ErrorCode error;
  asio::ip::make_address(host, error);
  return !error;
}

// A name look-up cannot be interrupted (it runs in getaddrinfo), so its result is left to a handler
// of its own and the exchange waits for that only as long as it may.
struct Lookup {
  explicit Lookup(asio::any_io_executor executor) : resolver(executor), done(std::move(executor)) {}
  Tcp::resolver resolver;
  Event done;
  ErrorCode error;
  Tcp::resolver::results_type found;
};

void StartLookup(const std::shared_ptr<Lookup>& lookup, const IamUrl& url) {
  lookup->resolver.async_resolve(
      url.host, url.port, [lookup](const ErrorCode& error, Tcp::resolver::results_type found) {
        lookup->error = error;
        lookup->found = std::move(found);
        lookup->done.Set();
      });
}

}  // namespace

struct IamClient::State {
  State(asio::any_io_executor executor_in, const Clock& clock_in, IamUrl url_in, TlsConfig files)
      : executor(std::move(executor_in)),
        clock(clock_in),
        url(std::move(url_in)),
        watch(std::move(files)) {}

  Error Unreachable(const char* step, const std::string& why) const {
    log::Error(
        "IAM at {}:{} cannot be used: {}: {}; logins and token renewals fail until it answers "
        "(check the IAM endpoint, its CA file, name service and network)",
        url.host, url.port, step, why);
    return UpstreamError(CKR_DEVICE_ERROR, "IAM at " + url.host + ": " + step + ": " + why, true);
  }

  const asio::any_io_executor executor;
  const Clock& clock;
  const IamUrl url;
  TlsWatch watch;
  std::shared_ptr<asio::ssl::context> tls;  // shared with the exchanges that use it
};

namespace {

TlsConfig FilesOf(const IamConfig& config) {
  TlsConfig files;
  files.ca_file = config.ca_file;
  return files;
}

Result<std::shared_ptr<asio::ssl::context>> ContextOf(const TlsMaterial& material) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  ErrorCode error;
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1,
                   error);
  if (!error) tls->set_verify_mode(asio::ssl::verify_peer, error);
  if (error) return InternalError("TLS context: " + error.message());
  tls->add_certificate_authority({material.roots.data(), material.roots.size()}, error);
  if (error) return CallerError(CKR_ARGUMENTS_BAD, "IAM CA file: " + error.message());
  return tls;
}

// Two looks: exchanges are too far apart to wait for the next one.
void TakeChangedRoots(TlsWatch& watch, std::shared_ptr<asio::ssl::context>& tls) {
  auto material = watch.Look();
  if (!material) material = watch.Look();
  if (!material) return;
  if (auto context = ContextOf(*material)) tls = std::move(*context);
}

bool AnnounceName(Stream& stream, std::string host) {
  // What SSL_set_tlsext_host_name() does, without the cast inside that macro. OpenSSL copies.
  return SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  host.data()) == 1;
}

// Server name in the hello and in the certificate check. An address is checked, but not announced
// (RFC 6066 section 3).
Status NameServer(Stream& stream, const std::string& host) {
  ErrorCode error;
  stream.set_verify_callback(asio::ssl::host_name_verification(host), error);
  if (error) return InternalError("TLS verification: " + error.message());
  if (!IsAddress(host) && !AnnounceName(stream, host)) {
    return InternalError("TLS server name");
  }
  return Ok();
}

using Request = http::request<http::span_body<const char>>;

Request RequestFor(const IamUrl& url, const SecretBytes& form) {
  Request request(http::verb::post, url.target, 11);
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + url.host + "]" : url.host;
  request.set(http::field::host, url.port == "443" ? host : host + ":" + url.port);
  request.set(http::field::content_type, "application/x-www-form-urlencoded");
  request.set(http::field::accept, "application/json");
  request.set(http::field::user_agent, "grep11d");
  request.set(http::field::connection, "close");
  request.body() = {form.text().data(), form.size()};
  request.prepare_payload();
  return request;
}

struct Trouble {
  const char* step = nullptr;
  std::string why;
};

Trouble TroubleAt(const char* step, const ErrorCode& error) {
  if (error == beast::error::timeout) return {step, "no answer in time"};
  return {step, error.message()};
}

// Connection, handshake, request, reply. The stream's own timer bounds every step.
Awaitable<Trouble> Exchange(Stream& stream, const Tcp::resolver::results_type& addresses,
                            const Request& request, http::response_parser<ReplyBody>& parser) {
  const auto [connect_error, address] =
      co_await beast::get_lowest_layer(stream).async_connect(addresses, kAwait);
  if (connect_error) co_return TroubleAt("connection", connect_error);
  const auto [tls_error] = co_await stream.async_handshake(asio::ssl::stream_base::client, kAwait);
  if (tls_error) co_return TroubleAt("TLS handshake", tls_error);
  const auto [write_error, written] = co_await http::async_write(stream, request, kAwait);
  if (write_error) co_return TroubleAt("request", write_error);
  Buffer buffer;
  const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
  if (read_error) co_return TroubleAt("reply", read_error);
  co_return Trouble();
}

}  // namespace

IamClient::IamClient(std::shared_ptr<State> state) : state_(std::move(state)) {}
IamClient::~IamClient() = default;

Result<std::unique_ptr<IamClient>> IamClient::Make(asio::any_io_executor executor,
                                                   const Clock& clock, const IamConfig& config) {
  GW_TRY(url, ParseIamUrl(config.endpoint));
  auto state = std::make_shared<State>(std::move(executor), clock, std::move(url), FilesOf(config));
  GW_TRY(material, LoadTlsMaterial(FilesOf(config)));
  GW_TRY(tls, ContextOf(material));
  state->tls = std::move(tls);
  return std::unique_ptr<IamClient>(new IamClient(std::move(state)));
}

Awaitable<Result<IamToken>> IamClient::Fetch(SecretBytes api_key, Deadline deadline) {
  const auto state = state_;
  const auto lookup = std::make_shared<Lookup>(state->executor);
  StartLookup(lookup, state->url);
  const bool looked_up = co_await lookup->done.WaitUntil(deadline.at);
  if (!looked_up || lookup->error) {
    Count("unreachable");
    co_return state->Unreachable(
        "name look-up", looked_up ? lookup->error.message() : std::string("no answer in time"));
  }
  TakeChangedRoots(state->watch, state->tls);
  const auto tls = state->tls;
  Stream stream(state->executor, *tls);
  GW_CO_TRY_VOID(NameServer(stream, state->url.host));
  beast::get_lowest_layer(stream).expires_at(deadline.at);
  const SecretBytes form = FormOf(api_key.view());
  const Request request = RequestFor(state->url, form);
  http::response_parser<ReplyBody> parser;
  parser.body_limit(kMaxReplyBytes);
  parser.header_limit(kMaxHeaderBytes);
  const Trouble trouble = co_await Exchange(stream, lookup->found, request, parser);
  if (trouble.step != nullptr) {
    Count("unreachable");
    co_return state->Unreachable(trouble.step, trouble.why);
  }
  const auto& body = parser.get().body();
  auto token = ParseIamReply(parser.get().result_int(), {body.data(), body.size()}, state->url.host,
                             state->clock.WallNow());
  if (!token && token.error().rv == CKR_DEVICE_ERROR) log::Error("{}", token.error().detail);
  Count(token ? "ok" : token.error().rv == CKR_DEVICE_ERROR ? "failed" : "refused");
  co_return token;
}

}  // namespace gw
