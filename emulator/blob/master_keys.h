// Room: emulator/blob. The master key registers of a crypto unit: the current key, and the next one
// on its way. Rotation: stage a next key, commit it, rewrap the blobs, activate it.
// May touch: the master key file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/core/result.h"
#include "daemon/core/thread_annotations.h"
#include "emulator/blob/key_cache.h"
#include "emulator/blob/master_key.h"

namespace gw::emulator {

// What the registers hold at one instant. A request works with one of these from its beginning to
// its end, so it never sees half of a rotation.
struct MasterKeys {
  MasterKey current;
  std::optional<MasterKey> next;
  bool committed = false;           // blobs may be rewrapped for the next key
  std::shared_ptr<KeyCache> cache;  // of keys that were opened under `current`
};
using MasterKeysPtr = std::shared_ptr<const MasterKeys>;

// All changes:  errors  CKR_ARGUMENTS_BAD with a text for the operator; nothing has changed then.
// Threads: any.
class MasterKeyRegisters {
 public:
  // `file`: where an activated key is kept; empty: nowhere.
  MasterKeyRegisters(MasterKey current, std::string file);

  MasterKeysPtr Read() const;

  // Puts a key into the next register, in place of one that is not committed.
  Status Stage(MasterKey next);
  Status Commit();
  // The committed next key becomes the current one; what was sealed under the old one opens no
  // more.
  Status Activate();
  // Empties the next register.
  void Clear();

 private:
  const std::string file_;
  mutable Mutex mutex_;
  MasterKeysPtr keys_ GW_GUARDED_BY(mutex_);
};

}  // namespace gw::emulator
