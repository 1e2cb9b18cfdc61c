// Room: attributes. The rows. Source: behaviour 6.1 and 6.4, GREP11 reference 3.2, 3.8 and 3.9,
// PKCS #11 v2.40 4.4-4.10.
#include "daemon/attributes/attribute_table.h"

#include <algorithm>
#include <array>

namespace gw {
namespace {

using enum ObjectKind;
using enum ValueKind;

constexpr PurposeSet kGive = PurposesOf(Purpose::kGenerate, Purpose::kUnwrap, Purpose::kDerive,
                                        Purpose::kCreate);  // any new object
constexpr PurposeSet kMake = PurposesOf(Purpose::kGenerate, Purpose::kUnwrap, Purpose::kDerive);
constexpr PurposeSet kCreateOnly = PurposesOf(Purpose::kCreate);
constexpr PurposeSet kGenerateOnly = PurposesOf(Purpose::kGenerate);
constexpr PurposeSet kGenerateCreate = PurposesOf(Purpose::kGenerate, Purpose::kCreate);
constexpr PurposeSet kGenerateDerive = PurposesOf(Purpose::kGenerate, Purpose::kDerive);
constexpr PurposeSet kUnwrapDeriveCreate =
    PurposesOf(Purpose::kUnwrap, Purpose::kDerive, Purpose::kCreate);
constexpr PurposeSet kNobody = 0;

constexpr KindSet kNoKind = 0;
constexpr KindSet kData1 = KindsOf(kData);
constexpr KindSet kHidden = kPrivateKeys | kSecretKeys;  // keys whose value the HSM wraps
constexpr KindSet kOpen = kPublicKeys | kSecretKeys;     // keys that encrypt, verify or wrap
constexpr KindSet kPairs = kPublicKeys | kPrivateKeys;
constexpr KindSet kRsa = KindsOf(kRsaPublic, kRsaPrivate);
constexpr KindSet kEc = KindsOf(kEcPublic, kEcPrivate, kXdhPublic, kXdhPrivate);
constexpr KindSet kPqc = KindsOf(kPqcPublic, kPqcPrivate, kKyberPublic, kKyberPrivate);
constexpr KindSet kDsa = KindsOf(kDsaPublic, kDsaPrivate, kDomainParameters);
constexpr KindSet kDsaDh = kDsa | KindsOf(kDhPublic, kDhPrivate);
constexpr KindSet kX509Wtls = KindsOf(kX509, kWtls);
constexpr KindSet kHasValue = kSecretKeys | kCertificates |
                              KindsOf(kData, kEcPrivate, kDsaPrivate, kDhPrivate, kPqcPrivate,
                                      kDsaPublic, kDhPublic, kXdhPrivate, kKyberPrivate);

// One maker per shape of row.

// Given by applications, fixed afterwards, host only.
constexpr AttributeRow Fixed(CK_ATTRIBUTE_TYPE type, std::string_view name, ValueKind value,
                             KindSet applies, PurposeSet given, Fallback fallback) {
  return {type,    name,           value,  applies, given, fallback, kNoKind, ChangeRule::kNever,
          kNoKind, HsmPart::kNone, kNobody};
}
// Given by applications, changed by them at will where `changeable` says, host only.
constexpr AttributeRow Free(CK_ATTRIBUTE_TYPE type, std::string_view name, ValueKind value,
                            KindSet applies, PurposeSet given, KindSet changeable) {
  return {type,       name,
          value,      applies,
          given,      Fallback::kEmpty,
          kNoKind,    ChangeRule::kFree,
          changeable, HsmPart::kNone,
          kNobody};
}
// Set by the token, never by applications.
constexpr AttributeRow Computed(CK_ATTRIBUTE_TYPE type, std::string_view name, ValueKind value,
                                KindSet applies) {
  return Fixed(type, name, value, applies, kNobody, Fallback::kNone);
}
// A number that the HSM needs to make the key.
constexpr AttributeRow Number(CK_ATTRIBUTE_TYPE type, std::string_view name, ValueKind value,
                              KindSet applies, PurposeSet given, HsmPart hsm, PurposeSet sent) {
  return {type,    name, value, applies, given, Fallback::kNone, kNoKind, ChangeRule::kNever,
          kNoKind, hsm,  sent};
}
// A secret number of an RSA private key.
constexpr AttributeRow Secret(CK_ATTRIBUTE_TYPE type, std::string_view name) {
  return {type,
          name,
          kBigInteger,
          KindsOf(kRsaPrivate),
          kCreateOnly,
          Fallback::kNone,
          KindsOf(kRsaPrivate),
          ChangeRule::kNever,
          kNoKind,
          HsmPart::kNone,
          kNobody};
}
// A boolean that says where an object is: decided at the start and while copying.
constexpr AttributeRow Place(CK_ATTRIBUTE_TYPE type, std::string_view name) {
  return {type,      name,
          kBool,     kAllKinds,
          kGive,     Fallback::kNone,
          kNoKind,   ChangeRule::kOnCopy,
          kAllKinds, HsmPart::kNone,
          kNobody};
}
constexpr AttributeRow Usage(CK_ATTRIBUTE_TYPE type, std::string_view name, KindSet applies) {
  return {type,    name,
          kBool,   applies,
          kGive,   Fallback::kUsage,
          kNoKind, ChangeRule::kFree,
          applies, HsmPart::kUsage,
          kGive};
}
constexpr AttributeRow Flag(CK_ATTRIBUTE_TYPE type, std::string_view name, KindSet applies,
                            Fallback fallback, ChangeRule change, HsmPart hsm, PurposeSet sent) {
  return {type, name, kBool, applies, kGive, fallback, kNoKind, change, applies, hsm, sent};
}

#define GW_NAMED(type) type, #type

constexpr auto kRows = std::to_array<AttributeRow>({
    Number(GW_NAMED(CKA_CLASS), kUlong, kAllKinds, kGive, HsmPart::kNumber, kMake),
    Place(GW_NAMED(CKA_TOKEN)),
    Place(GW_NAMED(CKA_PRIVATE)),
    Free(GW_NAMED(CKA_LABEL), kText, kAllKinds, kGive, kAllKinds),
    Computed(GW_NAMED(CKA_UNIQUE_ID), kText, kAllKinds),
    Free(GW_NAMED(CKA_APPLICATION), kText, kData1, kCreateOnly, kData1),
    {GW_NAMED(CKA_VALUE), kBytes, kHasValue, kCreateOnly, Fallback::kEmpty, kHasValue& kHidden,
     ChangeRule::kFree, kData1, HsmPart::kNone, kNobody},
    Free(GW_NAMED(CKA_OBJECT_ID), kBytes, kData1, kCreateOnly, kData1),
    Fixed(GW_NAMED(CKA_CERTIFICATE_TYPE), kUlong, kCertificates, kCreateOnly, Fallback::kNone),
    Free(GW_NAMED(CKA_ISSUER), kBytes, kX509Wtls, kCreateOnly, kX509Wtls),
    Free(GW_NAMED(CKA_SERIAL_NUMBER), kBytes, KindsOf(kX509, kAttributeCertificate), kCreateOnly,
         KindsOf(kX509, kAttributeCertificate)),
    Free(GW_NAMED(CKA_AC_ISSUER), kBytes, KindsOf(kAttributeCertificate), kCreateOnly,
         KindsOf(kAttributeCertificate)),
    Fixed(GW_NAMED(CKA_OWNER), kBytes, KindsOf(kAttributeCertificate), kCreateOnly,
          Fallback::kNone),
    Free(GW_NAMED(CKA_ATTR_TYPES), kBytes, KindsOf(kAttributeCertificate), kCreateOnly,
         KindsOf(kAttributeCertificate)),
    Flag(GW_NAMED(CKA_TRUSTED), kOpen | kCertificates, Fallback::kFalse,
         ChangeRule::kToTrueByOfficer, HsmPart::kBooleanIfTrue, kGive),
    Fixed(GW_NAMED(CKA_CERTIFICATE_CATEGORY), kUlong, kCertificates, kCreateOnly, Fallback::kZero),
    Fixed(GW_NAMED(CKA_JAVA_MIDP_SECURITY_DOMAIN), kUlong, KindsOf(kX509), kCreateOnly,
          Fallback::kZero),
    Fixed(GW_NAMED(CKA_URL), kText, kX509Wtls, kCreateOnly, Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_HASH_OF_SUBJECT_PUBLIC_KEY), kBytes, kX509Wtls, kCreateOnly,
          Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_HASH_OF_ISSUER_PUBLIC_KEY), kBytes, kX509Wtls, kCreateOnly,
          Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_NAME_HASH_ALGORITHM), kUlong, kX509Wtls, kCreateOnly, Fallback::kSha1),
    Fixed(GW_NAMED(CKA_CHECK_VALUE), kBytes, kSecretKeys | kCertificates, kUnwrapDeriveCreate,
          Fallback::kNone),
    Number(GW_NAMED(CKA_KEY_TYPE), kUlong, kKeys | KindsOf(kDomainParameters), kGive,
           HsmPart::kNumber, kMake),
    Free(GW_NAMED(CKA_SUBJECT), kBytes, kPairs | kX509Wtls, kGive, kPairs),
    Free(GW_NAMED(CKA_ID), kBytes, kKeys | kCertificates, kGive, kKeys | KindsOf(kX509)),
    Flag(GW_NAMED(CKA_SENSITIVE), kHidden, Fallback::kTrue, ChangeRule::kToTrue, HsmPart::kNone,
         kNobody),
    Usage(GW_NAMED(CKA_ENCRYPT), kOpen),
    Usage(GW_NAMED(CKA_DECRYPT), kHidden),
    Usage(GW_NAMED(CKA_WRAP), kOpen),
    Usage(GW_NAMED(CKA_UNWRAP), kHidden),
    Usage(GW_NAMED(CKA_SIGN), kHidden),
    Usage(GW_NAMED(CKA_SIGN_RECOVER), kPrivateKeys),
    Usage(GW_NAMED(CKA_VERIFY), kOpen),
    Usage(GW_NAMED(CKA_VERIFY_RECOVER), kPublicKeys),
    Usage(GW_NAMED(CKA_DERIVE), kKeys),
    Free(GW_NAMED(CKA_START_DATE), kDate, kKeys | kCertificates, kGive, kKeys | kCertificates),
    Free(GW_NAMED(CKA_END_DATE), kDate, kKeys | kCertificates, kGive, kKeys | kCertificates),
    Fixed(GW_NAMED(CKA_MODULUS), kBigInteger, kRsa, kCreateOnly, Fallback::kNone),
    Number(GW_NAMED(CKA_MODULUS_BITS), kUlong, KindsOf(kRsaPublic), kGenerateOnly,
           HsmPart::kPublicNumber, kGenerateOnly),
    Number(GW_NAMED(CKA_PUBLIC_EXPONENT), kBigInteger, kRsa, kGenerateCreate,
           HsmPart::kPublicNumber, kGenerateOnly),
    Secret(GW_NAMED(CKA_PRIVATE_EXPONENT)),
    Secret(GW_NAMED(CKA_PRIME_1)),
    Secret(GW_NAMED(CKA_PRIME_2)),
    Secret(GW_NAMED(CKA_EXPONENT_1)),
    Secret(GW_NAMED(CKA_EXPONENT_2)),
    Secret(GW_NAMED(CKA_COEFFICIENT)),
    Fixed(GW_NAMED(CKA_PUBLIC_KEY_INFO), kBytes, kPairs | kCertificates, kCreateOnly,
          Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_PRIME), kBigInteger, kDsaDh, kGenerateCreate, Fallback::kNone),
    Fixed(GW_NAMED(CKA_SUBPRIME), kBigInteger, kDsa, kGenerateCreate, Fallback::kNone),
    Fixed(GW_NAMED(CKA_BASE), kBigInteger, kDsaDh, kGenerateCreate, Fallback::kNone),
    Number(GW_NAMED(CKA_PRIME_BITS), kUlong, KindsOf(kDomainParameters), kGenerateOnly,
           HsmPart::kPublicNumber, kGenerateOnly),
    Number(GW_NAMED(CKA_SUB_PRIME_BITS), kUlong, KindsOf(kDomainParameters), kGenerateOnly,
           HsmPart::kNone, kNobody),
    Number(GW_NAMED(CKA_VALUE_BITS), kUlong, KindsOf(kDhPrivate), kGenerateOnly, HsmPart::kNumber,
           kGenerateOnly),
    Number(GW_NAMED(CKA_VALUE_LEN), kUlong, KindsOf(kGenericSecret, kAes), kMake, HsmPart::kNumber,
           kMake),
    Flag(GW_NAMED(CKA_EXTRACTABLE), kHidden, Fallback::kFalse, ChangeRule::kToFalse,
         HsmPart::kBoolean, kMake),
    Computed(GW_NAMED(CKA_LOCAL), kBool, kKeys | KindsOf(kDomainParameters)),
    Computed(GW_NAMED(CKA_NEVER_EXTRACTABLE), kBool, kHidden),
    Computed(GW_NAMED(CKA_ALWAYS_SENSITIVE), kBool, kHidden),
    Computed(GW_NAMED(CKA_KEY_GEN_MECHANISM), kUlong, kKeys),
    Flag(GW_NAMED(CKA_MODIFIABLE), kAllKinds, Fallback::kTrue, ChangeRule::kToFalse,
         HsmPart::kBoolean, kGive),
    Flag(GW_NAMED(CKA_COPYABLE), kAllKinds, Fallback::kTrue, ChangeRule::kToFalse, HsmPart::kNone,
         kNobody),
    Flag(GW_NAMED(CKA_DESTROYABLE), kAllKinds, Fallback::kTrue, ChangeRule::kToFalse,
         HsmPart::kNone, kNobody),
    Number(GW_NAMED(CKA_EC_PARAMS), kBytes, kEc, kGive, HsmPart::kPublicNumber, kGenerateDerive),
    Fixed(GW_NAMED(CKA_EC_POINT), kBytes, KindsOf(kEcPublic, kXdhPublic), kCreateOnly,
          Fallback::kNone),
    Flag(GW_NAMED(CKA_ALWAYS_AUTHENTICATE), kPrivateKeys, Fallback::kFalse, ChangeRule::kNever,
         HsmPart::kNone, kNobody),
    Flag(GW_NAMED(CKA_WRAP_WITH_TRUSTED), kHidden, Fallback::kFalse, ChangeRule::kToTrue,
         HsmPart::kBoolean, kMake),
    Fixed(GW_NAMED(CKA_WRAP_TEMPLATE), kTemplate, kOpen, kGive, Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_UNWRAP_TEMPLATE), kTemplate, kHidden, kGive, Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_DERIVE_TEMPLATE), kTemplate, kHidden, kGive, Fallback::kEmpty),
    Fixed(GW_NAMED(CKA_ALLOWED_MECHANISMS), kUlongArray, kKeys, kGive, Fallback::kEmpty),
    Flag(GW_NAMED(CKA_IBM_ATTRBOUND), kHidden | kPublicKeys, Fallback::kFalse, ChangeRule::kNever,
         HsmPart::kBooleanIfTrue, kGive),
    {GW_NAMED(CKA_IBM_USE_AS_DATA), kBool, kEc | kSecretKeys, kGive, Fallback::kFalse, kNoKind,
     ChangeRule::kFree, kEc | kSecretKeys, HsmPart::kBooleanIfTrue, kGive},
    Number(GW_NAMED(CKA_IBM_PQC_PARAMS), kBytes, kPqc, kGenerateOnly, HsmPart::kPublicNumber,
           kGenerateOnly),
    Computed(GW_NAMED(CKA_GREP11_WKID), kBytes, kHidden),
});

#undef GW_NAMED

constexpr bool SortedAndUnique() {
  return std::ranges::adjacent_find(kRows, std::ranges::greater_equal{}, &AttributeRow::type) ==
         kRows.end();
}
static_assert(SortedAndUnique());

constexpr bool IsBlobPart(HsmPart part) {
  return part == HsmPart::kUsage || part == HsmPart::kBoolean || part == HsmPart::kBooleanIfTrue;
}

// What must hold within one row, whatever is added to the table.
constexpr bool Coherent(const AttributeRow& row) {
  const bool boolean = row.value == ValueKind::kBool;
  const bool boolean_fallback = row.fallback == Fallback::kFalse ||
                                row.fallback == Fallback::kTrue || row.fallback == Fallback::kUsage;
  return row.applies != 0 && (row.sensitive & ~row.applies) == 0 &&
         (row.changeable & ~row.applies) == 0 && (!boolean_fallback || boolean) &&
         (!IsBlobPart(row.hsm) || boolean) && (row.hsm != HsmPart::kNone || row.sent == 0) &&
         (row.sensitive == 0 || row.hsm == HsmPart::kNone);
}
static_assert(std::ranges::all_of(kRows, Coherent));

}  // namespace

const AttributeRow* FindAttribute(CK_ATTRIBUTE_TYPE type) {
  const auto row = std::ranges::lower_bound(kRows, type, {}, &AttributeRow::type);
  return row != kRows.end() && row->type == type ? &*row : nullptr;
}

std::span<const AttributeRow> AllAttributes() { return kRows; }

bool IsInBlob(const AttributeRow& row, ObjectKind kind) {
  if (!IsBlobPart(row.hsm) || !Contains(row.applies & kKeys, kind)) return false;
  if (row.hsm != HsmPart::kUsage) return true;
  const UsageRule usage = UsageOf(kind, row.type);
  return usage == UsageRule::kAsked || usage == UsageRule::kGranted;
}

std::string_view NameOfAttribute(CK_ATTRIBUTE_TYPE type) {
  const AttributeRow* row = FindAttribute(type);
  return row == nullptr ? "unknown attribute" : row->name;
}

}  // namespace gw
