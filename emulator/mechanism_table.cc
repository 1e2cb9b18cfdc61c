// Room: emulator. Source: GREP11 mechanism list; sizes as the cards report them.
#include "emulator/mechanism_table.h"

#include <algorithm>
#include <array>

#include "emulator/crypto/schnorr/schnorr.h"
#include "emulator/crypto/wallet/wallet.h"

namespace gw::emulator {
namespace {

constexpr CK_FLAGS kCrypt = CKF_ENCRYPT | CKF_DECRYPT;
constexpr CK_FLAGS kWrap = CKF_WRAP | CKF_UNWRAP;
constexpr CK_FLAGS kSign = CKF_SIGN | CKF_VERIFY;
constexpr CK_FLAGS kEc = CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS;
constexpr std::uint64_t kMinRsa = 512;
constexpr std::uint64_t kMinX931 = 1024;
constexpr std::uint64_t kMaxRsa = 4096;
// The list of curves has BP-160, though EP11's header has a minimum of 192.
constexpr std::uint64_t kMinEc = 160;
constexpr std::uint64_t kMaxEc = 521;
// Octets of public keys without their encoding, in bits: of round 3 (4,4) and (8,7); of round 2 768
// and 1024.
constexpr std::uint64_t kMinDilithium = 8 * 1312;
constexpr std::uint64_t kMaxDilithium = 8 * 2592;
constexpr std::uint64_t kMinKyber = 8 * 1184;
constexpr std::uint64_t kMaxKyber = 8 * 1568;
constexpr std::uint64_t kMaxSecret = 256;
constexpr std::uint64_t kMinDsa = 512;
constexpr std::uint64_t kMaxDsa = 3072;
constexpr std::uint64_t kMinFreshDsa = 1024;  // what parameters can be made for
constexpr std::uint64_t kMinDh = 1024;
constexpr std::uint64_t kMaxDh = 4096;
constexpr std::uint64_t kMaxFreshDh = 3072;
constexpr std::size_t kMaxOaepLabel = 1024;
constexpr std::size_t kMaxEcdhData = 1024;

using enum Family;
using H = HashId;
using K = KeyKind;
using P = ParamKind;

// clang-format off: one row, one line
constexpr auto kMechanisms = std::to_array<MechanismRow>({
    {CKM_RSA_PKCS, kRsaPkcs1, H::kNone, K::kRsa, P::kNone, kCrypt | kSign | kWrap, kMinRsa, kMaxRsa,
     false},
    {CKM_RSA_PKCS_KEY_PAIR_GEN, kRsaKeyPairGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE_KEY_PAIR,
     kMinRsa, kMaxRsa, false},
    {CKM_SHA1_RSA_PKCS, kRsaPkcs1, H::kSha1, K::kRsa, P::kNone, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA224_RSA_PKCS, kRsaPkcs1, H::kSha224, K::kRsa, P::kNone, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA256_RSA_PKCS, kRsaPkcs1, H::kSha256, K::kRsa, P::kNone, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA384_RSA_PKCS, kRsaPkcs1, H::kSha384, K::kRsa, P::kNone, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA512_RSA_PKCS, kRsaPkcs1, H::kSha512, K::kRsa, P::kNone, kSign, kMinRsa, kMaxRsa, true},
    {CKM_RSA_PKCS_OAEP, kRsaOaep, H::kNone, K::kRsa, P::kOaep, kCrypt | kWrap, kMinRsa, kMaxRsa,
     false},
    {CKM_RSA_PKCS_PSS, kRsaPss, H::kNone, K::kRsa, P::kPss, kSign, kMinRsa, kMaxRsa, false},
    {CKM_SHA1_RSA_PKCS_PSS, kRsaPss, H::kSha1, K::kRsa, P::kPss, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA224_RSA_PKCS_PSS, kRsaPss, H::kSha224, K::kRsa, P::kPss, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA256_RSA_PKCS_PSS, kRsaPss, H::kSha256, K::kRsa, P::kPss, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA384_RSA_PKCS_PSS, kRsaPss, H::kSha384, K::kRsa, P::kPss, kSign, kMinRsa, kMaxRsa, true},
    {CKM_SHA512_RSA_PKCS_PSS, kRsaPss, H::kSha512, K::kRsa, P::kPss, kSign, kMinRsa, kMaxRsa, true},
    {CKM_EC_KEY_PAIR_GEN, kEcKeyPairGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE_KEY_PAIR | kEc,
     kMinEc, kMaxEc, false},
    {CKM_ECDSA, kEcdsa, H::kNone, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, false},
    {CKM_ECDSA_SHA1, kEcdsa, H::kSha1, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_ECDSA_SHA224, kEcdsa, H::kSha224, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_ECDSA_SHA256, kEcdsa, H::kSha256, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_ECDSA_SHA384, kEcdsa, H::kSha384, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_ECDSA_SHA512, kEcdsa, H::kSha512, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_ECDH1_DERIVE, kEcdh, H::kNone, K::kEc, P::kEcdh1, CKF_DERIVE | kEc, kMinEc, kMaxEc, false},
    {CKM_AES_KEY_GEN, kAesKeyGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE, 16, 32, false},
    {CKM_AES_ECB, kAesEcb, H::kNone, K::kAes, P::kNone, kCrypt | kWrap, 16, 32, true},
    {CKM_AES_CBC, kAesCbc, H::kNone, K::kAes, P::kIv16, kCrypt | kWrap, 16, 32, true},
    {CKM_AES_CBC_PAD, kAesCbcPad, H::kNone, K::kAes, P::kIv16, kCrypt | kWrap, 16, 32, true},
    {CKM_GENERIC_SECRET_KEY_GEN, kGenericKeyGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE, 1,
     kMaxSecret, false},
    {CKM_SHA_1_HMAC, kHmac, H::kSha1, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_SHA224_HMAC, kHmac, H::kSha224, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_SHA256_HMAC, kHmac, H::kSha256, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_SHA384_HMAC, kHmac, H::kSha384, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_SHA512_HMAC, kHmac, H::kSha512, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_SHA_1, kDigest, H::kSha1, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_SHA224, kDigest, H::kSha224, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_SHA256, kDigest, H::kSha256, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_SHA384, kDigest, H::kSha384, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_SHA512, kDigest, H::kSha512, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_TRANSPORTKEY, kTransportKey, H::kNone, K::kNone, P::kNone, CKF_UNWRAP, 0, 0, false},
    {CKM_IBM_ATTRIBUTEBOUND_WRAP, kBoundWrap, H::kNone, K::kNone, P::kNone, kWrap, 0, 0, false},

    // Digests and MACs of SHA-512/t and SHA-3
    {CKM_SHA512_224, kDigest, H::kSha512_224, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_SHA512_256, kDigest, H::kSha512_256, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_SHA512_224, kDigest, H::kSha512_224, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_SHA512_256, kDigest, H::kSha512_256, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_SHA3_224, kDigest, H::kSha3_224, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_SHA3_256, kDigest, H::kSha3_256, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_SHA3_384, kDigest, H::kSha3_384, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_IBM_SHA3_512, kDigest, H::kSha3_512, K::kNone, P::kNone, CKF_DIGEST, 0, 0, true},
    {CKM_SHA512_224_HMAC, kHmac, H::kSha512_224, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_SHA512_256_HMAC, kHmac, H::kSha512_256, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_IBM_SHA512_224_HMAC, kHmac, H::kSha512_224, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_IBM_SHA512_256_HMAC, kHmac, H::kSha512_256, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_IBM_SHA3_224_HMAC, kHmac, H::kSha3_224, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_IBM_SHA3_256_HMAC, kHmac, H::kSha3_256, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_IBM_SHA3_384_HMAC, kHmac, H::kSha3_384, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},
    {CKM_IBM_SHA3_512_HMAC, kHmac, H::kSha3_512, K::kMac, P::kNone, kSign, 1, kMaxSecret, true},

    // MACs with block ciphers
    {CKM_IBM_CMAC, kCmac, H::kNone, K::kBlockCipher, P::kNone, kSign, 16, 32, true},

    // DES with two and three keys
    {CKM_DES2_KEY_GEN, kDes2KeyGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE, 16, 16, false},
    {CKM_DES3_KEY_GEN, kDes3KeyGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE, 24, 24, false},
    {CKM_DES3_ECB, kDes3Ecb, H::kNone, K::kDes, P::kNone, kCrypt | kWrap, 16, 24, true},
    {CKM_DES3_CBC, kDes3Cbc, H::kNone, K::kDes, P::kIv8, kCrypt | kWrap, 16, 24, true},
    {CKM_DES3_CBC_PAD, kDes3CbcPad, H::kNone, K::kDes, P::kIv8, kCrypt | kWrap, 16, 24, true},

    // RSA by X9.31
    {CKM_RSA_X9_31_KEY_PAIR_GEN, kX931KeyPairGen, H::kNone, K::kNone, P::kNone,
     CKF_GENERATE_KEY_PAIR, kMinX931, kMaxRsa, false},
    {CKM_RSA_X9_31, kRsaX931, H::kNone, K::kRsa, P::kNone, kSign, kMinX931, kMaxRsa, false},
    {CKM_SHA1_RSA_X9_31, kRsaX931, H::kSha1, K::kRsa, P::kNone, kSign, kMinX931, kMaxRsa, true},

    // DSA and Diffie-Hellman
    {CKM_DSA_PARAMETER_GEN, kDsaParameterGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE,
     kMinFreshDsa, kMaxDsa, false},
    {CKM_DSA_KEY_PAIR_GEN, kDsaKeyPairGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE_KEY_PAIR,
     kMinDsa, kMaxDsa, false},
    {CKM_DSA, kDsa, H::kNone, K::kDsa, P::kNone, kSign, kMinDsa, kMaxDsa, false},
    {CKM_DSA_SHA1, kDsa, H::kSha1, K::kDsa, P::kNone, kSign, kMinDsa, kMaxDsa, true},
    {CKM_DH_PKCS_PARAMETER_GEN, kDhParameterGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE, kMinDh,
     kMaxFreshDh, false},
    {CKM_DH_PKCS_KEY_PAIR_GEN, kDhKeyPairGen, H::kNone, K::kNone, P::kNone, CKF_GENERATE_KEY_PAIR,
     kMinDh, kMaxDh, false},
    {CKM_DH_PKCS_DERIVE, kDhDerive, H::kNone, K::kDh, P::kOctets, CKF_DERIVE, kMinDh, kMaxDh,
     false},

    // Secret keys from secret keys
    {CKM_DES3_ECB_ENCRYPT_DATA, kDes3EncryptData, H::kNone, K::kDes, P::kData, CKF_DERIVE, 16, 24,
     false},
    {CKM_SHA1_KEY_DERIVATION, kDigestDerive, H::kSha1, K::kSecret, P::kNone, CKF_DERIVE, 1,
     kMaxSecret, false},
    {CKM_SHA224_KEY_DERIVATION, kDigestDerive, H::kSha224, K::kSecret, P::kNone, CKF_DERIVE, 1,
     kMaxSecret, false},
    {CKM_SHA256_KEY_DERIVATION, kDigestDerive, H::kSha256, K::kSecret, P::kNone, CKF_DERIVE, 1,
     kMaxSecret, false},
    {CKM_SHA384_KEY_DERIVATION, kDigestDerive, H::kSha384, K::kSecret, P::kNone, CKF_DERIVE, 1,
     kMaxSecret, false},
    {CKM_SHA512_KEY_DERIVATION, kDigestDerive, H::kSha512, K::kSecret, P::kNone, CKF_DERIVE, 1,
     kMaxSecret, false},

    // Curves: numbers of IBM's for ECDSA, raw curves, Schnorr, wallets. Lattices.
    {CKM_IBM_ECDSA_SHA224, kEcdsa, H::kSha224, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_IBM_ECDSA_SHA256, kEcdsa, H::kSha256, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_IBM_ECDSA_SHA384, kEcdsa, H::kSha384, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_IBM_ECDSA_SHA512, kEcdsa, H::kSha512, K::kEc, P::kNone, kSign | kEc, kMinEc, kMaxEc, true},
    {CKM_IBM_EC_X25519, kXdh, H::kNone, K::kX25519, P::kEcdh1, CKF_DERIVE, 255, 255, false},
    {CKM_IBM_EC_X448, kXdh, H::kNone, K::kX448, P::kEcdh1, CKF_DERIVE, 448, 448, false},
    {CKM_IBM_ED25519_SHA512, kEddsa, H::kNone, K::kEd25519, P::kNone, kSign, 255, 255, false},
    {CKM_IBM_ED448_SHA3, kEddsa, H::kNone, K::kEd448, P::kNone, kSign, 448, 448, false},
    {CKM_IBM_ECDSA_OTHER, kSchnorr, H::kNone, K::kEc, P::kEcsg, kSign | kEc, 256, 256, false, true},
    {CKM_IBM_BTC_DERIVE, kWallet, H::kNone, K::kWallet, P::kBtc, CKF_DERIVE, 255, 256, false},
    {CKM_IBM_DILITHIUM, kDilithium, H::kNone, K::kDilithium, P::kNone,
     kSign | CKF_GENERATE_KEY_PAIR, kMinDilithium, kMaxDilithium, false},
    {CKM_IBM_KYBER, kKyber, H::kNone, K::kKyber, P::kKyber, CKF_GENERATE_KEY_PAIR | CKF_DERIVE,
     kMinKyber, kMaxKyber, false},
});
// clang-format on

constexpr bool TypesAreUnique() {
  for (std::size_t i = 0; i < kMechanisms.size(); ++i) {
    for (std::size_t j = i + 1; j < kMechanisms.size(); ++j) {
      if (kMechanisms[i].type == kMechanisms[j].type) return false;
    }
  }
  return true;
}
static_assert(TypesAreUnique());

// Filled before anything is served, so that rows stay where they are.
std::vector<MechanismRow>& Added() {
  static std::vector<MechanismRow> added;
  return added;
}

Error ParamInvalid(const char* why) { return CallerError(CKR_MECHANISM_PARAM_INVALID, why); }

Status CheckNone(const MechanismRow&, const Mechanism& mechanism) {
  const auto* bytes = std::get_if<Bytes>(&mechanism.params);
  const bool empty = std::holds_alternative<std::monostate>(mechanism.params) ||
                     (bytes != nullptr && bytes->empty());
  if (!empty) return ParamInvalid("this mechanism takes no parameter");
  return Ok();
}

template <std::size_t kSize>
Status CheckIv(const MechanismRow&, const Mechanism& mechanism) {
  const auto* iv = std::get_if<Bytes>(&mechanism.params);
  if (iv == nullptr || iv->size() != kSize) {
    return ParamInvalid("an initialisation vector as long as a block");
  }
  return Ok();
}

Status CheckOctets(const MechanismRow&, const Mechanism& mechanism) {
  const auto* octets = std::get_if<Bytes>(&mechanism.params);
  if (octets == nullptr || octets->empty()) return ParamInvalid("the parameter is missing");
  return Ok();
}

// May also come with the request itself.
Status CheckData(const MechanismRow&, const Mechanism& mechanism) {
  const bool good = std::holds_alternative<std::monostate>(mechanism.params) ||
                    std::holds_alternative<Bytes>(mechanism.params);
  if (!good) return ParamInvalid("the data, and nothing else");
  return Ok();
}

// "Valid hash/MGF pairs (must match)".
Status CheckHashPair(CK_MECHANISM_TYPE hash, std::uint64_t mgf) {
  const HashId id = HashOfMechanism(hash);
  if (id == HashId::kNone) return ParamInvalid("unknown hash");
  if (HashOfMgf(mgf) != id) return ParamInvalid("mask generation function does not match the hash");
  return Ok();
}

Status CheckOaep(const MechanismRow&, const Mechanism& mechanism) {
  const auto* oaep = std::get_if<OaepParams>(&mechanism.params);
  if (oaep == nullptr) return ParamInvalid("RSAOAEPParameter is missing");
  if (oaep->label.size() > kMaxOaepLabel) return ParamInvalid("label above 1024 octets");
  return CheckHashPair(oaep->hash, oaep->mgf);
}

Status CheckPss(const MechanismRow& row, const Mechanism& mechanism) {
  const auto* pss = std::get_if<PssParams>(&mechanism.params);
  if (pss == nullptr) return ParamInvalid("RSAPSSParameter is missing");
  GW_TRY_VOID(CheckHashPair(pss->hash, pss->mgf));
  if (row.hash != HashId::kNone && HashOfMechanism(pss->hash) != row.hash) {
    return ParamInvalid("hash is not that of the mechanism");
  }
  // The pairs that are listed end with those of the standard.
  if (pss->mgf > CKG_MGF1_SHA224) return ParamInvalid("SHA-3 is for OAEP alone");
  if (pss->salt_bytes > kMaxRsa / 8) return ParamInvalid("salt is longer than any modulus");
  return Ok();
}

Status CheckEcdh1(const MechanismRow&, const Mechanism& mechanism) {
  if (std::holds_alternative<Bytes>(mechanism.params)) return Ok();  // the point alone, KDF none
  const auto* ecdh = std::get_if<Ecdh1Params>(&mechanism.params);
  if (ecdh == nullptr) return ParamInvalid("ECDH1DeriveParameter is missing");
  if (ecdh->kdf != CKD_NULL && HashOfKdf(ecdh->kdf) == HashId::kNone) {
    return ParamInvalid("unknown key derivation function");
  }
  if (ecdh->kdf == CKD_NULL && !ecdh->shared_data.empty()) {
    return ParamInvalid("shared data goes into a key derivation function, and there is none");
  }
  if (ecdh->shared_data.size() > kMaxEcdhData || ecdh->public_data.size() > kMaxEcdhData) {
    return ParamInvalid("public or shared data above 1024 octets");
  }
  return Ok();
}

Status CheckEcsg(const MechanismRow&, const Mechanism& mechanism) {
  const auto* ecsg = std::get_if<EcsgParams>(&mechanism.params);
  if (ecsg == nullptr) return ParamInvalid("ECSGParameter is missing");
  GW_TRY(rule, SchnorrRuleOf(ecsg->type));
  static_cast<void>(rule);
  return Ok();
}

Status CheckBtc(const MechanismRow&, const Mechanism& mechanism) {
  const auto* btc = std::get_if<BtcParams>(&mechanism.params);
  if (btc == nullptr) return ParamInvalid("BTCDeriveParameter is missing");
  GW_TRY(params, ParseWalletParams(btc->type, btc->child_key_index, btc->chain_code, btc->version));
  static_cast<void>(params);
  return Ok();
}

// How hybrid derivations put their two secrets together is known for software tokens alone, so they
// are not offered.
Status CheckKyber(const MechanismRow&, const Mechanism& mechanism) {
  const auto* kyber = std::get_if<KyberParams>(&mechanism.params);
  if (kyber == nullptr) return ParamInvalid("KyberKEMParameter is missing");
  if (kyber->version != 0) return ParamInvalid("the version of KyberKEMParameter is 0");
  const bool encapsulate = kyber->mode == kKemEncapsulate;
  if (!encapsulate && kyber->mode != kKemDecapsulate) {
    return ParamInvalid("neither encapsulate nor decapsulate");
  }
  if (kyber->kdf != CKD_NULL)
    return ParamInvalid("only CkdNull, hybrid derivations are not offered");
  if (kyber->prepend || !kyber->shared_data.empty() || !kyber->blob.empty()) {
    return ParamInvalid("Prepend, SharedData and Blob belong to hybrid derivations");
  }
  if (encapsulate != kyber->ciphertext.empty()) {
    return ParamInvalid("a ciphertext to decapsulate, and none to encapsulate");
  }
  return Ok();
}

using ParamCheck = Status (*)(const MechanismRow&, const Mechanism&);
// By ParamKind.
constexpr ParamCheck kParamChecks[] = {CheckNone,  CheckIv<16>, CheckOaep,   CheckPss,
                                       CheckEcdh1, CheckIv<8>,  CheckOctets, CheckData,
                                       CheckEcsg,  CheckBtc,    CheckKyber};

}  // namespace

std::span<const MechanismRow> MechanismTable() { return kMechanisms; }

std::span<const MechanismRow> AddedMechanisms() { return Added(); }

Status AddMechanism(CK_MECHANISM_TYPE number, std::string_view like) {
  const auto at = std::ranges::find_if(
      kMechanisms, [like](const MechanismRow& row) { return NameOfMechanism(row.type) == like; });
  if (at == kMechanisms.end())
    return CallerError(CKR_MECHANISM_INVALID, std::string(like) + " is not offered");
  if (FindMechanismRow(number) != nullptr)
    return CallerError(CKR_MECHANISM_INVALID, "the number has a mechanism already");
  MechanismRow row = *at;
  row.type = number;
  Added().push_back(row);
  return Ok();
}

const MechanismRow* FindMechanismRow(CK_MECHANISM_TYPE type) {
  const auto at = std::ranges::find(kMechanisms, type, &MechanismRow::type);
  if (at != kMechanisms.end()) return &*at;
  const auto added = std::ranges::find(Added(), type, &MechanismRow::type);
  return added == Added().end() ? nullptr : &*added;
}

std::vector<std::string> MechanismNames() {
  std::vector<std::string> names;
  for (const MechanismRow& row : kMechanisms) names.emplace_back(NameOfMechanism(row.type));
  names.emplace_back("unknown");
  return names;
}

std::size_t MechanismNumber(CK_MECHANISM_TYPE type) {
  const auto at = std::ranges::find(kMechanisms, type, &MechanismRow::type);
  return static_cast<std::size_t>(at - kMechanisms.begin());
}

Result<const MechanismRow*> FindMechanism(const Mechanism& mechanism, CK_FLAGS function) {
  const MechanismRow* row = FindMechanismRow(mechanism.type);
  if (row == nullptr) return CallerError(CKR_MECHANISM_INVALID, "mechanism is not supported");
  if ((row->functions & function) == 0) {
    return CallerError(CKR_MECHANISM_INVALID, "mechanism cannot do this function");
  }
  const ParamKind kind = function == CKF_GENERATE_KEY_PAIR ? ParamKind::kNone : row->params;
  GW_TRY_VOID(kParamChecks[static_cast<std::size_t>(kind)](*row, mechanism));
  return row;
}

}  // namespace gw::emulator
