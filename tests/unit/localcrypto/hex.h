// Tests of localcrypto: octets from hex text.
#pragma once

#include "daemon/core/bytes.h"

namespace gw {

inline Byte HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<Byte>(c - '0');
  return static_cast<Byte>((c | 0x20) - 'a' + 10);
}

// `hex` has an even number of digits.
inline Bytes FromHex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<Byte>(HexDigit(hex[i]) << 4 | HexDigit(hex[i + 1])));
  }
  return bytes;
}

}  // namespace gw
