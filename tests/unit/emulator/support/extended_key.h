// Room: tests. BIP-0032's text form of a node, which no HSM has: to read the vectors that have it.
#pragma once

#include <string>

#include "daemon/core/bytes.h"

namespace gw::emulator {

// What is wrong with it: the text around the key, or the number that the key is.
enum class ExtendedKeyFault { kNone, kText, kPrivateKey, kPublicKey };

struct ExtendedKey {
  ExtendedKeyFault fault = ExtendedKeyFault::kText;
  Bytes chain_code;
  Bytes data;  // 33 octets: 0 and the private key, or the compressed point
};

ExtendedKey ReadExtendedKey(const std::string& text);

}  // namespace gw::emulator
