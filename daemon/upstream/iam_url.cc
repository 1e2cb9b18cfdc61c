// Room: upstream. The URL of IAM.
#include <algorithm>
#include <charconv>

#include "daemon/upstream/iam_client.h"

namespace gw {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kTokenPath = "/identity/token";

Error BadUrl(const std::string& endpoint, const char* why) {
  return CallerError(CKR_ARGUMENTS_BAD, "IAM endpoint \"" + endpoint + "\" " + why);
}

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

// Splits "host", "host:port", "[v6]" and "[v6]:port"; false: neither.
bool SplitAuthority(std::string_view authority, IamUrl& url) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  url.port = rest.empty() ? std::string("443") : std::string(rest.substr(1));
  return !url.host.empty() && (rest.empty() || (rest.front() == ':' && IsPort(url.port)));
}

// Visible ASCII: the parts become header lines.
bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<IamUrl> ParseIamUrl(const std::string& endpoint) {
  if (!endpoint.starts_with(kScheme)) return BadUrl(endpoint, "does not begin with https://");
  std::string_view rest = endpoint;
  rest.remove_prefix(kScheme.size());
  if (!IsPlain(rest) || rest.find_first_of("?#@") != std::string_view::npos) {
    return BadUrl(endpoint, "holds something else than host, port and path");
  }
  const auto slash = rest.find('/');
  IamUrl url;
  if (!SplitAuthority(rest.substr(0, slash), url)) return BadUrl(endpoint, "has no host and port");
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  url.target = path;
  if (!path.ends_with(kTokenPath)) url.target += kTokenPath;
  return url;
}

}  // namespace gw
