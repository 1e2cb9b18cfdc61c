// Room: ops.
#include "daemon/ops/key_use.h"

#include <bit>

#include "daemon/attributes/attribute_access.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/localcrypto/digest.h"

namespace gw::ops {
namespace {

CK_ULONG BitsOf(ByteView big_integer) {
  std::size_t zeros = 0;
  while (zeros < big_integer.size() && big_integer[zeros] == 0) ++zeros;
  if (zeros == big_integer.size()) return 0;
  const std::size_t bits = (big_integer.size() - zeros) * 8;
  return bits - static_cast<std::size_t>(std::countl_zero(big_integer[zeros]));
}

// Signing and decrypting need the private half, verifying and encrypting the public one; secret
// keys do both.
bool ClassFits(CK_OBJECT_CLASS object_class, CK_KEY_TYPE row_type, CK_ATTRIBUTE_TYPE usage) {
  const bool asymmetric = row_type == CKK_RSA || row_type == CKK_EC;
  if (!asymmetric) return object_class == CKO_SECRET_KEY;
  const bool public_half = usage == CKA_VERIFY || usage == CKA_VERIFY_RECOVER ||
                           usage == CKA_ENCRYPT || usage == CKA_WRAP;
  return object_class == (public_half ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY);
}

bool TypeFits(CK_KEY_TYPE key_type, const MechanismRow& row) {
  // The HSM signs HMACs with AES keys too (wire sheet 10.2).
  if (row.family == Family::kHmac) return key_type == CKK_GENERIC_SECRET || key_type == CKK_AES;
  return key_type == row.key_type;
}

bool SizeFits(const Object& key, const MechanismRow& row) {
  // Secrets of any length make HMACs; ranges bind generation.
  if (row.family == Family::kHmac) return true;
  const CK_ULONG size = KeySize(key);
  return size == 0 || (size >= row.min_key_size && size <= row.max_key_size);
}

}  // namespace

CK_ULONG KeySize(const Object& key) {
  if (key.key_type == CKK_RSA) {
    const Bytes* modulus = key.attributes.Find(CKA_MODULUS);
    return modulus == nullptr ? 0 : BitsOf(*modulus);
  }
  if (key.key_type == CKK_EC) {
    const Bytes* params = key.attributes.Find(CKA_EC_PARAMS);
    const Curve* curve = params == nullptr ? nullptr : FindCurve(*params);
    return curve == nullptr ? 0 : curve->bits;
  }
  return key.attributes.GetUlong(CKA_VALUE_LEN).value_or(0);
}

Result<ObjectPtr> KeyFor(const CallScope& scope, ObjectHandle handle, const MechanismRow& row,
                         CK_ATTRIBUTE_TYPE usage, const KeyErrors& errors) {
  ObjectPtr key = scope.application->FindObject(*scope.token, handle);
  if (key == nullptr)
    return CallerError(errors.handle_invalid, "no such key, or not visible to this user");
  if (!ClassFits(key->object_class, row.key_type, usage) || !TypeFits(key->key_type, row)) {
    return CallerError(errors.type_inconsistent,
                       "class or type of the key does not fit the mechanism");
  }
  if (!key->attributes.BoolOr(usage, false)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED, "the usage attribute of the key is FALSE");
  }
  if (!AllowsMechanism(key->attributes, row.type)) {
    return CallerError(CKR_MECHANISM_INVALID,
                       "CKA_ALLOWED_MECHANISMS of the key does not list the mechanism");
  }
  if (!SizeFits(*key, row))
    return CallerError(errors.size_range, "size of the key does not fit the mechanism");
  return key;
}

std::size_t SignatureBytes(const MechanismRow& row, const Object& key) {
  if (row.family == Family::kHmac) return HashBytes(row.hash);
  if (key.key_type == CKK_EC) {
    const Bytes* params = key.attributes.Find(CKA_EC_PARAMS);
    const Curve* curve = params == nullptr ? nullptr : FindCurve(*params);
    return curve == nullptr ? 0 : std::size_t{2} * curve->order_bytes;
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
