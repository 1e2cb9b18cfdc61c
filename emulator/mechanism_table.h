// Room: emulator. One row per mechanism; lists, infos, parameter checks and the choice of algorithm
// read only this.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/result.h"
#include "emulator/crypto/hash.h"
#include "emulator/mechanism.h"

namespace gw::emulator {

enum class Family : std::uint8_t {
  kDigest,
  kHmac,
  kCmac,
  kAesEcb,
  kAesCbc,
  kAesCbcPad,
  kAesKeyGen,
  kGenericKeyGen,
  kRsaKeyPairGen,
  kRsaPkcs1,
  kRsaOaep,
  kRsaPss,
  kEcKeyPairGen,
  kEcdsa,
  kEcdh,
  kTransportKey,
  kBoundWrap,
  // DES, RSA by X9.31, DSA, Diffie-Hellman, derivations
  kDes2KeyGen,
  kDes3KeyGen,
  kDes3Ecb,
  kDes3Cbc,
  kDes3CbcPad,
  kX931KeyPairGen,
  kRsaX931,
  kDsaParameterGen,
  kDsaKeyPairGen,
  kDsa,
  kDhParameterGen,
  kDhKeyPairGen,
  kDhDerive,
  kDes3EncryptData,
  kDigestDerive,
  // Raw curves, Schnorr, wallets, lattices
  kEddsa,
  kSchnorr,
  kXdh,
  kWallet,
  kDilithium,
  kKyber,
};

enum class ParamKind : std::uint8_t {
  kNone,
  kIv16,
  kOaep,
  kPss,
  kEcdh1,
  kIv8,
  kOctets,
  kData,
  kEcsg,
  kBtc,
  kKyber,
};

// Which keys a mechanism works with. kEc: on Weierstrass curves; kWallet: seeds, and EC keys of any
// curve.
enum class KeyKind : std::uint8_t {
  kNone,
  kAes,
  kSecret,
  kRsa,
  kEc,
  kMac,
  kDes,
  kBlockCipher,
  kDsa,
  kDh,
  kX25519,
  kX448,
  kEd25519,
  kEd448,
  kWallet,
  kDilithium,
  kKyber,
};

struct MechanismRow {
  CK_MECHANISM_TYPE type;
  Family family;
  HashId hash;  // of digests, HMACs and hash-then-sign; kNone: the input is used as it is
  KeyKind key;
  ParamKind params;    // key pairs are made without, whatever stands here
  CK_FLAGS functions;  // CKF_*, as GetMechanismInfo reports them
  std::uint64_t min_key_size;
  std::uint64_t max_key_size;  // secret keys: octets; all others: bits
  bool multi_part;             // the Update RPCs work
  bool single_only = false;    // not even Init works, but SignSingle and VerifySingle alone
};

// In the order of GetMechanismList.
std::span<const MechanismRow> MechanismTable();

// Offers a mechanism of the table under a further number, as an HSM that is newer than its clients
// has mechanisms which they do not know. Before anything is served, in one thread.
//   like    "CKM_..." of the table
//   errors  CKR_MECHANISM_INVALID  no such row, or the number has a meaning
Status AddMechanism(CK_MECHANISM_TYPE number, std::string_view like);
// The rows that were added.
std::span<const MechanismRow> AddedMechanisms();

// The row, if it can do `function` (one CKF_ flag) and its parameters are of the right kind and
// shape.
//   errors  CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID
Result<const MechanismRow*> FindMechanism(const Mechanism& mechanism, CK_FLAGS function);
// How counters call the mechanisms, and the number there of one: that of its row, or the one behind
// the last for all that have none.
std::vector<std::string> MechanismNames();
std::size_t MechanismNumber(CK_MECHANISM_TYPE type);
// Null if there is no such row.
const MechanismRow* FindMechanismRow(CK_MECHANISM_TYPE type);

}  // namespace gw::emulator
