// Room: config.
#include "daemon/config/values.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace gw {
namespace {

constexpr std::size_t kMaxHostBytes = 253;   // RFC 1035 section 2.3.4, in text form
constexpr std::size_t kMaxLabelBytes = 63;   // the same
constexpr std::size_t kMaxTextBytes = 4096;  // PATH_MAX; nothing here is longer

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Digits only: no sign, no blank, no empty text.
std::optional<std::uint64_t> Decimal(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, IsDigit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

struct Suffix {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Suffix kTimeSuffixes[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Suffix kSizeSuffixes[] = {{"KiB", 1u << 10}, {"MiB", 1u << 20}};

// "30s", "30 s" or "30" with the factor of the suffix applied; nothing if it is not of that form.
std::optional<std::uint64_t> WithSuffix(std::string_view text, std::span<const Suffix> suffixes) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> number = Decimal(text.substr(0, digits));
  if (!number || digits == text.size()) return number;
  std::string_view suffix = text.substr(digits);
  suffix.remove_prefix(std::min(suffix.find_first_not_of(' '), suffix.size()));
  const auto found = std::ranges::find(suffixes, suffix, &Suffix::name);
  if (found == suffixes.end()) return std::nullopt;
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(*number, found->factor, &product)) return std::nullopt;
  return product;
}

Complaint OutOf(std::uint64_t min, std::uint64_t max, std::string_view unit = {}) {
  return "must be from " + std::to_string(min) + " to " + std::to_string(max) + std::string(unit);
}

bool IsHostLabel(std::string_view label) {
  const auto is_allowed = [](char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= kMaxLabelBytes &&
         std::ranges::all_of(label, is_allowed) && label.front() != '-' && label.back() != '-';
}

bool IsAddress(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

// A name whose last label is a number would be an IPv4 address, so it must be a right one.
bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > kMaxHostBytes) return false;
  if (IsAddress(AF_INET, text)) return true;
  if (text.ends_with('.')) text.remove_suffix(1);
  for (;;) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, dot);
    if (!IsHostLabel(label)) return false;
    if (dot == text.size()) return !Decimal(label);
    text.remove_prefix(dot + 1);
  }
}

std::string_view WithoutBrackets(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  return bracketed ? text.substr(1, text.size() - 2) : text;
}

// "host:port" or "[address]:port" into its two parts; the port is empty if there is none.
std::pair<std::string_view, std::string_view> SplitPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

struct LevelName {
  std::string_view name;
  LogLevel level;
};
constexpr LevelName kLevelNames[] = {
    {"panic", LogLevel::kFatal},  {"fatal", LogLevel::kFatal},     {"error", LogLevel::kError},
    {"warn", LogLevel::kWarning}, {"warning", LogLevel::kWarning}, {"info", LogLevel::kInfo},
    {"debug", LogLevel::kDebug},  {"trace", LogLevel::kTrace},
};

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

Complaint ParseBool(std::string_view text, bool& out) {
  constexpr std::string_view kYes[] = {"true", "True", "TRUE", "yes", "Yes",
                                       "YES",  "on",   "On",   "ON"};
  constexpr std::string_view kNo[] = {"false", "False", "FALSE", "no", "No",
                                      "NO",    "off",   "Off",   "OFF"};
  const bool yes = std::ranges::find(kYes, text) != std::end(kYes);
  const bool no = std::ranges::find(kNo, text) != std::end(kNo);
  if (!yes && !no) return "must be true or false";
  out = yes;
  return {};
}

Complaint ParseText(std::string_view text, std::string& out) {
  if (text.size() > kMaxTextBytes) return "longer than " + std::to_string(kMaxTextBytes) + " bytes";
  out = text;
  return {};
}

Complaint ParseNumber(std::string_view text, std::uint64_t min, std::uint64_t max,
                      std::uint64_t& out) {
  const std::optional<std::uint64_t> number = Decimal(text);
  if (!number || *number < min || *number > max) return OutOf(min, max);
  out = *number;
  return {};
}

Complaint ParsePort(std::string_view text, std::uint16_t& out) {
  const std::optional<std::uint64_t> number = Decimal(text);
  if (!number || *number < 1 || *number > 65535) return "must be a port from 1 to 65535";
  out = static_cast<std::uint16_t>(*number);
  return {};
}

Complaint ParseSize(std::string_view text, std::uint64_t min, std::uint64_t max,
                    std::uint64_t& out) {
  const std::optional<std::uint64_t> size = WithSuffix(text, kSizeSuffixes);
  if (!size) return "must be a number of bytes, or one with KiB or MiB, as in \"64MiB\"";
  if (*size < min || *size > max) return OutOf(min, max, " bytes");
  out = *size;
  return {};
}

Complaint ParseDuration(std::string_view text, std::chrono::milliseconds min,
                        std::chrono::milliseconds max, std::chrono::milliseconds& out) {
  const std::optional<std::uint64_t> time = WithSuffix(text, kTimeSuffixes);
  if (!time) return "must be a time with ms, s, m or h, as in \"30s\" (a bare number counts ms)";
  const auto min_ms = static_cast<std::uint64_t>(min.count());
  const auto max_ms = static_cast<std::uint64_t>(max.count());
  if (*time < min_ms || *time > max_ms) return OutOf(min_ms, max_ms, " ms");
  out = std::chrono::milliseconds(*time);
  return {};
}

Complaint ParsePrintable(std::string_view text, std::size_t max, std::string& out) {
  const bool fits = !text.empty() && text.size() <= max &&
                    std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!fits) return "must be 1 to " + std::to_string(max) + " printable ASCII characters";
  out = text;
  return {};
}

Complaint ParseUuid(std::string_view text, std::string& out) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char c, char form) { return form == '-' ? c == '-' : IsHexDigit(c); };
  if (!std::ranges::equal(text, kForm, fits)) {
    return "must be a UUID, as in \"f00db2f1-4421-4032-a505-465bedfa845b\"";
  }
  out = text;
  return {};
}

Complaint ParseHost(std::string_view text, std::string& out) {
  if (text.find("://") != std::string_view::npos) return "must be a host name without a scheme";
  const std::string_view host = WithoutBrackets(text);
  const bool is_host = IsHostName(host) || IsAddress(AF_INET6, host);
  if (!is_host && IsHostName(SplitPort(text).first)) {
    return "must be a host name without a port; the port has a key of its own";
  }
  if (!is_host) return "must be a host name or an IP address";
  out = host;
  return {};
}

Complaint ParseHttpsUrl(std::string_view text, std::string& out) {
  constexpr std::string_view kScheme = "https://";
  constexpr std::string_view kForm = "must be an address of the form https://host[:port][/path]";
  if (!LowerCase(text.substr(0, kScheme.size())).starts_with(kScheme)) {
    return "must begin with https://";
  }
  std::string_view rest = text.substr(kScheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const bool plain = std::ranges::all_of(
      rest, [](char c) { return c > 0x20 && c < 0x7f && c != '@' && c != '?' && c != '#'; });
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const auto [host, port] = SplitPort(authority);
  std::string host_out;
  std::uint16_t port_out = 0;
  const bool has_port = host.size() != authority.size();
  const bool good_port = !has_port || ParsePort(port, port_out).empty();
  if (!plain || !good_port || !ParseHost(host, host_out).empty()) return std::string(kForm);
  out = std::string(kScheme) + std::string(rest);
  return {};
}

Complaint ParseLoopbackListen(std::string_view text, std::string& out) {
  if (text.empty() || text == "off") return out.clear(), Complaint{};
  const auto [host, port] = SplitPort(text);
  const std::string_view address = WithoutBrackets(host);
  const std::optional<std::uint64_t> number = Decimal(port);
  const bool is_v6 = address.size() != host.size() && IsAddress(AF_INET6, address);
  if ((!is_v6 && !IsAddress(AF_INET, host)) || !number || *number > 65535) {
    return "must be an IP address and a port, as in \"127.0.0.1:9611\", or \"off\"";
  }
  if (!IsLoopbackHost(address)) return "must be a loopback address: it answers without a password";
  out = text;
  return {};
}

Complaint ParseAbsolutePath(std::string_view text, std::string& out) {
  if (!text.starts_with('/')) return "must be a full path, beginning with \"/\"";
  return ParseText(text, out);
}

Complaint ParseSocketPath(std::string_view text, std::string& out) {
  constexpr std::size_t kMax = sizeof(sockaddr_un::sun_path) - 1;
  const bool abstract = text.size() > 1 && text.front() == '@';
  if (!abstract && !text.starts_with('/')) {
    return "must be a full path, or an abstract name beginning with \"@\"";
  }
  if (text.size() > kMax) return "longer than " + std::to_string(kMax) + " bytes";
  out = text;
  return {};
}

Complaint ParseLogLevel(std::string_view text, LogLevel& out) {
  const auto found = std::ranges::find(kLevelNames, LowerCase(text), &LevelName::name);
  if (found == std::end(kLevelNames)) {
    return "must be panic, fatal, error, warning, info, debug or trace";
  }
  out = found->level;
  return {};
}

bool IsLoopbackHost(std::string_view host) {
  if (LowerCase(host) == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  in6_addr v6{};
  return inet_pton(AF_INET6, std::string(host).c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace gw
