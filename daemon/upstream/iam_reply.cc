// Room: upstream.
#include "daemon/upstream/iam_reply.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/core/wiping_allocator.h"

namespace gw {
namespace {

// JSON whose strings, and whose parser's buffers, are wiped.
using Json = nlohmann::basic_json<std::map, std::vector, WipedString, bool, std::int64_t,
                                  std::uint64_t, double, std::allocator>;

using WallTime = std::chrono::system_clock::time_point;

constexpr std::chrono::seconds kLongestLifetime{24 * 3600};
constexpr std::size_t kLongestToken = 16 * 1024;

// A nested document is a sign of a wrong endpoint at best: refuse depth before recursion costs.
Json Parse(std::string_view body) {
  constexpr int kDeepest = 16;
  const auto keep = [](int depth, Json::parse_event_t, Json&) { return depth <= kDeepest; };
  return Json::parse(body.begin(), body.end(), keep, /*allow_exceptions=*/false);
}

std::string TextAt(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_string()) return {};
  const auto& text = found->get_ref<const WipedString&>();
  std::string safe(text.data(), std::min<std::size_t>(text.size(), 200));
  for (char& c : safe) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return safe;
}

std::optional<std::int64_t> NumberAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

// IAM has two forms of errors (wire sheet 8.3).
std::string ReasonOf(const Json& body) {
  const std::string code = TextAt(body, "errorCode");
  if (!code.empty()) return code + " " + TextAt(body, "errorMessage");
  if (body.is_object() && body.contains("errors") && body["errors"].is_array() &&
      !body["errors"].empty()) {
    const Json& first = body["errors"].front();
    return TextAt(first, "code") + " " + TextAt(first, "message");
  }
  return "no reason given";
}

bool SaysLocked(std::string reason) {
  std::ranges::transform(reason, reason.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return reason.find("locked") != std::string::npos || reason.find("disabled") != std::string::npos;
}

Error Refusal(unsigned status, std::string_view body, std::string_view host) {
  const std::string reason = ReasonOf(Parse(body));
  const std::string text =
      "IAM at " + std::string(host) + " answered " + std::to_string(status) + ": " + reason;
  if (status == 400 || status == 401 || status == 403) {
    return UpstreamError(SaysLocked(reason) ? CKR_PIN_LOCKED : CKR_PIN_INCORRECT, text);
  }
  return UpstreamError(CKR_DEVICE_ERROR, text, status == 429 || status >= 500);
}

Error Garbage(std::string_view host, const char* what) {
  return UpstreamError(CKR_DEVICE_ERROR, "IAM at " + std::string(host) + " answered 200 but " +
                                             what + "; is the endpoint right?");
}

std::chrono::seconds LifetimeOf(const Json& body, WallTime now) {
  std::int64_t seconds = NumberAt(body, "expires_in").value_or(0);
  if (seconds <= 0) {
    const auto end = NumberAt(body, "expiration").value_or(0);
    seconds =
        end - std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLongestLifetime.count()));
}

constexpr auto kBase64Url = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    table[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}();

// Empty: not base64url.
WipedString DecodeBase64Url(std::string_view text) {
  WipedString out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::int8_t digit = kBase64Url[static_cast<unsigned char>(c)];
    if (digit < 0) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  return out;
}

// "iam_id" of the payload, the second of a JWT's three parts.
std::string IamIdOf(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return {};
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  const WipedString payload = DecodeBase64Url(token.substr(first + 1, second - first - 1));
  return TextAt(Parse(payload), "iam_id");
}

// The token goes into an HTTP/2 header: anything but visible ASCII would break the connection.
bool FitsHeader(std::string_view token) {
  return !token.empty() && token.size() <= kLongestToken &&
         std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<IamToken> ParseIamReply(unsigned status, std::string_view body, std::string_view host,
                               WallTime now) {
  if (status != 200) return Refusal(status, body, host);
  const Json json = Parse(body);
  if (!json.is_object()) return Garbage(host, "the body is no JSON object");
  const auto found = json.find("access_token");
  if (found == json.end() || !found->is_string()) return Garbage(host, "holds no access_token");
  const std::string_view text = found->get_ref<const WipedString&>();
  if (!FitsHeader(text)) return Garbage(host, "access_token is malformed");
  IamToken token;
  token.lifetime = LifetimeOf(json, now);
  if (token.lifetime <= std::chrono::seconds(0)) return Garbage(host, "the token has no life left");
  token.iam_id = IamIdOf(text);
  token.access_token = SecretBytes(ViewOf(text));
  return token;
}

}  // namespace gw
