// Room: emulator/engine.
#include "emulator/engine/canned_signatures.h"

namespace gw::emulator {

Result<Bytes> CannedSignatures::Of(const KeyPtr& key, const Mechanism& mechanism,
                                   std::size_t input_bytes,
                                   const std::function<Result<Bytes>()>& sign) {
  const auto* pss = std::get_if<PssParams>(&mechanism.params);
  const auto* ecsg = std::get_if<EcsgParams>(&mechanism.params);
  const Which which{key.get(),
                    mechanism.type,
                    pss != nullptr ? pss->hash : 0,
                    pss != nullptr ? pss->salt_bytes : 0,
                    ecsg != nullptr ? ecsg->type : 0,
                    input_bytes};
  {
    const MutexLock lock(mutex_);
    if (const auto at = kept_.find(which); at != kept_.end()) {
      given_.fetch_add(1, std::memory_order_relaxed);
      return at->second.signature;
    }
  }
  GW_TRY(signature, sign());
  const MutexLock lock(mutex_);
  if (kept_.size() >= kMost) kept_.clear();
  kept_.try_emplace(which, Kept{key, signature});
  return std::move(signature);
}

}  // namespace gw::emulator
