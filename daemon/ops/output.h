// Room: ops. The length convention of Cryptoki (PKCS #11 v2.40 5.2) in one place.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/token/active_operation.h"

namespace gw::ops {

// The application's buffer, in octets; nullopt = NULL pointer: it asks for the length.
using Capacity = std::optional<std::uint64_t>;

// What goes back: the octets, or only the length they need.
struct Output {
  std::uint64_t length = 0;
  Bytes data;
  bool delivered = false;  // false: a length query, or CKR_BUFFER_TOO_SMALL

  // The CK_RV of the call. A query that fits nothing yet is no error.
  CK_RV rv(Capacity capacity) const {
    return delivered || !capacity ? CKR_OK : CKR_BUFFER_TOO_SMALL;
  }
};

// The answer without octets when `length` of them would not fit or were not asked for; nullopt: go
// on and make them.
inline std::optional<Output> LengthOnly(std::uint64_t length, Capacity capacity) {
  if (capacity && *capacity >= length) return std::nullopt;
  return Output{.length = length, .data = {}, .delivered = false};
}

inline Output Delivered(Bytes data) {
  const std::uint64_t length = data.size();
  return Output{.length = length, .data = std::move(data), .delivered = true};
}

// Ends the operation unless its result is still to be fetched (behaviour R118, R131).
inline Result<Output> EndWhenDone(ActiveOperations& operations, OperationKind kind,
                                  Result<Output> result) {
  if (!result || result->delivered) operations.End(kind);
  return result;
}

// Octets that were made but did not fit: kept so that the second call costs no second request to
// the HSM.
class HeldOutput {
 public:
  // What can be answered without making them: their length if that is known beforehand, or the
  // octets themselves if they are held.
  //   known_bytes  0: only the HSM knows
  std::optional<Output> Ready(std::uint64_t known_bytes, ByteView input, Capacity capacity) {
    if (known_bytes != 0) return LengthOnly(known_bytes, capacity);
    if (!Answers(input)) return std::nullopt;
    return Take(capacity);
  }
  // Only for the input that made them.
  bool Answers(ByteView input) const { return held_ && Equal(input, input_); }
  Output Take(Capacity capacity) {
    if (auto length = LengthOnly(output_.size(), capacity)) return *length;
    held_ = false;
    return Delivered(std::move(output_));
  }
  Output Hold(ByteView input, Bytes output, Capacity capacity) {
    input_ = CopyOf(input);
    output_ = std::move(output);
    held_ = true;
    return Take(capacity);
  }

 private:
  bool held_ = false;
  Bytes input_;
  Bytes output_;
};

}  // namespace gw::ops
