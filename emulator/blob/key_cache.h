// Room: emulator/blob. Opened keys by blob, so that a signature costs no decryption and no parsing.
// Only a cache: what is not in it is opened again, and two instances never need to agree on it.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "daemon/core/thread_annotations.h"
#include "emulator/blob/key.h"

namespace gw::emulator {

using KeyPtr = std::shared_ptr<const Key>;

// Least recently used goes first. Threads: any; a shard is locked for the lookup alone, never
// during crypto. An entry is found by the whole blob, so a modified blob is simply a blob that is
// not there.
class KeyCache {
 public:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kKeysPerShard = 256;

  // Null if the blob is not cached.
  KeyPtr Find(ByteView blob);
  void Insert(ByteView blob, KeyPtr key);

 private:
  struct Entry {
    Bytes blob;
    KeyPtr key;
  };
  struct Shard {
    Mutex mutex;
    std::list<Entry> by_age
        GW_GUARDED_BY(mutex);  // newest first; owns the text the index points to
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_blob GW_GUARDED_BY(mutex);
  };
  Shard& ShardOf(ByteView blob);

  std::array<Shard, kShards> shards_;
};

}  // namespace gw::emulator
