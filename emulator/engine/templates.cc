// Room: emulator/engine.
#include "emulator/engine/templates.h"

#include <algorithm>
#include <array>

#include "emulator/crypto/lattice.h"

namespace gw::emulator {
namespace {

enum class Shape : std::uint8_t {
  kNumber,
  kBool,
  kBytes,
  kBigNumber,
  kHsmOnly,
  kForbidden,
  kCombined
};

struct ShapeRow {
  CK_ATTRIBUTE_TYPE type;
  Shape shape;
};

// Attributes outside the boolean word. Some mean nothing here but to the caller's library; their
// type is checked all the same.
constexpr auto kShapes = std::to_array<ShapeRow>({
    {CKA_CLASS, Shape::kNumber},
    {CKA_TOKEN, Shape::kBool},
    {CKA_PRIVATE, Shape::kBool},
    {CKA_LABEL, Shape::kBytes},
    {CKA_VALUE, Shape::kForbidden},
    {CKA_KEY_TYPE, Shape::kNumber},
    {CKA_SUBJECT, Shape::kBytes},
    {CKA_ID, Shape::kBytes},
    {CKA_SENSITIVE, Shape::kBool},
    {CKA_START_DATE, Shape::kBytes},
    {CKA_END_DATE, Shape::kBytes},
    {CKA_MODULUS_BITS, Shape::kNumber},
    {CKA_PUBLIC_EXPONENT, Shape::kBigNumber},
    {CKA_PRIME, Shape::kCombined},
    {CKA_SUBPRIME, Shape::kCombined},
    {CKA_BASE, Shape::kCombined},
    {CKA_PRIME_BITS, Shape::kNumber},
    {CKA_IBM_STRUCT_PARAMS, Shape::kBytes},
    {CKA_VALUE_BITS, Shape::kNumber},
    {CKA_VALUE_LEN, Shape::kNumber},
    {CKA_ALWAYS_SENSITIVE, Shape::kHsmOnly},
    {CKA_KEY_GEN_MECHANISM, Shape::kHsmOnly},
    {CKA_COPYABLE, Shape::kBool},
    {CKA_EC_PARAMS, Shape::kBytes},
    {CKA_IBM_KEYTYPE, Shape::kNumber},
    {CKA_IBM_PQC_PARAMS, Shape::kBytes},
});

Status CheckShape(Shape shape, const AttributeValue& value) {
  const bool number =
      std::holds_alternative<std::int64_t>(value) && std::get<std::int64_t>(value) >= 0;
  const bool bytes = std::holds_alternative<Bytes>(value);
  const bool good[] = {number, std::holds_alternative<bool>(value), bytes, number || bytes};
  if (shape == Shape::kHsmOnly) return CallerError(CKR_ATTRIBUTE_READ_ONLY, "set by the HSM alone");
  if (shape == Shape::kForbidden) {
    return CallerError(CKR_TEMPLATE_INCONSISTENT, "clear key values are not accepted");
  }
  if (shape == Shape::kCombined) {
    return CallerError(CKR_TEMPLATE_INCONSISTENT, "domain parameters go in CKA_IBM_STRUCT_PARAMS");
  }
  if (good[static_cast<std::size_t>(shape)]) return Ok();
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "attribute value of a wrong type");
}

Status CheckOne(CK_ATTRIBUTE_TYPE type, const AttributeValue& value) {
  if (const AttributeBitRow* row = FindAttributeBit(type)) {
    return CheckShape(row->access == BitAccess::kHsmOnly ? Shape::kHsmOnly : Shape::kBool, value);
  }
  const auto at = std::ranges::find(kShapes, type, &ShapeRow::type);
  if (at == kShapes.end()) return Ok();
  return CheckShape(at->shape, value);
}

// What keys of one class and type may do, and what they may do when the template says nothing.
// Defaults are read from published blobs: GenerateKey adds SIGN, VERIFY and MODIFIABLE, never WRAP,
// UNWRAP or DERIVE.
struct Profile {
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE type;
  AttributeBits allowed;
  AttributeBits generated_default;
  CurveKind curve = CurveKind::kWeierstrass;  // of CKK_EC
};

constexpr AttributeBits kCommon = kModifiable | kRestrictable | kUseAsData | kAttributeBound;
constexpr AttributeBits kSecretCommon =
    kCommon | kExtractable | kWrapWithTrusted | kProtkeyExtractable;
constexpr AttributeBits kSymmetricRights =
    kSignRight | kVerifyRight | kEncryptRight | kDecryptRight;

constexpr auto kProfiles = std::to_array<Profile>({
    {CKO_SECRET_KEY, CKK_AES, kSecretCommon | kTrusted | kAllRights, kSymmetricRights},
    {CKO_SECRET_KEY, CKK_GENERIC_SECRET, kSecretCommon | kTrusted | kAllRights,
     kSignRight | kVerifyRight},
    {CKO_PRIVATE_KEY, CKK_RSA, kSecretCommon | kSignRight | kDecryptRight | kUnwrapRight,
     kSignRight | kDecryptRight},
    {CKO_PUBLIC_KEY, CKK_RSA, kCommon | kTrusted | kVerifyRight | kEncryptRight | kWrapRight,
     kVerifyRight | kEncryptRight},
    {CKO_PRIVATE_KEY, CKK_EC, kSecretCommon | kSignRight | kDeriveRight, kSignRight},
    {CKO_PUBLIC_KEY, CKK_EC, kCommon | kTrusted | kVerifyRight | kDeriveRight, kVerifyRight},
    {CKO_SECRET_KEY, CKK_DES2, kSecretCommon | kTrusted | kAllRights, kSymmetricRights},
    {CKO_SECRET_KEY, CKK_DES3, kSecretCommon | kTrusted | kAllRights, kSymmetricRights},
    {CKO_PRIVATE_KEY, CKK_DSA, kSecretCommon | kSignRight, kSignRight},
    {CKO_PUBLIC_KEY, CKK_DSA, kCommon | kTrusted | kVerifyRight, kVerifyRight},
    {CKO_PRIVATE_KEY, CKK_DH, kSecretCommon | kDeriveRight, 0},
    {CKO_PUBLIC_KEY, CKK_DH, kCommon | kTrusted | kDeriveRight, 0},
    {CKO_PRIVATE_KEY, CKK_EC, kSecretCommon | kSignRight | kDeriveRight, kSignRight,
     CurveKind::kEdwards},
    {CKO_PUBLIC_KEY, CKK_EC, kCommon | kTrusted | kVerifyRight | kDeriveRight, kVerifyRight,
     CurveKind::kEdwards},
    {CKO_PRIVATE_KEY, CKK_EC, kSecretCommon | kDeriveRight, 0, CurveKind::kMontgomery},
    {CKO_PUBLIC_KEY, CKK_EC, kCommon | kTrusted | kDeriveRight, 0, CurveKind::kMontgomery},
    {CKO_PRIVATE_KEY, CKK_IBM_PQC_DILITHIUM, kSecretCommon | kSignRight, kSignRight},
    {CKO_PUBLIC_KEY, CKK_IBM_PQC_DILITHIUM, kCommon | kTrusted | kVerifyRight, kVerifyRight},
    {CKO_PRIVATE_KEY, CKK_IBM_PQC_KYBER, kSecretCommon | kDecryptRight | kDeriveRight,
     kDecryptRight},
    {CKO_PUBLIC_KEY, CKK_IBM_PQC_KYBER, kCommon | kTrusted | kEncryptRight | kDeriveRight,
     kEncryptRight},
});

const Profile* ProfileOf(CK_OBJECT_CLASS object_class, CK_KEY_TYPE type, const CurveRow* curve) {
  const bool on_curve = type == CKK_EC && curve != nullptr;
  const CurveKind kind = on_curve ? curve->kind : CurveKind::kWeierstrass;
  for (const Profile& profile : kProfiles) {
    const bool fits = profile.object_class == object_class && profile.type == type;
    if (fits && profile.curve == kind) return &profile;
  }
  return nullptr;
}

// "Ed25519/Ed448 no DERIVE except BTC/SLIP10". Those keys are CKA_IBM_USE_AS_DATA too, and
// SLIP-0010 knows nothing of Ed448.
bool MayDerive(const CurveRow* curve, AttributeBits bits) {
  if (curve == nullptr || curve->kind != CurveKind::kEdwards) return true;
  return (bits & kUseAsData) != 0 && curve->ascii_name == "ed25519";
}

// Unwrapped secret keys have exactly the rights that were named; unwrapped private and public ones
// are modifiable as well.
AttributeBits Defaults(const Profile& profile, Origin origin) {
  if (origin != Origin::kUnwrapped) return profile.generated_default | kModifiable;
  return profile.object_class == CKO_SECRET_KEY ? 0 : kModifiable;
}

AttributeBits HsmBits(const Profile& profile, AttributeBits chosen, Origin origin) {
  AttributeBits bits = 0;
  if (origin != Origin::kGenerated) return bits;
  bits |= kLocal;
  if ((chosen & kModifiable) == 0) bits |= kNeverModifiable;
  if (profile.object_class == CKO_PUBLIC_KEY) return bits;
  if ((chosen & kExtractable) == 0) bits |= kNeverExtractable;
  if (profile.object_class == CKO_PRIVATE_KEY && (chosen & kProtkeyExtractable) == 0) {
    bits |= kProtkeyNeverExtractable;
  }
  return bits;
}

}  // namespace

Status CheckTemplate(const AttributeMap& attributes) {
  for (const auto& [type, value] : attributes) GW_TRY_VOID(CheckOne(type, value));
  return Ok();
}

std::optional<std::uint64_t> NumberIn(const AttributeMap& attributes, CK_ATTRIBUTE_TYPE type) {
  const auto at = attributes.find(type);
  if (at == attributes.end() || !std::holds_alternative<std::int64_t>(at->second)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(std::get<std::int64_t>(at->second));
}

std::optional<Bytes> BytesIn(const AttributeMap& attributes, CK_ATTRIBUTE_TYPE type) {
  const auto at = attributes.find(type);
  if (at == attributes.end() || !std::holds_alternative<Bytes>(at->second)) return std::nullopt;
  return std::get<Bytes>(at->second);
}

std::optional<Bytes> BigNumberIn(const AttributeMap& attributes, CK_ATTRIBUTE_TYPE type) {
  if (auto bytes = BytesIn(attributes, type)) return bytes;
  const auto number = NumberIn(attributes, type);
  if (!number) return std::nullopt;
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(*number >> shift));
  return out;
}

Status RequireKind(const AttributeMap& attributes, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type) {
  const bool fits = NumberIn(attributes, CKA_CLASS).value_or(object_class) == object_class &&
                    NumberIn(attributes, CKA_KEY_TYPE).value_or(type) == type;
  if (fits) return Ok();
  return CallerError(CKR_TEMPLATE_INCONSISTENT,
                     "CKA_CLASS or CKA_KEY_TYPE contradicts the mechanism");
}

const CurveRow* CurveIn(const AttributeMap& attributes) {
  const auto params = BytesIn(attributes, CKA_EC_PARAMS);
  return params ? FindCurve(*params) : nullptr;
}

Status RequireParams(const AttributeMap& attributes, const PKey& pkey) {
  if (attributes.contains(CKA_EC_PARAMS)) {
    const CurveRow* curve = CurveIn(attributes);
    if (curve == nullptr) return CallerError(CKR_CURVE_NOT_SUPPORTED, "no curve we know");
    if (curve != pkey.curve()) {
      return CallerError(CKR_TEMPLATE_INCONSISTENT, "key is not on the curve of CKA_EC_PARAMS");
    }
  }
  const auto strength = BytesIn(attributes, CKA_IBM_PQC_PARAMS);
  if (!strength) return Ok();
  if (pkey.lattice() != nullptr && Equal(pkey.lattice()->strength_oid(), *strength)) return Ok();
  return CallerError(CKR_TEMPLATE_INCONSISTENT, "key is not of the strength in CKA_IBM_PQC_PARAMS");
}

Result<AttributeBits> BitsOf(const AttributeMap& attributes, CK_OBJECT_CLASS object_class,
                             CK_KEY_TYPE type, Origin origin, const CurveRow* curve) {
  const Profile* profile = ProfileOf(object_class, type, curve);
  if (profile == nullptr) return CallerError(CKR_TEMPLATE_INCONSISTENT, "no such kind of key");
  AttributeBits bits = Defaults(*profile, origin);
  for (const auto& [attribute, value] : attributes) {
    const AttributeBitRow* row = FindAttributeBit(attribute);
    if (row == nullptr) continue;
    // "also seen (ignored) in public templates"
    if (row->bit == kExtractable && object_class == CKO_PUBLIC_KEY) continue;
    const bool wanted = std::get<bool>(value);
    if (wanted && (profile->allowed & row->bit) == 0) {
      return CallerError(CKR_TEMPLATE_INCONSISTENT, "keys of this type cannot have this attribute");
    }
    bits = wanted ? bits | row->bit : bits & ~row->bit;
  }
  if ((bits & kDeriveRight) != 0 && !MayDerive(curve, bits)) {
    return CallerError(CKR_TEMPLATE_INCONSISTENT, "keys on this curve derive none but wallet keys");
  }
  return bits | HsmBits(*profile, bits, origin);
}

}  // namespace gw::emulator
