// Room: bench/grep11. Text work for the IAM request: addresses and form encoding. Touches nothing.
#include <string_view>

#include "bench/grep11/iam_token.h"

namespace gw::bench {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kDefaultPath = "/identity/token";

bool Unreserved(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

// "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT".
void SplitAuthority(std::string_view authority, HttpsUrl& url) {
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  url.host = host;
  url.port = colon == std::string_view::npos ? "443" : authority.substr(colon + 1);
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(3 * text.size());
  for (const char c : text) {
    if (Unreserved(c)) {
      out += c;
      continue;
    }
    const auto octet = static_cast<Byte>(c);
    out += {'%', kDigits[octet >> 4], kDigits[octet & 15]};
  }
  return out;
}

Result<HttpsUrl> ParseHttpsUrl(const std::string& url) {
  const std::string_view text = url;
  if (!text.starts_with(kScheme))
    return CallerError(CKR_ARGUMENTS_BAD, "'" + url + "' does not begin with https://");
  const std::string_view rest = text.substr(kScheme.size());
  const auto slash = rest.find('/');
  HttpsUrl parsed;
  SplitAuthority(rest.substr(0, slash), parsed);
  const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
  parsed.path = path.size() <= 1 ? kDefaultPath : path;
  if (parsed.host.empty() || parsed.port.empty())
    return CallerError(CKR_ARGUMENTS_BAD, "'" + url + "' names no host");
  return parsed;
}

}  // namespace gw::bench
