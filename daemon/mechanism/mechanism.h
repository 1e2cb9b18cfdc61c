// Room: mechanism. May include: core. A mechanism as the rooms pass it on: type and decoded
// parameter.
#pragma once

#include <variant>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"

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

using MechanismParameter =
    std::variant<std::monostate, Bytes, OaepParameter, PssParameter, Ecdh1Parameter>;

struct Mechanism {
  CK_MECHANISM_TYPE type = 0;
  MechanismParameter parameter;
  friend bool operator==(const Mechanism&, const Mechanism&) = default;
};

}  // namespace gw
