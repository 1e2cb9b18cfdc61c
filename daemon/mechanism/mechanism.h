// Room: mechanism. May include: core. A mechanism as the rooms pass it on: type and decoded
// parameter.
#pragma once

#include <optional>
#include <variant>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"
#include "proto/pkcs11/ck_parameters.h"

namespace gw {

// CK_RSA_PKCS_OAEP_PARAMS. hash is a CKM_ digest, mgf a CKG_, source CKZ_DATA_SPECIFIED (1) or 0.
struct OaepParameter {
  CK_MECHANISM_TYPE hash = 0;
  CK_ULONG mgf = 0;
  CK_ULONG source = 0;
  Bytes source_data;
  friend bool operator==(const OaepParameter&, const OaepParameter&) = default;
};

// CK_RSA_PKCS_PSS_PARAMS.
struct PssParameter {
  CK_MECHANISM_TYPE hash = 0;
  CK_ULONG mgf = 0;
  CK_ULONG salt_bytes = 0;
  friend bool operator==(const PssParameter&, const PssParameter&) = default;
};

// CK_ECDH1_DERIVE_PARAMS. kdf is a CKD_.
struct Ecdh1Parameter {
  CK_ULONG kdf = 0;
  Bytes shared_data;
  Bytes public_data;
  friend bool operator==(const Ecdh1Parameter&, const Ecdh1Parameter&) = default;
};

// CK_EDDSA_PARAMS.
struct EddsaParameter {
  bool hash_first = false;
  Bytes context;
  friend bool operator==(const EddsaParameter&, const EddsaParameter&) = default;
};

// CK_IBM_ECDSA_OTHER_PARAMS: the rule of a Schnorr signature.
struct EcsgParameter {
  CK_ULONG submechanism = 0;
  friend bool operator==(const EcsgParameter&, const EcsgParameter&) = default;
};

// CK_IBM_BTC_DERIVE_PARAMS. chain_code is the parent's; of a master key it is empty.
struct BtcParameter {
  CK_ULONG type = 0;
  CK_ULONG child_index = 0;
  Bytes chain_code;
  CK_ULONG version = 0;
  friend bool operator==(const BtcParameter&, const BtcParameter&) = default;
};

// CK_IBM_KYBER_PARAMS and XCP_KYBER_KEM_PARAMS.
struct KyberParameter {
  CK_ULONG version = 0;
  CK_ULONG mode = 0;
  CK_ULONG kdf = 0;
  bool prepend = false;
  Bytes ciphertext;  // to decapsulate
  std::optional<std::uint64_t>
      room;  // octets for the ciphertext of an encapsulation; nullopt: NULL
  Bytes shared_data;
  ObjectHandle secret{};  // of a hybrid derivation: a key of ours,
  Bytes blob;             // or the key as the HSM knows it
  friend bool operator==(const KyberParameter&, const KyberParameter&) = default;
};

// The MAC key of CKM_IBM_ATTRIBUTEBOUND_WRAP, as ops/ puts it in the place of the handle that the
// application gave.
struct MacKeyParameter {
  Bytes blob;
  friend bool operator==(const MacKeyParameter&, const MacKeyParameter&) = default;
};

using MechanismParameter =
    std::variant<std::monostate, Bytes, OaepParameter, PssParameter, Ecdh1Parameter, EddsaParameter,
                 EcsgParameter, BtcParameter, KyberParameter, MacKeyParameter>;

struct Mechanism {
  CK_MECHANISM_TYPE type = 0;
  MechanismParameter parameter;
  friend bool operator==(const Mechanism&, const Mechanism&) = default;
};

// What the HSM says of one of its mechanisms.
struct MechanismFacts {
  CK_ULONG min_key_size = 0;
  CK_ULONG max_key_size = 0;
  CK_FLAGS flags = 0;
};

}  // namespace gw
