// Room: emulator/engine.
#include "emulator/engine/rewrap.h"

namespace gw::emulator {

Result<Rewrapped> RewrapKeyBlob(const Card& card, ByteView blob) {
  const MasterKeys& keys = card.master_keys();
  if (!keys.committed) {
    return CallerError(CKR_IBM_WK_NOT_INITIALIZED, "no next master key is committed");
  }
  GW_TRY(key, OpenKey(keys.current, blob));
  if (!key.maced) return CallerError(CKR_KEY_HANDLE_INVALID, "public key has no MAC");
  Rewrapped rewrapped;
  rewrapped.key.blob = SealKey(*keys.next, key);
  rewrapped.key.key = std::move(key);
  rewrapped.wkid = keys.next->wkid();
  return rewrapped;
}

}  // namespace gw::emulator
