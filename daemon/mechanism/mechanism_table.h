// Room: mechanism. May include: core. One row per CKM_: C_GetMechanismList, C_GetMechanismInfo,
// parameter checks, key checks and routing read only this. A new mechanism is a new row, and maybe
// a new parameter rule.
#pragma once

#include <optional>
#include <span>

#include "daemon/core/result.h"
#include "daemon/mechanism/mechanism.h"

namespace gw {

inline constexpr std::uint8_t kAesBlockBytes = 16;
inline constexpr std::uint8_t kDesBlockBytes = 8;
inline constexpr CK_ULONG kDes2Bytes = 16;  // of a key with two parts
inline constexpr CK_ULONG kDes3Bytes = 24;

enum class Hash : std::uint8_t {
  kNone,
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512,
  kSha512_224,
  kSha512_256,
  kSha3_224,
  kSha3_256,
  kSha3_384,
  kSha3_512
};

// What computation the mechanism is, apart from its hash. Decides routes and lengths.
enum class Family : std::uint8_t {
  kDigest,
  kRsaPkcs,  // PKCS #1 v1.5, signature and encryption
  kRsaPss,
  kRsaOaep,
  kEcdsa,
  kHmac,
  kEcb,  // block ciphers: AES and DES
  kCbc,
  kCbcPad,
  kGenerateKey,
  kGenerateKeyPair,
  kEcdh1,
  // Curves and lattices.
  kEddsa,
  kSchnorr,
  kXdh,        // as kEcdh1, on Montgomery curves
  kWallet,     // BIP32 and SLIP10
  kDilithium,  // key pairs and signatures by one mechanism
  kKyber,      // key pairs and encapsulation by one mechanism
  // Older ones.
  kRsaX931,
  kCmac,
  kDsa,
  kGenerateDomain,  // parameters of DSA and Diffie-Hellman, which are objects
  kDh,
  kHashDerive,
  kDataDerive,
  kTransportKey,  // a public key gets the HSM's MAC
  kBoundWrap,
  // The HSM has it and the table does not (offered_mechanisms.h): lengths and keys are the HSM's to
  // say.
  kOther,
};

enum class ParameterRule : std::uint8_t {
  kNone,
  kIv,
  kOaep,
  kPss,
  kEcdh1,
  // Curves and lattices.
  kEddsa,
  kEcsg,
  kBtc,
  kKyber,
  // Older ones.
  kPublicValue,  // octets of a number
  kBlocks,       // octets, whole blocks of them
  kKeyHandle,
  kOctets,  // any, or none
};

struct MechanismRow {
  CK_MECHANISM_TYPE type;
  Family family;
  CK_FLAGS flags;  // CKF_SIGN and so on: for which functions; the flags of CK_MECHANISM_INFO
  // Of the key it uses or makes; CK_UNAVAILABLE_INFORMATION for digests, which use none.
  CK_KEY_TYPE key_type;
  CK_ULONG min_key_size;  // in the unit of CK_MECHANISM_INFO: bytes of secret keys, bits of others
  CK_ULONG max_key_size;
  ParameterRule parameter;
  std::uint8_t block_bytes;  // cipher block and IV size; 0 for others
  Hash hash;  // digest computed before the raw operation, or the HMAC/digest hash; kNone for raw
              // forms
  CK_MECHANISM_TYPE raw;  // mechanism that takes the digest (CKM_ECDSA for CKM_ECDSA_SHA256);
                          // itself for raw forms
  bool multi_part;  // the HSM offers Update; otherwise Updates are gathered here and sent at Final
  std::span<const CK_KEY_TYPE> more_key_types = {};  // that it takes beside key_type
};

// nullptr: not known. Rows live for ever, sorted by type.
const MechanismRow* FindMechanism(CK_MECHANISM_TYPE type);
std::span<const MechanismRow> AllMechanisms();

// Whether a mechanism with this row may be used for one function: `flag` is the CKF_ bit of the
// function; nullptr: there is no such mechanism.
// errors  CKR_MECHANISM_INVALID        none, or does not serve that function
//         CKR_MECHANISM_PARAM_INVALID  parameter missing, superfluous, of wrong length or with
//         impossible values
// source  PKCS #11 v2.40 5.8-5.14; behaviour R136, R190
Status CheckMechanism(const MechanismRow* row, const Mechanism& mechanism, CK_FLAGS flag);

// Digest by its CKM_ number (CKM_SHA256 and so on), for PSS and OAEP parameters; nullopt: none of
// ours.
std::optional<Hash> HashOfMechanism(CK_MECHANISM_TYPE digest_mechanism);
CK_MECHANISM_TYPE MechanismOfHash(Hash hash);
std::size_t HashBytes(Hash hash);

}  // namespace gw
