// Room: core.
#include "daemon/core/key_twins.h"

#include <algorithm>

namespace gw {
namespace {

constexpr std::size_t kIdBytes = 16;
// Wire sheet 4.3: a blob begins with the login session that it is bound to; its first octet is
// never that of a SEQUENCE.
constexpr std::size_t kIdOffset = 32;
constexpr Byte kSequence = 0x30;
constexpr Byte kOctetString = 0x04;

// The length of a DER element with its head; 0: it has none, or is longer than any key.
std::size_t ElementBytes(ByteView der) {
  if (der.size() < 2) return 0;
  if (der[1] < 0x80) return std::size_t{2} + der[1];
  const std::size_t digits = der[1] & 0x7fu;
  if (digits == 0 || digits > 3 || der.size() < 2 + digits) return 0;
  std::size_t length = 0;
  for (const Byte digit : der.subspan(2, digits)) length = length << 8 | digit;
  return 2 + digits + length;
}

}  // namespace

ByteView WrappingKeyOf(ByteView blob) {
  if (blob.empty()) return {};
  if (blob[0] != kSequence) {
    return blob.size() < kIdOffset + kIdBytes ? ByteView() : blob.subspan(kIdOffset, kIdBytes);
  }
  // Wire sheet 4.2: behind the SPKI, an OCTET STRING of 16.
  const std::size_t spki = ElementBytes(blob);
  if (spki == 0 || blob.size() < spki + 2 + kIdBytes) return {};
  const ByteView trailer = blob.subspan(spki);
  if (trailer[0] != kOctetString || trailer[1] != kIdBytes) return {};
  return trailer.subspan(2, kIdBytes);
}

void KeyTwins::Add(const KeyBlob& before, const KeyBlob& after) {
  if (before.empty() || after.empty()) return;
  auto pair = std::make_shared<Pair>();
  pair->blobs[0] = TextOf(before.view());
  pair->blobs[1] = TextOf(after.view());
  pair->turned = turned_;
  pair->kept = sweep_;
  // The name of an entry lies in its pair: one that was there goes first.
  for (const std::string& name : pair->blobs) {
    pairs_.erase(name);
    pairs_.emplace(name, pair);
  }
}

const std::string* KeyTwins::At(TwinSide side, ByteView blob) const {
  const auto at = pairs_.find(TextOf(blob));
  return at == pairs_.end() ? nullptr : &BlobOf(*at->second, side);
}

KeyBlob KeyTwins::Of(TwinSide side, const KeyBlob& blob) const {
  const std::string* found = At(side, blob.view());
  return found == nullptr ? KeyBlob{} : KeyBlob{CopyOf(*found)};
}

KeyBlob KeyTwins::AnyWith(ByteView after) const {
  for (const auto& [name, pair] : pairs_) {
    const std::string& before = BlobOf(*pair, TwinSide::kBefore);
    // A blob that has got another twin since is the name of that pair.
    if (name != before) continue;
    if (std::ranges::equal(WrappingKeyOf(ViewOf(BlobOf(*pair, TwinSide::kAfter))), after)) {
      return KeyBlob{CopyOf(before)};
    }
  }
  return KeyBlob{};
}

void KeyTwins::Turn() {
  turned_ = !turned_;
  side_ = side_ == TwinSide::kBefore ? TwinSide::kAfter : TwinSide::kBefore;
}

void KeyTwins::Keep(const KeyBlob& key) {
  const auto at = pairs_.find(TextOf(key.view()));
  if (at != pairs_.end()) at->second->kept = sweep_;
}

void KeyTwins::Sweep() {
  std::erase_if(pairs_, [this](const auto& entry) { return entry.second->kept + 1 < sweep_; });
  ++sweep_;
}

void KeyTwins::Clear() {
  pairs_.clear();
  side_ = TwinSide::kBefore;
}

}  // namespace gw
