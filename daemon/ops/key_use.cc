// Room: ops.
#include "daemon/ops/key_use.h"

#include <algorithm>
#include <array>

#include "daemon/attributes/attribute_access.h"
#include "daemon/attributes/attribute_value.h"
#include "daemon/attributes/object_kind.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/localcrypto/digest.h"
#include "daemon/mechanism/hsm_names.h"
#include "daemon/mechanism/lattice.h"

namespace gw::ops {
namespace {

// Keys that come in two halves.
constexpr auto kPairTypes = std::to_array<CK_KEY_TYPE>(
    {CKK_RSA, CKK_DSA, CKK_DH, CKK_EC, CKK_IBM_PQC_DILITHIUM, CKK_IBM_PQC_KYBER});

// The curves that a family of mechanisms computes on; families without a row do not care.
struct CurveRow {
  Family family;
  CurveKind kind;
};
constexpr auto kCurves = std::to_array<CurveRow>({
    {Family::kEcdsa, CurveKind::kWeierstrass},
    {Family::kSchnorr, CurveKind::kWeierstrass},
    {Family::kEcdh1, CurveKind::kWeierstrass},
    {Family::kEcdh1, CurveKind::kMontgomery},
    {Family::kXdh, CurveKind::kMontgomery},
    {Family::kEddsa, CurveKind::kEdwards},
    {Family::kWallet, CurveKind::kWeierstrass},
    {Family::kWallet, CurveKind::kEdwards},
});

const Curve* CurveOf(const Object& key) {
  if (HsmKeyType(key.key_type) != CKK_EC) return nullptr;
  const Bytes* params = key.attributes.Find(CKA_EC_PARAMS);
  return params == nullptr ? nullptr : FindCurve(*params);
}

bool CurveFits(const Object& key, const MechanismRow& row) {
  const Curve* curve = CurveOf(key);
  if (curve == nullptr || !std::ranges::count(kCurves, row.family, &CurveRow::family)) return true;
  return std::ranges::any_of(kCurves, [&](const CurveRow& at) {
    return at.family == row.family && at.kind == curve->kind;
  });
}

// Types beside the row's own are those of secret keys, whichever half is needed of the others.
bool KeyFits(const Object& key, const MechanismRow& row, const KeyNeed& need) {
  if (key.object_class == CKO_SECRET_KEY && std::ranges::count(row.more_key_types, key.key_type))
    return true;
  if (row.family == Family::kOther)
    return key.object_class == CKO_SECRET_KEY || key.object_class == need.object_class;
  return key.object_class == need.object_class &&
         HsmKeyType(key.key_type) == HsmKeyType(need.key_type) && CurveFits(key, row);
}

bool SizeFits(const Object& key, const MechanismRow& row) {
  // Secrets of any length make HMACs; ranges bind generation.
  if (row.family == Family::kHmac || row.max_key_size == 0) return true;
  // In which unit it counts is not known.
  if (row.family == Family::kOther) return true;
  // A seed is no key of the curve; which lengths it has is the HSM's to say.
  if (row.family == Family::kWallet && key.object_class == CKO_SECRET_KEY) return true;
  const CK_ULONG size = KeySize(key);
  return size == 0 || (size >= row.min_key_size && size <= row.max_key_size);
}

// By the mechanism's name or by that of the HSM.
bool Allows(const Object& key, const MechanismRow& row) {
  if (AllowsMechanism(key.attributes, row.type)) return true;
  const auto at_hsm = AtHsm(Mechanism{row.type, {}}, KeySize(key));
  return at_hsm && AllowsMechanism(key.attributes, at_hsm->type);
}

}  // namespace

CK_ULONG KeySize(const Object& key) {
  if (key.key_type == CKK_RSA) {
    const Bytes* modulus = key.attributes.Find(CKA_MODULUS);
    return modulus == nullptr ? 0 : BitsOf(*modulus);
  }
  if (HsmKeyType(key.key_type) == CKK_EC) {
    const Curve* curve = CurveOf(key);
    return curve == nullptr ? 0 : curve->bits;
  }
  if (key.key_type == CKK_DSA || key.key_type == CKK_DH) {
    const Bytes* prime = key.attributes.Find(CKA_PRIME);
    return prime == nullptr ? 0 : BitsOf(*prime);
  }
  if (key.key_type == CKK_DES2) return kDes2Bytes;
  if (key.key_type == CKK_DES3) return kDes3Bytes;
  return key.attributes.GetUlong(CKA_VALUE_LEN).value_or(0);
}

KeyNeed NeedOf(const MechanismRow& row, CK_ATTRIBUTE_TYPE usage) {
  const bool pair =
      row.family == Family::kOther || std::ranges::count(kPairTypes, HsmKeyType(row.key_type)) != 0;
  if (!pair) return {CKO_SECRET_KEY, row.key_type};
  const bool public_half = usage == CKA_VERIFY || usage == CKA_VERIFY_RECOVER ||
                           usage == CKA_ENCRYPT || usage == CKA_WRAP;
  return {public_half ? CK_OBJECT_CLASS{CKO_PUBLIC_KEY} : CK_OBJECT_CLASS{CKO_PRIVATE_KEY},
          row.key_type};
}

Result<ObjectPtr> KeyFor(const CallScope& scope, ObjectHandle handle, const MechanismRow& row,
                         CK_ATTRIBUTE_TYPE usage, const KeyErrors& errors) {
  return KeyFor(scope, handle, row, usage, NeedOf(row, usage), errors);
}

Result<ObjectPtr> KeyFor(const CallScope& scope, ObjectHandle handle, const MechanismRow& row,
                         CK_ATTRIBUTE_TYPE usage, const KeyNeed& need, const KeyErrors& errors) {
  ObjectPtr key = scope.application->FindObject(*scope.token, handle);
  if (key == nullptr)
    return CallerError(errors.handle_invalid, "no such key, or not visible to this user");
  if (!KeyFits(*key, row, need)) {
    return CallerError(errors.type_inconsistent,
                       "class or type of the key does not fit the mechanism");
  }
  if (!key->attributes.BoolOr(usage, false)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "the usage attribute of the key is FALSE");
  }
  if (!Allows(*key, row)) {
    return CallerError(CKR_MECHANISM_INVALID,
                       "CKA_ALLOWED_MECHANISMS of the key does not list the mechanism");
  }
  if (!SizeFits(*key, row))
    return CallerError(errors.size_range, "size of the key does not fit the mechanism");
  return key;
}

std::size_t SignatureBytes(const MechanismRow& row, const Object& key) {
  if (row.family == Family::kOther) return 0;
  if (row.family == Family::kHmac) return HashBytes(row.hash);
  if (row.family == Family::kCmac) return key.key_type == CKK_AES ? kAesBlockBytes : kDesBlockBytes;
  if (HsmKeyType(key.key_type) == CKK_EC) {
    const Curve* curve = CurveOf(key);
    return curve == nullptr ? 0 : std::size_t{2} * curve->order_bytes;
  }
  if (key.key_type == CKK_DSA) {
    const Bytes* order = key.attributes.Find(CKA_SUBPRIME);
    return order == nullptr ? 0 : 2 * ((BitsOf(*order) + 7) / 8);
  }
  if (row.family == Family::kDilithium) {
    const Bytes* oid = key.attributes.Find(CKA_IBM_PQC_PARAMS);
    const LatticeStrength* strength = oid == nullptr ? nullptr : FindLatticeStrength(*oid);
    return strength == nullptr ? 0 : strength->output_bytes;
  }
  return (KeySize(key) + 7) / 8;
}

bool HashesHere(const Services& services, const MechanismRow& row) {
  return row.hash != Hash::kNone && row.raw != row.type && services.gateway().local.hash_sign;
}

Mechanism RawMechanism(const MechanismRow& row, const Mechanism& mechanism) {
  return {.type = row.raw, .parameter = mechanism.parameter};
}

Bytes RawInput(const MechanismRow& row, Bytes digest) {
  return row.family == Family::kRsaPkcs ? DigestInfo(row.hash, digest) : digest;
}

}  // namespace gw::ops
