// Room: mechanism. Source: behaviour R188; PKCS #11 v3.0 2.3.
#include "daemon/mechanism/hsm_names.h"

#include <algorithm>
#include <array>

#include "proto/pkcs11/ck_sha3.h"

namespace gw {
namespace {

constexpr CK_ULONG kAnySize = CK_UNAVAILABLE_INFORMATION;

struct NameRow {
  CK_MECHANISM_TYPE standard;
  CK_ULONG key_bits;  // kAnySize: whatever the key
  CK_MECHANISM_TYPE hsm;
  CK_MECHANISM_TYPE shown_by;  // an HSM with this one has the curve
  bool only;                   // the HSM does not know the standard's name
};

constexpr NameRow AnyKey(CK_MECHANISM_TYPE standard, CK_MECHANISM_TYPE hsm) {
  return {standard, kAnySize, hsm, hsm, true};
}

constexpr auto kNames = std::to_array<NameRow>({
    {CKM_EC_EDWARDS_KEY_PAIR_GEN, 255, CKM_EC_KEY_PAIR_GEN, CKM_IBM_ED25519_SHA512, true},
    {CKM_EC_EDWARDS_KEY_PAIR_GEN, 448, CKM_EC_KEY_PAIR_GEN, CKM_IBM_ED448_SHA3, true},
    {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 255, CKM_EC_KEY_PAIR_GEN, CKM_IBM_EC_X25519, true},
    {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 448, CKM_EC_KEY_PAIR_GEN, CKM_IBM_EC_X448, true},
    {CKM_EDDSA, 255, CKM_IBM_ED25519_SHA512, CKM_IBM_ED25519_SHA512, true},
    {CKM_EDDSA, 448, CKM_IBM_ED448_SHA3, CKM_IBM_ED448_SHA3, true},
    // No Weierstrass curve has these sizes.
    {CKM_ECDH1_DERIVE, 255, CKM_IBM_EC_X25519, CKM_IBM_EC_X25519, false},
    {CKM_ECDH1_DERIVE, 448, CKM_IBM_EC_X448, CKM_IBM_EC_X448, false},
    AnyKey(CKM_AES_CMAC, CKM_IBM_CMAC),
    AnyKey(CKM_DES3_CMAC, CKM_IBM_CMAC),
    AnyKey(CKM_SHA3_224, CKM_IBM_SHA3_224),
    AnyKey(CKM_SHA3_256, CKM_IBM_SHA3_256),
    AnyKey(CKM_SHA3_384, CKM_IBM_SHA3_384),
    AnyKey(CKM_SHA3_512, CKM_IBM_SHA3_512),
    AnyKey(CKM_SHA3_224_HMAC, CKM_IBM_SHA3_224_HMAC),
    AnyKey(CKM_SHA3_256_HMAC, CKM_IBM_SHA3_256_HMAC),
    AnyKey(CKM_SHA3_384_HMAC, CKM_IBM_SHA3_384_HMAC),
    AnyKey(CKM_SHA3_512_HMAC, CKM_IBM_SHA3_512_HMAC),
});

}  // namespace

Result<Mechanism> AtHsm(const Mechanism& mechanism, CK_ULONG key_bits) {
  const auto row = std::ranges::find_if(kNames, [&](const NameRow& name) {
    return name.standard == mechanism.type &&
           (name.key_bits == key_bits || name.key_bits == kAnySize);
  });
  if (row == kNames.end()) return mechanism;
  Mechanism named{.type = row->hsm, .parameter = mechanism.parameter};
  if (!std::holds_alternative<EddsaParameter>(mechanism.parameter)) return named;
  if (row->hsm == CKM_IBM_ED25519_SHA512) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID,
                       "CK_EDDSA_PARAMS makes Ed25519ctx of Ed25519, which is not offered");
  }
  named.parameter = std::monostate();
  return named;
}

CK_MECHANISM_TYPE TypeAtHsm(CK_MECHANISM_TYPE type) {
  const auto row = std::ranges::find_if(kNames, [type](const NameRow& name) {
    return name.standard == type && name.key_bits == kAnySize;
  });
  return row == kNames.end() ? type : row->hsm;
}

bool HsmServes(std::span<const CK_MECHANISM_TYPE> sorted, CK_MECHANISM_TYPE type) {
  const auto has = [sorted](CK_MECHANISM_TYPE at) {
    return std::ranges::binary_search(sorted, at);
  };
  return has(type) || std::ranges::any_of(kNames, [&](const NameRow& name) {
           return name.standard == type && name.only && has(name.hsm) && has(name.shown_by);
         });
}

}  // namespace gw
