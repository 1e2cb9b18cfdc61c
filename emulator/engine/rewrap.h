// Room: emulator/engine. RewrapKeyBlob: a blob from the current master key to the committed next
// one. Administrative: the key is not used, so neither its rights nor its login session matter.
#pragma once

#include "emulator/engine/keys.h"

namespace gw::emulator {

struct Rewrapped {
  NewKey key;  // without check sum
  Wkid wkid;   // of the next master key
};

// The same key with the same attributes; a public key gets another MAC. It is good once the next
// key has been activated, and then the old blob no more.
//   errors  CKR_IBM_WK_NOT_INITIALIZED  there is no committed next master key
//           those of OpenKey(); CKR_KEY_HANDLE_INVALID also for a public key without a MAC
Result<Rewrapped> RewrapKeyBlob(const Card& card, ByteView blob);

}  // namespace gw::emulator
