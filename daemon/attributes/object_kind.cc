// Room: attributes.
#include "daemon/attributes/object_kind.h"

#include <algorithm>
#include <array>

#include "daemon/core/check.h"
#include "daemon/localcrypto/curve.h"
#include "proto/pkcs11/ck_parameters.h"

namespace gw {
namespace {

struct KeyRow {
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE key_type;
  ObjectKind kind;
};

constexpr auto kKeyKinds = std::to_array<KeyRow>({
    {CKO_PUBLIC_KEY, CKK_RSA, ObjectKind::kRsaPublic},
    {CKO_PUBLIC_KEY, CKK_DSA, ObjectKind::kDsaPublic},
    {CKO_PUBLIC_KEY, CKK_DH, ObjectKind::kDhPublic},
    {CKO_PUBLIC_KEY, CKK_EC, ObjectKind::kEcPublic},
    {CKO_PUBLIC_KEY, CKK_EC_EDWARDS, ObjectKind::kEcPublic},
    {CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY, ObjectKind::kXdhPublic},
    {CKO_PUBLIC_KEY, CKK_IBM_PQC_DILITHIUM, ObjectKind::kPqcPublic},
    {CKO_PUBLIC_KEY, CKK_IBM_PQC_KYBER, ObjectKind::kKyberPublic},
    {CKO_PRIVATE_KEY, CKK_RSA, ObjectKind::kRsaPrivate},
    {CKO_PRIVATE_KEY, CKK_DSA, ObjectKind::kDsaPrivate},
    {CKO_PRIVATE_KEY, CKK_DH, ObjectKind::kDhPrivate},
    {CKO_PRIVATE_KEY, CKK_EC, ObjectKind::kEcPrivate},
    {CKO_PRIVATE_KEY, CKK_EC_EDWARDS, ObjectKind::kEcPrivate},
    {CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, ObjectKind::kXdhPrivate},
    {CKO_PRIVATE_KEY, CKK_IBM_PQC_DILITHIUM, ObjectKind::kPqcPrivate},
    {CKO_PRIVATE_KEY, CKK_IBM_PQC_KYBER, ObjectKind::kKyberPrivate},
    {CKO_SECRET_KEY, CKK_GENERIC_SECRET, ObjectKind::kGenericSecret},
    {CKO_SECRET_KEY, CKK_DES2, ObjectKind::kDes2},
    {CKO_SECRET_KEY, CKK_DES3, ObjectKind::kDes3},
    {CKO_SECRET_KEY, CKK_AES, ObjectKind::kAes},
    {CKO_DOMAIN_PARAMETERS, CKK_DSA, ObjectKind::kDomainParameters},
    {CKO_DOMAIN_PARAMETERS, CKK_DH, ObjectKind::kDomainParameters},
});

// The nine usage attributes have consecutive numbers: one bit each.
using UsageSet = unsigned;
constexpr CK_ATTRIBUTE_TYPE kFirstUsage = CKA_ENCRYPT;
constexpr CK_ATTRIBUTE_TYPE kLastUsage = CKA_DERIVE;
static_assert(kLastUsage - kFirstUsage == 8);

template <typename... Types>
constexpr UsageSet Usages(Types... types) {
  return (0U | ... | (1U << (types - kFirstUsage)));
}

constexpr UsageSet kCipherUsages = Usages(CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP);
constexpr UsageSet kMacUsages = Usages(CKA_SIGN, CKA_VERIFY);

struct UsageRow {
  ObjectKind kind;
  UsageSet granted;
  UsageSet asked;
  UsageSet host_only;
};

// Kinds without a row are no keys and have no usage.
constexpr auto kUsages = std::to_array<UsageRow>({
    {ObjectKind::kRsaPublic, Usages(CKA_ENCRYPT, CKA_VERIFY, CKA_WRAP), 0,
     Usages(CKA_VERIFY_RECOVER)},
    {ObjectKind::kRsaPrivate, Usages(CKA_DECRYPT, CKA_SIGN, CKA_UNWRAP), 0,
     Usages(CKA_SIGN_RECOVER)},
    {ObjectKind::kDsaPublic, Usages(CKA_VERIFY), 0, 0},
    {ObjectKind::kDsaPrivate, Usages(CKA_SIGN), 0, 0},
    {ObjectKind::kDhPublic, 0, Usages(CKA_DERIVE), 0},
    {ObjectKind::kDhPrivate, 0, Usages(CKA_DERIVE), 0},
    {ObjectKind::kEcPublic, Usages(CKA_VERIFY), Usages(CKA_DERIVE), 0},
    {ObjectKind::kEcPrivate, Usages(CKA_SIGN), Usages(CKA_DERIVE), 0},
    {ObjectKind::kPqcPublic, Usages(CKA_VERIFY), 0, 0},
    {ObjectKind::kPqcPrivate, Usages(CKA_SIGN), 0, 0},
    {ObjectKind::kXdhPublic, 0, Usages(CKA_DERIVE), 0},
    {ObjectKind::kXdhPrivate, 0, Usages(CKA_DERIVE), 0},
    {ObjectKind::kKyberPublic, 0, Usages(CKA_ENCRYPT, CKA_DERIVE), 0},
    {ObjectKind::kKyberPrivate, 0, Usages(CKA_DECRYPT, CKA_DERIVE), 0},
    // Tools ask for encryption and wrapping with whatever secret key they make. No mechanism does
    // that with a generic secret, so the wish is kept and the HSM does not hear of it.
    {ObjectKind::kGenericSecret, kMacUsages, Usages(CKA_DERIVE), kCipherUsages},
    {ObjectKind::kDes2, kCipherUsages | kMacUsages, Usages(CKA_DERIVE), 0},
    {ObjectKind::kDes3, kCipherUsages | kMacUsages, Usages(CKA_DERIVE), 0},
    {ObjectKind::kAes, kCipherUsages | kMacUsages, Usages(CKA_DERIVE), 0},
});

constexpr bool EveryKeyHasUsages() {
  return std::ranges::all_of(kKeyKinds, [](const KeyRow& key) {
    return !Contains(kKeys, key.kind) ||
           std::ranges::count(kUsages, key.kind, &UsageRow::kind) == 1;
  });
}
static_assert(EveryKeyHasUsages());

}  // namespace

std::optional<ObjectKind> KindOfKey(CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type) {
  for (const KeyRow& row : kKeyKinds) {
    if (row.object_class == object_class && row.key_type == key_type) return row.kind;
  }
  return std::nullopt;
}

std::optional<ObjectKind> KindOfCertificate(CK_CERTIFICATE_TYPE type) {
  if (type == CKC_X_509) return ObjectKind::kX509;
  if (type == CKC_X_509_ATTR_CERT) return ObjectKind::kAttributeCertificate;
  if (type == CKC_WTLS) return ObjectKind::kWtls;
  return std::nullopt;
}

CK_KEY_TYPE HsmKeyType(CK_KEY_TYPE key_type) {
  return key_type == CKK_EC_EDWARDS || key_type == CKK_EC_MONTGOMERY ? CK_KEY_TYPE{CKK_EC}
                                                                     : key_type;
}

CK_KEY_TYPE StandardEcType(const Bytes* ec_params) {
  const Curve* curve = ec_params == nullptr ? nullptr : FindCurve(*ec_params);
  if (curve == nullptr || curve->HasUncompressedPoint()) return CKK_EC;
  return curve->kind == CurveKind::kEdwards ? CK_KEY_TYPE{CKK_EC_EDWARDS}
                                            : CK_KEY_TYPE{CKK_EC_MONTGOMERY};
}

ObjectKind KindOnCurve(ObjectKind kind, const Bytes* ec_params) {
  const bool is_public = kind == ObjectKind::kEcPublic;
  if (!is_public && kind != ObjectKind::kEcPrivate) return kind;
  if (StandardEcType(ec_params) != CKK_EC_MONTGOMERY) return kind;
  return is_public ? ObjectKind::kXdhPublic : ObjectKind::kXdhPrivate;
}

std::optional<ObjectKind> KindOf(const AttributeList& object) {
  const std::optional<CK_ULONG> object_class = object.GetUlong(CKA_CLASS);
  if (!object_class) return std::nullopt;
  if (*object_class == CKO_DATA) return ObjectKind::kData;
  const bool certificate = *object_class == CKO_CERTIFICATE;
  const auto type = object.GetUlong(certificate ? CKA_CERTIFICATE_TYPE : CKA_KEY_TYPE);
  if (!type) return std::nullopt;
  if (certificate) return KindOfCertificate(*type);
  const std::optional<ObjectKind> kind = KindOfKey(*object_class, *type);
  return kind ? KindOnCurve(*kind, object.Find(CKA_EC_PARAMS)) : kind;
}

UsageRule UsageOf(ObjectKind kind, CK_ATTRIBUTE_TYPE usage) {
  GW_CHECK(usage >= kFirstUsage && usage <= kLastUsage);
  const auto row = std::ranges::find(kUsages, kind, &UsageRow::kind);
  if (row == kUsages.end()) return UsageRule::kImpossible;
  const UsageSet bit = Usages(usage);
  if ((row->granted & bit) != 0) return UsageRule::kGranted;
  if ((row->asked & bit) != 0) return UsageRule::kAsked;
  return (row->host_only & bit) != 0 ? UsageRule::kHostOnly : UsageRule::kImpossible;
}

}  // namespace gw
