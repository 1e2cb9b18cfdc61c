// Room: token.
#include "daemon/token/session_key_list.h"

namespace gw {
namespace {

constexpr Byte kVersion = 1;
constexpr std::size_t kLengthBytes = 4;

void AppendBlob(Bytes& out, const KeyBlob& blob) {
  AppendU32Be(out, static_cast<std::uint32_t>(blob.octets.size()));
  Append(out, blob.view());
}

// Takes a blob off the front; false: it ends too early.
bool TakeBlob(ByteView& in, KeyBlob& blob) {
  if (in.size() < kLengthBytes) return false;
  std::size_t length = 0;
  for (const Byte octet : in.first(kLengthBytes)) length = length << 8 | octet;
  in = in.subspan(kLengthBytes);
  if (length > in.size()) return false;
  blob.octets = CopyOf(in.first(length));
  in = in.subspan(length);
  return true;
}

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
    AppendBlob(out, listed.key);
    AppendBlob(out, listed.other);
  }
  return out;
}

std::optional<std::vector<ListedKey>> DecodeSessionKeys(ByteView octets) {
  std::vector<ListedKey> keys;
  if (octets.empty()) return keys;
  if (octets[0] != kVersion) return std::nullopt;
  octets = octets.subspan(1);
  while (!octets.empty()) {
    ListedKey listed;
    if (!TakeBlob(octets, listed.key) || !TakeBlob(octets, listed.other)) return std::nullopt;
    // Nothing without a key is ever listed.
    if (listed.key.empty()) return std::nullopt;
    keys.push_back(std::move(listed));
  }
  return keys;
}

}  // namespace gw
