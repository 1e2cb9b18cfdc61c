// Room: emulator. A mechanism with its parameters, and attribute templates, as everything but
// service/ sees them.
#pragma once

#include <cstdint>
#include <map>
#include <variant>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"

namespace gw::emulator {

struct OaepParams {
  CK_MECHANISM_TYPE hash = 0;
  std::uint64_t mgf = 0;  // CKG_MGF1_*
  Bytes label;
};

struct PssParams {
  CK_MECHANISM_TYPE hash = 0;
  std::uint64_t mgf = 0;  // CKG_MGF1_*
  std::uint64_t salt_bytes = 0;
};

struct Ecdh1Params {
  std::uint64_t kdf = 0;  // CKD_*
  Bytes shared_data;
  Bytes public_data;
};

struct EcsgParams {
  std::uint64_t type = 0;  // ECSG_IBM_*
};

struct BtcParams {
  std::uint64_t type = 0;  // CK_IBM_BIP0032_* and CK_IBM_SLIP0010_*
  std::uint64_t child_key_index = 0;
  Bytes chain_code;
  std::uint64_t version = 0;
};

// CK_IBM_KEM_*
inline constexpr std::uint64_t kKemEncapsulate = 1;
inline constexpr std::uint64_t kKemDecapsulate = 2;

struct KyberParams {
  std::uint64_t version = 0;
  std::uint64_t mode = 0;  // kKem*
  std::uint64_t kdf = 0;   // CKD_*
  bool prepend = false;
  Bytes ciphertext;
  Bytes shared_data;
  Bytes blob;
};

// A parameter member that no mechanism of the table takes.
struct ForeignParams {};

using MechanismParams = std::variant<std::monostate, Bytes, OaepParams, PssParams, Ecdh1Params,
                                     ForeignParams, EcsgParams, BtcParams, KyberParams>;

struct Mechanism {
  CK_MECHANISM_TYPE type = 0;
  MechanismParams params;
};

// A value as it came over the wire; monostate: named without a value.
using AttributeValue = std::variant<std::monostate, Bytes, bool, std::int64_t>;
using AttributeMap = std::map<CK_ATTRIBUTE_TYPE, AttributeValue>;

}  // namespace gw::emulator
