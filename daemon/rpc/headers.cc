// Room: rpc.
#include "daemon/rpc/headers.h"

#include <algorithm>
#include <charconv>

namespace gw {
namespace {

struct TimeoutUnit {
  char letter;
  std::int64_t nanoseconds;
};
constexpr auto kUnits = std::to_array<TimeoutUnit>({
    {'u', 1'000},
    {'m', 1'000'000},
    {'S', 1'000'000'000},
    {'H', 3'600'000'000'000},
});
constexpr std::int64_t kMostDigits = 99'999'999;

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kBase64Values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64.size(); ++i) {
    values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

struct HttpRow {
  int status;
  RpcCode code;
};
constexpr auto kHttp = std::to_array<HttpRow>({
    {400, RpcCode::kInternal},
    {401, RpcCode::kUnauthenticated},
    {403, RpcCode::kPermissionDenied},
    {404, RpcCode::kUnimplemented},
    {429, RpcCode::kUnavailable},
    {502, RpcCode::kUnavailable},
    {503, RpcCode::kUnavailable},
    {504, RpcCode::kUnavailable},
});

// Row i is HTTP/2 error code i (RFC 9113 section 7).
constexpr auto kStreamErrors = std::to_array<RpcCode>({
    RpcCode::kInternal,           // NO_ERROR: ended without a status
    RpcCode::kInternal,           // PROTOCOL_ERROR
    RpcCode::kInternal,           // INTERNAL_ERROR
    RpcCode::kInternal,           // FLOW_CONTROL_ERROR
    RpcCode::kInternal,           // SETTINGS_TIMEOUT
    RpcCode::kInternal,           // STREAM_CLOSED
    RpcCode::kInternal,           // FRAME_SIZE_ERROR
    RpcCode::kUnavailable,        // REFUSED_STREAM
    RpcCode::kCancelled,          // CANCEL
    RpcCode::kInternal,           // COMPRESSION_ERROR
    RpcCode::kInternal,           // CONNECT_ERROR
    RpcCode::kResourceExhausted,  // ENHANCE_YOUR_CALM
    RpcCode::kPermissionDenied,   // INADEQUATE_SECURITY
});

}  // namespace

TimeoutText::TimeoutText(std::chrono::nanoseconds left) {
  const std::int64_t nanoseconds = std::max<std::int64_t>(left.count(), 1);
  const TimeoutUnit* unit = kUnits.data();
  const auto count = [&] { return (nanoseconds - 1) / unit->nanoseconds + 1; };
  while (count() > kMostDigits && unit != &kUnits.back()) ++unit;
  char* const end = text_.data() + text_.size() - 1;
  char* const after = std::to_chars(text_.data(), end, std::min(count(), kMostDigits)).ptr;
  *after = unit->letter;
  size_ = static_cast<std::size_t>(after + 1 - text_.data());
}

std::optional<RpcCode> ParseStatusCode(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number > static_cast<unsigned>(RpcCode::kUnauthenticated)) return RpcCode::kUnknown;
  return static_cast<RpcCode>(number);
}

std::string PercentDecoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      const auto high = HexDigit(text[i + 1]);
      const auto low = HexDigit(text[i + 2]);
      if (high && low) {
        out.push_back(static_cast<char>(*high << 4 | *low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

std::optional<std::string> Base64Decoded(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int value = kBase64Values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xff));
  }
  return out;
}

RpcCode CodeOfHttpStatus(int status) {
  const auto row = std::ranges::find(kHttp, status, &HttpRow::status);
  return row == kHttp.end() ? RpcCode::kUnknown : row->code;
}

RpcCode CodeOfStreamError(std::uint32_t error) {
  return error < kStreamErrors.size() ? kStreamErrors[error] : RpcCode::kInternal;
}

}  // namespace gw
