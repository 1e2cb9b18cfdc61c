// Room: pkcs11-shim. Record updates at the end of a reply (proto/wire/WIRE.md, Records): found from
// the end, whatever the function.
#pragma once

#include "pkcs11-shim/vault.h"

namespace gw::shim {

// Parts the body of a reply with kFlagRecords: *body keeps the results. False unless all of the
// updates may be stored.
inline bool SplitUpdates(wire::Octets* body, wire::Octets* updates) {
  constexpr size_t kLengthBytes = sizeof(uint32_t);
  if (body->size < kLengthBytes) return false;
  const size_t before = body->size - kLengthBytes;
  const uint32_t length = wire::Reader(body->data + before, kLengthBytes).U32();
  if (length > before) return false;
  *updates = {body->data + before - length, length};
  body->size = before - length;
  return Vault::Sound(*updates);
}

}  // namespace gw::shim
