// Room: tests/fuzz. A crypto unit of the emulator with a fixed master key, and keys of every kind
// for it.
#pragma once

#include "daemon/core/check.h"
#include "emulator/crypto/curves.h"
#include "emulator/engine/keys.h"

namespace gw::emulator {

inline const MasterKey& FuzzMaster() {
  static const MasterKey master(Bytes(kMasterKeyBytes, 0x5a));
  return master;
}

// One for all inputs, since opening an RSA key takes long and the unit keeps what it opened. An
// input that logs in has to log out.
inline CryptoUnit& FuzzUnit() {
  static CryptoUnit unit(FuzzMaster());
  return unit;
}
inline std::string FuzzConnection() { return "fuzz"; }

inline Bytes SealedSecret(CK_KEY_TYPE type) {
  Key key;
  key.type = type;
  key.bits = kAllRights | kExtractable | kModifiable;
  key.value = SecretBytes(Bytes(32, 0x11));
  return SealKey(FuzzMaster(), key);
}

inline Bytes SealedHalf(const PKey& pkey, CK_OBJECT_CLASS object_class) {
  Key key;
  key.object_class = object_class;
  key.type = pkey.type();
  key.bits = kAllRights | kExtractable | kModifiable;
  key.pkey = pkey;
  return SealKey(FuzzMaster(), key);
}

// Blobs of an AES key, a generic secret, and both halves of an EC and an RSA pair.
inline const std::vector<Bytes>& FuzzBlobs() {
  static const std::vector<Bytes> blobs = [] {
    const PKey ec = PKey::GenerateEc(*FindCurve(ViewOf("P-256")));
    const auto rsa = PKey::GenerateRsa(1024, Bytes{0x01, 0x00, 0x01});
    return std::vector<Bytes>{SealedSecret(CKK_AES),
                              SealedSecret(CKK_GENERIC_SECRET),
                              SealedHalf(ec, CKO_PRIVATE_KEY),
                              SealedHalf(ec, CKO_PUBLIC_KEY),
                              SealedHalf(*rsa, CKO_PRIVATE_KEY),
                              SealedHalf(*rsa, CKO_PUBLIC_KEY)};
  }();
  return blobs;
}

}  // namespace gw::emulator
