// Room: emulator/blob. Public keys: SubjectPublicKeyInfo followed by the crypto unit's MAC trailer.
//   04 10 WKID  04 20 login session  04 08 salt  04 08 mode  04 LL attributes  04 20 HMAC-SHA-256
//   over all before
#pragma once

#include "daemon/core/result.h"
#include "emulator/blob/key.h"
#include "emulator/blob/master_key.h"

namespace gw::emulator {

// DER SEQUENCE. Encrypted blobs begin with the session identifier, which never begins with this.
inline constexpr Byte kSpkiFirstByte = 0x30;

Bytes SealSpki(const MasterKey& master, const Key& key);
// As OpenKey().
Result<Key> OpenSpki(const MasterKey& master, ByteView bytes);

}  // namespace gw::emulator
