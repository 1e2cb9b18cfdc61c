// Room: token. Session keys as the keystore lists them while the HSM's master key is changed.
// Touches nothing.
#pragma once

#include <optional>
#include <vector>

#include "daemon/core/key_blob.h"

namespace gw {

struct ListedKey {
  KeyBlob key;
  KeyBlob other;  // as Record::other
};

// One octet of version, then of each key both blobs, each behind its length (u32, big-endian). No
// keys: no octets, which deletes the setting.
Bytes EncodeSessionKeys(const std::vector<ListedKey>& keys);
// nullopt: `octets` are no such list.
std::optional<std::vector<ListedKey>> DecodeSessionKeys(ByteView octets);

}  // namespace gw
