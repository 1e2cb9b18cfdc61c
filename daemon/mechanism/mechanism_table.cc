// Room: mechanism. The rows. Numbers and functions: behaviour sheet 5.1-5.4; what the HSM takes in
// several parts: GREP11 sheet 10.2.
#include "daemon/mechanism/mechanism_table.h"

#include <algorithm>
#include <array>

#include "daemon/mechanism/curve_rows.h"
#include "daemon/mechanism/parameter_rules.h"
#include "proto/pkcs11/ck_sha3.h"

namespace gw {
namespace {

constexpr CK_FLAGS kSignVerify = CKF_SIGN | CKF_VERIFY;
constexpr CK_FLAGS kRecover = CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER;
constexpr CK_FLAGS kCrypt = CKF_ENCRYPT | CKF_DECRYPT;
constexpr CK_FLAGS kTransport = CKF_WRAP | CKF_UNWRAP;

constexpr CK_KEY_TYPE kNoKey = CK_UNAVAILABLE_INFORMATION;
constexpr CK_ULONG kRsaMinBits = 1024;
constexpr CK_ULONG kRsaMaxBits = 4096;
constexpr CK_ULONG kAesMinBytes = 16;
constexpr CK_ULONG kAesMaxBytes = 32;
constexpr CK_ULONG kSecretMinBytes = 1;
constexpr CK_ULONG kSecretMaxBytes = 256;

// The HSM makes HMACs with AES keys too (wire sheet 10.2).
constexpr CK_KEY_TYPE kAesToo[] = {CKK_AES};
constexpr CK_KEY_TYPE kDes2Too[] = {CKK_DES2};
constexpr CK_KEY_TYPE kDesToo[] = {CKK_DES2, CKK_DES3};
constexpr CK_KEY_TYPE kAnySecret[] = {CKK_AES, CKK_DES2, CKK_DES3};
constexpr CK_ULONG kDsaMinBits = 512;
constexpr CK_ULONG kDsaMaxBits = 3072;
constexpr CK_ULONG kDhMinBits = 1024;
constexpr CK_ULONG kDhMaxBits = 4096;

// One maker per shape of row, so that a row below shows only what is its own.

constexpr MechanismRow RsaSign(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,        Family::kRsaPkcs,     kSignVerify, CKK_RSA, kRsaMinBits,
          kRsaMaxBits, ParameterRule::kNone, 0,           hash,    CKM_RSA_PKCS,
          true};
}

constexpr MechanismRow RsaPss(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,        Family::kRsaPss,  kSignVerify,         CKK_RSA,
          kRsaMinBits, kRsaMaxBits,      ParameterRule::kPss, 0,
          hash,        CKM_RSA_PKCS_PSS, hash != Hash::kNone};
}

constexpr MechanismRow Hmac(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,
          Family::kHmac,
          kSignVerify,
          CKK_GENERIC_SECRET,
          kSecretMinBytes,
          kSecretMaxBytes,
          ParameterRule::kNone,
          0,
          hash,
          type,
          true,
          kAesToo};
}

constexpr MechanismRow DigestOf(CK_MECHANISM_TYPE type, Hash hash) {
  return {type, Family::kDigest, CKF_DIGEST, kNoKey, 0, 0, ParameterRule::kNone, 0, hash, type,
          true};
}

constexpr MechanismRow Aes(CK_MECHANISM_TYPE type, Family family, ParameterRule parameter) {
  return {type,      family,         kCrypt | kTransport, CKK_AES, kAesMinBytes, kAesMaxBytes,
          parameter, kAesBlockBytes, Hash::kNone,         type,    true};
}

constexpr MechanismRow Make(CK_MECHANISM_TYPE type, Family family, CK_FLAGS flags,
                            CK_KEY_TYPE key_type, CK_ULONG min_size, CK_ULONG max_size) {
  return {type, family,      flags, key_type, min_size, max_size, ParameterRule::kNone,
          0,    Hash::kNone, type,  false};
}

constexpr auto kCommonRows = std::to_array<MechanismRow>({
    Make(CKM_RSA_PKCS_KEY_PAIR_GEN, Family::kGenerateKeyPair, CKF_GENERATE_KEY_PAIR, CKK_RSA,
         kRsaMinBits, kRsaMaxBits),
    {CKM_RSA_PKCS, Family::kRsaPkcs, kSignVerify | kRecover | kCrypt | kTransport, CKK_RSA,
     kRsaMinBits, kRsaMaxBits, ParameterRule::kNone, 0, Hash::kNone, CKM_RSA_PKCS, false},
    RsaSign(CKM_SHA1_RSA_PKCS, Hash::kSha1),
    {CKM_RSA_PKCS_OAEP, Family::kRsaOaep, kCrypt | kTransport, CKK_RSA, kRsaMinBits, kRsaMaxBits,
     ParameterRule::kOaep, 0, Hash::kNone, CKM_RSA_PKCS_OAEP, false},
    RsaPss(CKM_RSA_PKCS_PSS, Hash::kNone),
    RsaPss(CKM_SHA1_RSA_PKCS_PSS, Hash::kSha1),
    RsaSign(CKM_SHA256_RSA_PKCS, Hash::kSha256),
    RsaSign(CKM_SHA384_RSA_PKCS, Hash::kSha384),
    RsaSign(CKM_SHA512_RSA_PKCS, Hash::kSha512),
    RsaPss(CKM_SHA256_RSA_PKCS_PSS, Hash::kSha256),
    RsaPss(CKM_SHA384_RSA_PKCS_PSS, Hash::kSha384),
    RsaPss(CKM_SHA512_RSA_PKCS_PSS, Hash::kSha512),
    RsaSign(CKM_SHA224_RSA_PKCS, Hash::kSha224),
    RsaPss(CKM_SHA224_RSA_PKCS_PSS, Hash::kSha224),
    DigestOf(CKM_SHA512_224, Hash::kSha512_224),
    Hmac(CKM_SHA512_224_HMAC, Hash::kSha512_224),
    DigestOf(CKM_SHA512_256, Hash::kSha512_256),
    Hmac(CKM_SHA512_256_HMAC, Hash::kSha512_256),
    DigestOf(CKM_SHA_1, Hash::kSha1),
    Hmac(CKM_SHA_1_HMAC, Hash::kSha1),
    DigestOf(CKM_SHA256, Hash::kSha256),
    Hmac(CKM_SHA256_HMAC, Hash::kSha256),
    DigestOf(CKM_SHA224, Hash::kSha224),
    Hmac(CKM_SHA224_HMAC, Hash::kSha224),
    DigestOf(CKM_SHA384, Hash::kSha384),
    Hmac(CKM_SHA384_HMAC, Hash::kSha384),
    DigestOf(CKM_SHA512, Hash::kSha512),
    Hmac(CKM_SHA512_HMAC, Hash::kSha512),
    Make(CKM_GENERIC_SECRET_KEY_GEN, Family::kGenerateKey, CKF_GENERATE, CKK_GENERIC_SECRET,
         kSecretMinBytes, kSecretMaxBytes),
    Make(CKM_AES_KEY_GEN, Family::kGenerateKey, CKF_GENERATE, CKK_AES, kAesMinBytes, kAesMaxBytes),
    Aes(CKM_AES_ECB, Family::kEcb, ParameterRule::kNone),
    Aes(CKM_AES_CBC, Family::kCbc, ParameterRule::kIv),
    Aes(CKM_AES_CBC_PAD, Family::kCbcPad, ParameterRule::kIv),
});

// CKM_IBM_CMAC takes what its two standard names take.
constexpr MechanismRow Cmac(CK_MECHANISM_TYPE type, CK_KEY_TYPE key_type, CK_ULONG min_size,
                            CK_ULONG max_size, std::span<const CK_KEY_TYPE> more_key_types) {
  return {type, Family::kCmac, kSignVerify, key_type, min_size,      max_size, ParameterRule::kNone,
          0,    Hash::kNone,   type,        true,     more_key_types};
}

constexpr MechanismRow Des(CK_MECHANISM_TYPE type, Family family, ParameterRule parameter) {
  return {type,      family,         kCrypt | kTransport, CKK_DES3, kDes2Bytes, kDes3Bytes,
          parameter, kDesBlockBytes, Hash::kNone,         type,     true,       kDes2Too};
}

// Without a hash of its own the caller brings digest and trailer; which trailers the HSM takes is
// its own to say, so it hashes itself where the mechanism does.
constexpr MechanismRow X931(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,
          Family::kRsaX931,
          kSignVerify,
          CKK_RSA,
          kRsaMinBits,
          kRsaMaxBits,
          ParameterRule::kNone,
          0,
          hash,
          type,
          hash != Hash::kNone};
}

constexpr MechanismRow Dsa(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,        Family::kDsa, kSignVerify,          CKK_DSA,
          kDsaMinBits, kDsaMaxBits,  ParameterRule::kNone, 0,
          hash,        CKM_DSA,      hash != Hash::kNone};
}

constexpr MechanismRow HashDerive(CK_MECHANISM_TYPE type, Hash hash) {
  return {type,
          Family::kHashDerive,
          CKF_DERIVE,
          CKK_GENERIC_SECRET,
          kSecretMinBytes,
          kSecretMaxBytes,
          ParameterRule::kNone,
          0,
          hash,
          type,
          false,
          kAnySecret};
}

// Older mechanisms, those that EP11 numbered before the standard did, and the standard's names for
// these (behaviour R188; hsm_names.cc).
constexpr auto kClassicRows = std::to_array<MechanismRow>({
    Make(CKM_RSA_X9_31_KEY_PAIR_GEN, Family::kGenerateKeyPair, CKF_GENERATE_KEY_PAIR, CKK_RSA,
         kRsaMinBits, kRsaMaxBits),
    X931(CKM_RSA_X9_31, Hash::kNone),
    X931(CKM_SHA1_RSA_X9_31, Hash::kSha1),
    Make(CKM_DSA_PARAMETER_GEN, Family::kGenerateDomain, CKF_GENERATE, CKK_DSA, kDsaMinBits,
         kDsaMaxBits),
    Make(CKM_DSA_KEY_PAIR_GEN, Family::kGenerateKeyPair, CKF_GENERATE_KEY_PAIR, CKK_DSA,
         kDsaMinBits, kDsaMaxBits),
    Dsa(CKM_DSA, Hash::kNone),
    Dsa(CKM_DSA_SHA1, Hash::kSha1),
    Make(CKM_DH_PKCS_PARAMETER_GEN, Family::kGenerateDomain, CKF_GENERATE, CKK_DH, kDhMinBits,
         kDhMaxBits),
    Make(CKM_DH_PKCS_KEY_PAIR_GEN, Family::kGenerateKeyPair, CKF_GENERATE_KEY_PAIR, CKK_DH,
         kDhMinBits, kDhMaxBits),
    {CKM_DH_PKCS_DERIVE, Family::kDh, CKF_DERIVE, CKK_DH, kDhMinBits, kDhMaxBits,
     ParameterRule::kPublicValue, 0, Hash::kNone, CKM_DH_PKCS_DERIVE, false},
    {CKM_DES3_ECB_ENCRYPT_DATA, Family::kDataDerive, CKF_DERIVE, CKK_DES3, kDes2Bytes, kDes3Bytes,
     ParameterRule::kBlocks, kDesBlockBytes, Hash::kNone, CKM_DES3_ECB_ENCRYPT_DATA, false,
     kDes2Too},
    HashDerive(CKM_SHA1_KEY_DERIVATION, Hash::kSha1),
    HashDerive(CKM_SHA224_KEY_DERIVATION, Hash::kSha224),
    HashDerive(CKM_SHA256_KEY_DERIVATION, Hash::kSha256),
    HashDerive(CKM_SHA384_KEY_DERIVATION, Hash::kSha384),
    HashDerive(CKM_SHA512_KEY_DERIVATION, Hash::kSha512),
    // Whatever key unwraps is not looked at (wire sheet 4.6).
    Make(CKM_IBM_TRANSPORTKEY, Family::kTransportKey, CKF_UNWRAP, kNoKey, 0, 0),
    // Sizes of two units: 0 says nothing.
    {CKM_IBM_ATTRIBUTEBOUND_WRAP, Family::kBoundWrap, kTransport, CKK_RSA, 0, 0,
     ParameterRule::kKeyHandle, 0, Hash::kNone, CKM_IBM_ATTRIBUTEBOUND_WRAP, false, kAesToo},
    Make(CKM_DES2_KEY_GEN, Family::kGenerateKey, CKF_GENERATE, CKK_DES2, kDes2Bytes, kDes2Bytes),
    Make(CKM_DES3_KEY_GEN, Family::kGenerateKey, CKF_GENERATE, CKK_DES3, kDes3Bytes, kDes3Bytes),
    Des(CKM_DES3_ECB, Family::kEcb, ParameterRule::kNone),
    Des(CKM_DES3_CBC, Family::kCbc, ParameterRule::kIv),
    Des(CKM_DES3_CBC_PAD, Family::kCbcPad, ParameterRule::kIv),
    Cmac(CKM_DES3_CMAC, CKK_DES3, kDes2Bytes, kDes3Bytes, kDes2Too),
    Cmac(CKM_AES_CMAC, CKK_AES, kAesMinBytes, kAesMaxBytes, {}),
    Cmac(CKM_IBM_CMAC, CKK_AES, kAesMinBytes, kAesMaxBytes, kDesToo),
    DigestOf(CKM_SHA3_256, Hash::kSha3_256),
    Hmac(CKM_SHA3_256_HMAC, Hash::kSha3_256),
    DigestOf(CKM_SHA3_224, Hash::kSha3_224),
    Hmac(CKM_SHA3_224_HMAC, Hash::kSha3_224),
    DigestOf(CKM_SHA3_384, Hash::kSha3_384),
    Hmac(CKM_SHA3_384_HMAC, Hash::kSha3_384),
    DigestOf(CKM_SHA3_512, Hash::kSha3_512),
    Hmac(CKM_SHA3_512_HMAC, Hash::kSha3_512),
    DigestOf(CKM_IBM_SHA3_224, Hash::kSha3_224),
    DigestOf(CKM_IBM_SHA3_256, Hash::kSha3_256),
    DigestOf(CKM_IBM_SHA3_384, Hash::kSha3_384),
    DigestOf(CKM_IBM_SHA3_512, Hash::kSha3_512),
    Hmac(CKM_IBM_SHA3_224_HMAC, Hash::kSha3_224),
    Hmac(CKM_IBM_SHA3_256_HMAC, Hash::kSha3_256),
    Hmac(CKM_IBM_SHA3_384_HMAC, Hash::kSha3_384),
    Hmac(CKM_IBM_SHA3_512_HMAC, Hash::kSha3_512),
    DigestOf(CKM_IBM_SHA512_224, Hash::kSha512_224),
    DigestOf(CKM_IBM_SHA512_256, Hash::kSha512_256),
    Hmac(CKM_IBM_SHA512_224_HMAC, Hash::kSha512_224),
    Hmac(CKM_IBM_SHA512_256_HMAC, Hash::kSha512_256),
});

// All groups in one, sorted by number.
template <std::size_t... kSizes>
constexpr auto Sorted(const std::array<MechanismRow, kSizes>&... groups) {
  std::array<MechanismRow, (kSizes + ...)> all{};
  auto end = all.begin();
  ((end = std::ranges::copy(groups, end).out), ...);
  std::ranges::sort(all, {}, &MechanismRow::type);
  return all;
}
constexpr auto kRows = Sorted(kCommonRows, kClassicRows, curve_rows::kAll);

constexpr bool SortedAndUnique() {
  return std::ranges::adjacent_find(kRows, std::ranges::greater_equal{}, &MechanismRow::type) ==
         kRows.end();
}
static_assert(SortedAndUnique());

// A row that hashes first names a row that takes the digest, of the same family and key.
constexpr bool RawFormsExist() {
  return std::ranges::all_of(kRows, [](const MechanismRow& row) {
    const auto raw = std::ranges::find(kRows, row.raw, &MechanismRow::type);
    return raw != kRows.end() && raw->raw == raw->type && raw->family == row.family &&
           raw->key_type == row.key_type;
  });
}
static_assert(RawFormsExist());

}  // namespace

const MechanismRow* FindMechanism(CK_MECHANISM_TYPE type) {
  const auto row = std::ranges::lower_bound(kRows, type, {}, &MechanismRow::type);
  return row != kRows.end() && row->type == type ? &*row : nullptr;
}

std::span<const MechanismRow> AllMechanisms() { return kRows; }

Status CheckMechanism(const MechanismRow* row, const Mechanism& mechanism, CK_FLAGS flag) {
  if (row == nullptr) return CallerError(CKR_MECHANISM_INVALID, "the mechanism is not offered");
  if ((row->flags & flag) == 0) {
    return CallerError(CKR_MECHANISM_INVALID,
                       std::string(NameOfMechanism(row->type)) + " does not serve this call");
  }
  MechanismRow shape = *row;
  // A mechanism that makes pairs and does other things takes its parameter for those.
  if (flag == CKF_GENERATE_KEY_PAIR) shape.parameter = ParameterRule::kNone;
  return CheckParameter(shape, mechanism.parameter);
}

}  // namespace gw
