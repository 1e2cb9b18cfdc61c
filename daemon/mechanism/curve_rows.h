// Room: mechanism, private to it. The rows of curves and lattices; which curves a family is for is
// ops/key_use.cc's to say. Source: behaviour 5.2 and 5.5, algorithms of the HSM 2, 3, 5.1 and 7.1.
#pragma once

#include <array>

#include "daemon/mechanism/mechanism_table.h"

namespace gw::curve_rows {

inline constexpr CK_FLAGS kSignVerify = CKF_SIGN | CKF_VERIFY;
// Over prime fields, named by CKA_EC_PARAMS.
inline constexpr CK_FLAGS kNamed = CKF_EC_F_P | CKF_EC_NAMEDCURVE;
inline constexpr CK_FLAGS kUncompressed = kNamed | CKF_EC_UNCOMPRESS;

// From BP-160 to P-521.
inline constexpr CK_ULONG kMinBits = 160;
inline constexpr CK_ULONG kMaxBits = 521;
inline constexpr CK_ULONG kBits25519 = 255;
inline constexpr CK_ULONG kBits448 = 448;
inline constexpr CK_ULONG kBits256 = 256;
// Of public keys without their encoding: round 3 (4,4) to (8,7), round 2 768 to 1024.
inline constexpr CK_ULONG kMinDilithiumBits = 8 * 1312;
inline constexpr CK_ULONG kMaxDilithiumBits = 8 * 2592;
inline constexpr CK_ULONG kMinKyberBits = 8 * 1184;
inline constexpr CK_ULONG kMaxKyberBits = 8 * 1568;

constexpr MechanismRow Row(CK_MECHANISM_TYPE type, Family family, CK_FLAGS flags,
                           CK_KEY_TYPE key_type, CK_ULONG min_size, CK_ULONG max_size,
                           ParameterRule parameter = ParameterRule::kNone) {
  return {.type = type,
          .family = family,
          .flags = flags,
          .key_type = key_type,
          .min_key_size = min_size,
          .max_key_size = max_size,
          .parameter = parameter,
          .block_bytes = 0,
          .hash = Hash::kNone,
          .raw = type,
          .multi_part = false};
}

constexpr MechanismRow Pair(CK_MECHANISM_TYPE type, CK_FLAGS form, CK_KEY_TYPE key_type,
                            CK_ULONG min_size, CK_ULONG max_size) {
  return Row(type, Family::kGenerateKeyPair, CKF_GENERATE_KEY_PAIR | form, key_type, min_size,
             max_size);
}

constexpr MechanismRow Ecdsa(CK_MECHANISM_TYPE type, Hash hash) {
  MechanismRow row =
      Row(type, Family::kEcdsa, kSignVerify | kUncompressed, CKK_EC, kMinBits, kMaxBits);
  row.hash = hash;
  row.raw = CKM_ECDSA;
  row.multi_part = hash != Hash::kNone;
  return row;
}

constexpr MechanismRow Eddsa(CK_MECHANISM_TYPE type, CK_ULONG min_size, CK_ULONG max_size,
                             ParameterRule parameter) {
  return Row(type, Family::kEddsa, kSignVerify | kNamed, CKK_EC, min_size, max_size, parameter);
}

constexpr MechanismRow Derive(CK_MECHANISM_TYPE type, Family family, CK_FLAGS form,
                              CK_ULONG min_size, CK_ULONG max_size, ParameterRule parameter) {
  return Row(type, family, CKF_DERIVE | form, CKK_EC, min_size, max_size, parameter);
}

inline constexpr auto kAll = [] {
  using P = ParameterRule;
  return std::to_array<MechanismRow>({
      Pair(CKM_EC_KEY_PAIR_GEN, kUncompressed, CKK_EC, kMinBits, kMaxBits),
      Pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, kNamed, CKK_EC_EDWARDS, kBits25519, kBits448),
      Pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, kNamed, CKK_EC_MONTGOMERY, kBits25519, kBits448),
      Ecdsa(CKM_ECDSA, Hash::kNone),
      Ecdsa(CKM_ECDSA_SHA1, Hash::kSha1),
      Ecdsa(CKM_ECDSA_SHA224, Hash::kSha224),
      Ecdsa(CKM_ECDSA_SHA256, Hash::kSha256),
      Ecdsa(CKM_ECDSA_SHA384, Hash::kSha384),
      Ecdsa(CKM_ECDSA_SHA512, Hash::kSha512),
      Ecdsa(CKM_IBM_ECDSA_SHA224, Hash::kSha224),
      Ecdsa(CKM_IBM_ECDSA_SHA256, Hash::kSha256),
      Ecdsa(CKM_IBM_ECDSA_SHA384, Hash::kSha384),
      Ecdsa(CKM_IBM_ECDSA_SHA512, Hash::kSha512),
      Eddsa(CKM_EDDSA, kBits25519, kBits448, P::kEddsa),
      Eddsa(CKM_IBM_ED25519_SHA512, kBits25519, kBits25519, P::kNone),
      Eddsa(CKM_IBM_ED448_SHA3, kBits448, kBits448, P::kNone),
      Row(CKM_IBM_ECDSA_OTHER, Family::kSchnorr, kSignVerify | kUncompressed, CKK_EC, kBits256,
          kBits256, P::kEcsg),
      Derive(CKM_ECDH1_DERIVE, Family::kEcdh1, kUncompressed, kMinBits, kMaxBits, P::kEcdh1),
      Derive(CKM_IBM_EC_X25519, Family::kXdh, kNamed, kBits25519, kBits25519, P::kEcdh1),
      Derive(CKM_IBM_EC_X448, Family::kXdh, kNamed, kBits448, kBits448, P::kEcdh1),
      Derive(CKM_IBM_BTC_DERIVE, Family::kWallet, kNamed, kBits25519, kBits256, P::kBtc),
      Row(CKM_IBM_DILITHIUM, Family::kDilithium, kSignVerify | CKF_GENERATE_KEY_PAIR,
          CKK_IBM_PQC_DILITHIUM, kMinDilithiumBits, kMaxDilithiumBits),
      Row(CKM_IBM_KYBER, Family::kKyber, CKF_GENERATE_KEY_PAIR | CKF_DERIVE, CKK_IBM_PQC_KYBER,
          kMinKyberBits, kMaxKyberBits, P::kKyber),
  });
}();

}  // namespace gw::curve_rows
