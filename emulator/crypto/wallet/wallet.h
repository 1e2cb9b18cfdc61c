// Room: emulator/crypto/wallet. Trees of keys by BIP-0032 and SLIP-0010, what CKM_IBM_BTC_DERIVE
// does. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

enum class WalletStandard : std::uint8_t { kBip32, kSlip10 };
enum class WalletStep : std::uint8_t {
  kPrivateToPrivate,
  kPrivateToPublic,
  kPublicToPublic,
  kMaster
};

inline constexpr std::uint32_t kHardenedIndex = 0x80000000;
inline constexpr std::size_t kChainCodeBytes = 32;
inline constexpr std::uint64_t kWalletVersion = 1;
// Both standards: 128 to 512 bits.
inline constexpr std::size_t kMinSeedBytes = 16;
inline constexpr std::size_t kMaxSeedBytes = 64;

// The mechanism's parameter, checked. ParseWalletParams() makes it.
struct WalletParams {
  WalletStandard standard;
  WalletStep step;
  std::uint32_t index;  // hardened from kHardenedIndex on; 0 for a master key
  Bytes chain_code;     // of the parent; empty for a master key
};

// The four fields of BTCDeriveParm (CK_IBM_BTC_DERIVE_PARAMS) as they came.
//   type     1..4 BIP32: private to private, private to public, public to public, master; 5..8 the
//            same for SLIP10
//   errors   CKR_MECHANISM_PARAM_INVALID  version other than 1, unknown type, index above 32 bits,
//            chain code not 32 octets; a master key with index or chain code; a hardened index from
//            public to public
Result<WalletParams> ParseWalletParams(std::uint64_t type, std::uint64_t child_key_index,
                                       ByteView chain_code, std::uint64_t version);

struct WalletNode {
  PKey key;          // with its private half, unless the step ends at a public key
  Bytes chain_code;  // kChainCodeBytes; what DeriveKeyResponse.CheckSum carries
};

//   params  of a master key
//   curve   BIP32: secp256k1; SLIP10: also P-256 and Ed25519
//   errors  CKR_MECHANISM_PARAM_INVALID  another step
//           CKR_CURVE_NOT_SUPPORTED      another curve
//           CKR_KEY_SIZE_RANGE           seed shorter than kMinSeedBytes or longer than
//           kMaxSeedBytes CKR_FUNCTION_FAILED          BIP32, with a chance of 2^-127: the seed
//           gives no key
Result<WalletNode> DeriveWalletMaster(const WalletParams& params, const CurveRow& curve,
                                      ByteView seed);

//   params  of any other step
//   errors  CKR_MECHANISM_PARAM_INVALID  a master key; Ed25519 with an index that is not hardened,
//                                        or from public to public
//           CKR_CURVE_NOT_SUPPORTED      the parent's curve is not one of the standard
//           CKR_KEY_TYPE_INCONSISTENT    parent is RSA, or has no private half and the step needs
//           it CKR_FUNCTION_FAILED          BIP32, with a chance of 2^-127: the index gives no key
Result<WalletNode> DeriveWalletChild(const WalletParams& params, const PKey& parent);

}  // namespace gw::emulator
