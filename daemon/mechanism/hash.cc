// Room: mechanism. The digests and their numbers.
#include <array>

#include "daemon/core/check.h"
#include "daemon/mechanism/mechanism_table.h"

namespace gw {
namespace {

struct HashRow {
  Hash hash;
  CK_MECHANISM_TYPE mechanism;
  std::size_t bytes;
};

// Indexed by Hash.
constexpr auto kHashes = std::to_array<HashRow>({
    {Hash::kNone, CK_UNAVAILABLE_INFORMATION, 0},
    {Hash::kSha1, CKM_SHA_1, 20},
    {Hash::kSha224, CKM_SHA224, 28},
    {Hash::kSha256, CKM_SHA256, 32},
    {Hash::kSha384, CKM_SHA384, 48},
    {Hash::kSha512, CKM_SHA512, 64},
    {Hash::kSha512_224, CKM_SHA512_224, 28},
    {Hash::kSha512_256, CKM_SHA512_256, 32},
    {Hash::kSha3_224, CKM_IBM_SHA3_224, 28},
    {Hash::kSha3_256, CKM_IBM_SHA3_256, 32},
    {Hash::kSha3_384, CKM_IBM_SHA3_384, 48},
    {Hash::kSha3_512, CKM_IBM_SHA3_512, 64},
});

consteval bool IndexedByHash() {
  for (std::size_t i = 0; i < kHashes.size(); ++i) {
    if (static_cast<std::size_t>(kHashes[i].hash) != i) return false;
  }
  return true;
}
static_assert(IndexedByHash());
static_assert(kHashes.back().hash == Hash::kSha3_512, "one row per Hash");

const HashRow& RowOf(Hash hash) {
  const auto index = static_cast<std::size_t>(hash);
  GW_CHECK(index < kHashes.size());
  return kHashes[index];
}

}  // namespace

std::optional<Hash> HashOfMechanism(CK_MECHANISM_TYPE digest_mechanism) {
  const MechanismRow* row = FindMechanism(digest_mechanism);
  return row != nullptr && row->family == Family::kDigest ? std::optional(row->hash) : std::nullopt;
}

CK_MECHANISM_TYPE MechanismOfHash(Hash hash) {
  GW_CHECK(hash != Hash::kNone);
  return RowOf(hash).mechanism;
}

std::size_t HashBytes(Hash hash) { return RowOf(hash).bytes; }

}  // namespace gw
