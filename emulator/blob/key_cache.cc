// Room: emulator/blob.
#include "emulator/blob/key_cache.h"

namespace gw::emulator {

KeyCache::Shard& KeyCache::ShardOf(ByteView blob) {
  // The last octet belongs to the tag (or the MAC): as good as random.
  return shards_[blob.empty() ? 0 : blob.back() % kShards];
}

KeyPtr KeyCache::Find(ByteView blob) {
  Shard& shard = ShardOf(blob);
  const MutexLock lock(shard.mutex);
  const auto at = shard.by_blob.find(TextOf(blob));
  if (at == shard.by_blob.end()) return nullptr;
  shard.by_age.splice(shard.by_age.begin(), shard.by_age, at->second);
  return at->second->key;
}

void KeyCache::Insert(ByteView blob, KeyPtr key) {
  Shard& shard = ShardOf(blob);
  const MutexLock lock(shard.mutex);
  if (shard.by_blob.contains(TextOf(blob))) return;
  shard.by_age.push_front({CopyOf(blob), std::move(key)});
  shard.by_blob.emplace(TextOf(shard.by_age.front().blob), shard.by_age.begin());
  if (shard.by_age.size() <= kKeysPerShard) return;
  shard.by_blob.erase(TextOf(shard.by_age.back().blob));
  shard.by_age.pop_back();
}

}  // namespace gw::emulator
