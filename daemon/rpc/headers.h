// Room: rpc. May include: core. gRPC's header values and status rules: text in, values out.
// Source: "gRPC over HTTP/2" (PROTOCOL-HTTP2), "HTTP to gRPC status code mapping".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/rpc/status.h"

namespace gw {

// The value of grpc-timeout, rounded up: at most 8 digits and a unit.
class TimeoutText {
 public:
  explicit TimeoutText(std::chrono::nanoseconds left);
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 16> text_;
  std::size_t size_ = 0;
};

// grpc-status. Nothing: it is no number. Numbers that are no code are kUnknown.
std::optional<RpcCode> ParseStatusCode(std::string_view text);
// grpc-message. Percent signs that introduce nothing stay as they are.
std::string PercentDecoded(std::string_view text);
// A header whose name ends in -bin, with or without padding. Nothing: it is no Base64.
std::optional<std::string> Base64Decoded(std::string_view text);

// What an answer without grpc-status means that came with this HTTP status.
RpcCode CodeOfHttpStatus(int status);
// What a stream means that the other side ended with this HTTP/2 error code.
RpcCode CodeOfStreamError(std::uint32_t error);

}  // namespace gw
