// Room: token.
#include "daemon/token/session_key_list.h"

namespace gw {
namespace {

constexpr Byte kVersion = 1;
constexpr std::size_t kLengthBytes = 4;

}  // namespace

Bytes EncodeSessionKeys(const std::vector<ListedKey>& keys) {
  Bytes out;
  if (keys.empty()) return out;
  std::size_t total = 1;
  for (const ListedKey& listed : keys) {
    total += 2 * kLengthBytes + listed.key.octets.size() + listed.other.octets.size();
  }
  out.reserve(total);
  out.push_back(kVersion);
  for (const ListedKey& listed : keys) {
    AppendCounted(out, listed.key.view());
    AppendCounted(out, listed.other.view());
  }
  return out;
}

std::optional<std::vector<ListedKey>> DecodeSessionKeys(ByteView octets) {
  std::vector<ListedKey> keys;
  if (octets.empty()) return keys;
  if (octets[0] != kVersion) return std::nullopt;
  octets = octets.subspan(1);
  while (!octets.empty()) {
    const auto key = TakeCounted(octets);
    const auto other = TakeCounted(octets);
    // Nothing without a key is ever listed.
    if (!key || !other || key->empty()) return std::nullopt;
    keys.push_back({KeyBlob{CopyOf(*key)}, KeyBlob{CopyOf(*other)}});
  }
  return keys;
}

}  // namespace gw
