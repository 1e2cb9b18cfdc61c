// Room: emulator/blob. A key out of its blob: what the emulator works with, and what it seals
// again.
#pragma once

#include <optional>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"
#include "emulator/blob/attribute_bits.h"
#include "emulator/blob/session.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// Immutable once opened. Threads: any number may use one Key.
struct Key {
  CK_OBJECT_CLASS object_class = CKO_SECRET_KEY;
  CK_KEY_TYPE type = CKK_GENERIC_SECRET;
  AttributeBits bits = 0;
  CK_MECHANISM_TYPE generated_by = CK_UNAVAILABLE_INFORMATION;
  // False for a public key that came as a bare SubjectPublicKeyInfo: it has no rights of its own.
  bool maced = true;
  SecretBytes value;         // secret keys
  std::optional<PKey> pkey;  // private and public keys
  SessionId session{};       // the login session it is bound to

  // Null unless it is an EC key.
  const CurveRow* curve() const { return pkey ? pkey->curve() : nullptr; }
  bool Has(AttributeBits wanted) const { return (bits & wanted) == wanted; }
  std::size_t size_bits() const { return pkey ? pkey->bits() : value.size() * 8; }
  Key Clone() const {
    return {object_class, type, bits, generated_by, maced, value.Clone(), pkey, session};
  }
};

}  // namespace gw::emulator
