// Room: config. May include: core. Single values: text in, value out. Each function returns what is
// wrong with `text`, or an empty string; `out` is set only on success. No complaint repeats the
// text, because it may be a secret in the wrong place.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/config/config.h"

namespace gw {

using Complaint = std::string;

// YAML 1.1: true/false, yes/no, on/off, each as it stands, Capitalised or UPPER CASE.
Complaint ParseBool(std::string_view text, bool& out);
Complaint ParseText(std::string_view text, std::string& out);

// A decimal number from `min` to `max`.
Complaint ParseNumber(std::string_view text, std::uint64_t min, std::uint64_t max,
                      std::uint64_t& out);
template <std::uint32_t kMin, std::uint32_t kMax>
Complaint ParseCount(std::string_view text, std::uint32_t& out) {
  std::uint64_t number = 0;
  Complaint complaint = ParseNumber(text, kMin, kMax, number);
  if (complaint.empty()) out = static_cast<std::uint32_t>(number);
  return complaint;
}
Complaint ParsePort(std::string_view text, std::uint16_t& out);

// Octets: a number, or one with KiB or MiB behind it.
Complaint ParseSize(std::string_view text, std::uint64_t min, std::uint64_t max,
                    std::uint64_t& out);
template <std::uint32_t kMin, std::uint32_t kMax>
Complaint ParseBytes(std::string_view text, std::uint32_t& out) {
  std::uint64_t number = 0;
  Complaint complaint = ParseSize(text, kMin, kMax, number);
  if (complaint.empty()) out = static_cast<std::uint32_t>(number);
  return complaint;
}

// A time: a number with ms, s, m or h behind it; without a unit it counts milliseconds.
Complaint ParseDuration(std::string_view text, std::chrono::milliseconds min,
                        std::chrono::milliseconds max, std::chrono::milliseconds& out);
template <std::int64_t kMinMs, std::int64_t kMaxMs>
Complaint ParseTime(std::string_view text, std::chrono::milliseconds& out) {
  return ParseDuration(text, std::chrono::milliseconds(kMinMs), std::chrono::milliseconds(kMaxMs),
                       out);
}

// Text of a CK_INFO or CK_TOKEN_INFO field: printable ASCII, at most `kMax` octets.
Complaint ParsePrintable(std::string_view text, std::size_t max, std::string& out);
template <std::size_t kMax>
Complaint ParseInfoText(std::string_view text, std::string& out) {
  return ParsePrintable(text, kMax, out);
}

// RFC 9562 text form, 8-4-4-4-12 hexadecimal digits; the letters' case stays.
Complaint ParseUuid(std::string_view text, std::string& out);
// Host name or address, without scheme and port. An IPv6 address may stand in brackets, which are
// taken off.
Complaint ParseHost(std::string_view text, std::string& out);
// https://host[:port][/path]; slashes at the end are taken off.
Complaint ParseHttpsUrl(std::string_view text, std::string& out);
// Loopback address and port, "127.0.0.1:9611" or "[::1]:9611"; port 0 lets the system choose.
// "off" and an empty text become empty.
Complaint ParseLoopbackListen(std::string_view text, std::string& out);
Complaint ParseAbsolutePath(std::string_view text, std::string& out);
// A path that fits sockaddr_un, or an abstract name that begins with '@'.
Complaint ParseSocketPath(std::string_view text, std::string& out);
// panic, fatal, error, warning, warn, info, debug, trace, in any letter case.
Complaint ParseLogLevel(std::string_view text, LogLevel& out);

// Name or number, from the user and group databases of the host.
Complaint ParseUser(std::string_view text, std::uint32_t& out);
Complaint ParseGroup(std::string_view text, std::uint32_t& out);

// Reaches only this host: localhost, 127.0.0.0/8, ::1.
bool IsLoopbackHost(std::string_view host);
std::string LowerCase(std::string_view text);

}  // namespace gw
