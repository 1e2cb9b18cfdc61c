// Room: emulator/blob.
#include "emulator/blob/master_keys.h"

#include <utility>

namespace gw::emulator {
namespace {

Error Refused(const char* why) { return CallerError(CKR_ARGUMENTS_BAD, why); }

}  // namespace

MasterKeyRegisters::MasterKeyRegisters(MasterKey current, std::string file)
    : file_(std::move(file)),
      keys_(std::make_shared<const MasterKeys>(
          MasterKeys{std::move(current), std::nullopt, false, std::make_shared<KeyCache>()})) {}

MasterKeysPtr MasterKeyRegisters::Read() const {
  const MutexLock lock(mutex_);
  return keys_;
}

Status MasterKeyRegisters::Stage(MasterKey next) {
  const MutexLock lock(mutex_);
  if (keys_->committed) return Refused("the next master key is committed: activate or clear it");
  if (next.wkid() == keys_->current.wkid()) return Refused("this is the current master key");
  keys_ = std::make_shared<const MasterKeys>(
      MasterKeys{keys_->current, std::move(next), false, keys_->cache});
  return Ok();
}

Status MasterKeyRegisters::Commit() {
  const MutexLock lock(mutex_);
  if (!keys_->next) return Refused("there is no next master key: stage one first");
  MasterKeys committed = *keys_;
  committed.committed = true;
  keys_ = std::make_shared<const MasterKeys>(std::move(committed));
  return Ok();
}

Status MasterKeyRegisters::Activate() {
  const MutexLock lock(mutex_);
  if (!keys_->committed) return Refused("there is no committed next master key: commit it first");
  if (!file_.empty()) GW_TRY_VOID(keys_->next->Save(file_));
  keys_ = std::make_shared<const MasterKeys>(
      MasterKeys{*keys_->next, std::nullopt, false, std::make_shared<KeyCache>()});
  return Ok();
}

void MasterKeyRegisters::Clear() {
  const MutexLock lock(mutex_);
  keys_ = std::make_shared<const MasterKeys>(
      MasterKeys{keys_->current, std::nullopt, false, keys_->cache});
}

}  // namespace gw::emulator
