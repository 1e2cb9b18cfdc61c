// Room: upstream.
#include "daemon/upstream/iam_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <string_view>

#include "daemon/core/log.h"
#include "daemon/core/metrics.h"
#include "daemon/core/wiping_allocator.h"
#include "daemon/rpc/lookup.h"
#include "daemon/rpc/tls_context.h"
#include "daemon/upstream/tls_files.h"
#include "daemon/upstream/tls_watch.h"

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
  TlsContextPtr tls;  // shared with the exchanges that use it
};

namespace {

TlsConfig FilesOf(const IamConfig& config) {
  TlsConfig files;
  files.ca_file = config.ca_file;
  return files;
}

// Two looks: exchanges are too far apart to wait for the next one.
void TakeChangedRoots(TlsWatch& watch, TlsContextPtr& tls) {
  auto material = watch.Look();
  if (!material) material = watch.Look();
  if (!material) return;
  if (auto context = MakeTlsContext(material->pem())) tls = std::move(*context);
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
  GW_TRY(tls, MakeTlsContext(material.pem()));
  state->tls = std::move(tls);
  return std::unique_ptr<IamClient>(new IamClient(std::move(state)));
}

Awaitable<Result<IamToken>> IamClient::Fetch(SecretBytes api_key, Deadline deadline) {
  const auto state = state_;
  const auto lookup = std::make_shared<Lookup>(state->executor);
  auto looking_up = lookup->Run(state->url.host, state->url.port, deadline.at);
  const Addresses addresses = co_await std::move(looking_up);
  if (!addresses.trouble.empty()) {
    Count("unreachable");
    co_return state->Unreachable("name look-up", addresses.trouble);
  }
  TakeChangedRoots(state->watch, state->tls);
  const auto tls = state->tls;
  Stream stream(state->executor, *tls);
  GW_CO_TRY_VOID(ExpectServer(stream.native_handle(), state->url.host));
  beast::get_lowest_layer(stream).expires_at(deadline.at);
  const SecretBytes form = FormOf(api_key.view());
  const Request request = RequestFor(state->url, form);
  http::response_parser<ReplyBody> parser;
  parser.body_limit(kMaxReplyBytes);
  parser.header_limit(kMaxHeaderBytes);
  const Trouble trouble = co_await Exchange(stream, addresses.found, request, parser);
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
