// Room: attributes. The attributes of a key that is about to be made.
#include <algorithm>
#include <array>
#include <string>

#include "daemon/attributes/key_values.h"
#include "daemon/attributes/template_parts.h"
#include "daemon/attributes/template_rules.h"

namespace gw {
namespace {

struct KeyIdentity {
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE key_type;
  ObjectKind kind;
};

// Unwrapped keys of these types are secret keys unless the template says otherwise; all others are
// private keys. Source: behaviour 6.3.
constexpr auto kSecretTypes =
    std::to_array<CK_KEY_TYPE>({CKK_GENERIC_SECRET, CKK_DES2, CKK_DES3, CKK_AES});

struct ClassRow {
  CK_OBJECT_CLASS object_class;
  PurposeSet makes;
};
constexpr auto kClasses = std::to_array<ClassRow>({
    {CKO_PUBLIC_KEY, PurposesOf(Purpose::kGenerate, Purpose::kCreate)},
    {CKO_PRIVATE_KEY, PurposesOf(Purpose::kGenerate, Purpose::kUnwrap, Purpose::kCreate)},
    {CKO_SECRET_KEY,
     PurposesOf(Purpose::kGenerate, Purpose::kUnwrap, Purpose::kDerive, Purpose::kCreate)},
    {CKO_DOMAIN_PARAMETERS, PurposesOf(Purpose::kGenerate, Purpose::kCreate)},
});

Error Inconsistent(std::string detail) {
  return CallerError(CKR_TEMPLATE_INCONSISTENT, std::move(detail));
}

// What the function or mechanism fixes, what the template says, what it is by default: in this
// order, and the first two must agree.
Result<CK_ULONG> Choose(CK_ATTRIBUTE_TYPE type, std::optional<CK_ULONG> fixed,
                        const AttributeList& given, std::optional<CK_ULONG> by_default) {
  const std::optional<CK_ULONG> said = given.GetUlong(type);
  if (fixed && said && *fixed != *said) {
    return Inconsistent(std::string(NameOfAttribute(type)) + " contradicts the mechanism");
  }
  const std::optional<CK_ULONG> value = fixed ? fixed : said ? said : by_default;
  if (value) return *value;
  return CallerError(CKR_TEMPLATE_INCOMPLETE, std::string(NameOfAttribute(type)) + " is missing");
}

std::optional<CK_OBJECT_CLASS> DefaultClass(Purpose purpose, CK_KEY_TYPE key_type) {
  if (purpose == Purpose::kDerive) return CKO_SECRET_KEY;
  if (purpose != Purpose::kUnwrap) return std::nullopt;
  const bool secret = std::ranges::find(kSecretTypes, key_type) != kSecretTypes.end();
  return secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
}

Status CheckClass(CK_OBJECT_CLASS object_class, Purpose purpose) {
  const auto row = std::ranges::find(kClasses, object_class, &ClassRow::object_class);
  if (row == kClasses.end()) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_CLASS is no class of keys");
  }
  return Contains(row->makes, purpose) ? Ok() : Status(Inconsistent("CKA_CLASS is not made here"));
}

bool IsKnownType(CK_KEY_TYPE key_type) {
  return std::ranges::any_of(kClasses, [key_type](const ClassRow& row) {
    return KindOfKey(row.object_class, key_type).has_value();
  });
}

// The names of an EC key's type mean the same (behaviour R188), so the template's stands.
std::optional<CK_ULONG> FixedType(const KeyPlan& plan) {
  const std::optional<CK_ULONG> said = plan.given.GetUlong(CKA_KEY_TYPE);
  const bool same = plan.key_type && said && HsmKeyType(*plan.key_type) == HsmKeyType(*said);
  return same ? said : std::optional<CK_ULONG>(plan.key_type);
}

const Bytes* ParamsOf(const KeyPlan& plan) {
  const Bytes* given = plan.given.Find(CKA_EC_PARAMS);
  const bool elsewhere = given == nullptr && plan.public_half != nullptr;
  return elsewhere ? plan.public_half->Find(CKA_EC_PARAMS) : given;
}

Result<KeyIdentity> Identify(const KeyPlan& plan) {
  const auto default_type =
      plan.purpose == Purpose::kDerive ? std::optional<CK_ULONG>(CKK_GENERIC_SECRET) : std::nullopt;
  GW_TRY(key_type, Choose(CKA_KEY_TYPE, FixedType(plan), plan.given, default_type));
  GW_TRY(object_class,
         Choose(CKA_CLASS, plan.object_class, plan.given, DefaultClass(plan.purpose, key_type)));
  // What the function fixes it makes.
  if (!plan.object_class) GW_TRY_VOID(CheckClass(object_class, plan.purpose));
  const std::optional<ObjectKind> kind = KindOfKey(object_class, key_type);
  if (kind) return KeyIdentity{object_class, key_type, KindOnCurve(*kind, ParamsOf(plan))};
  if (IsKnownType(key_type)) return Inconsistent("CKA_KEY_TYPE does not go with CKA_CLASS");
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_KEY_TYPE is no type of ours");
}

void AddOrigin(AttributeList& key, const KeyPlan& plan, ObjectKind kind) {
  const bool generated = plan.purpose == Purpose::kGenerate;
  key.SetBool(CKA_LOCAL, generated);
  if (kind == ObjectKind::kDomainParameters) return;
  key.SetUlong(CKA_KEY_GEN_MECHANISM, generated ? plan.mechanism : CK_UNAVAILABLE_INFORMATION);
}

// "If the base key has its CKA_ALWAYS_SENSITIVE attribute set to CK_FALSE, then the derived key
// will as well" (PKCS #11 v2.40 mechanisms 2.3.9); of a key that came from outside nobody knows.
bool HasCleanPast(const KeyPlan& plan, CK_ATTRIBUTE_TYPE history) {
  if (plan.purpose == Purpose::kGenerate) return true;
  return plan.purpose == Purpose::kDerive && plan.base_key != nullptr &&
         plan.base_key->BoolOr(history, false);
}

// Needs the fallbacks in place.
void AddHistory(AttributeList& key, const KeyPlan& plan, ObjectKind kind) {
  if (!Contains(kPrivateKeys | kSecretKeys, kind)) return;
  key.SetBool(CKA_ALWAYS_SENSITIVE,
              HasCleanPast(plan, CKA_ALWAYS_SENSITIVE) && key.BoolOr(CKA_SENSITIVE, false));
  key.SetBool(CKA_NEVER_EXTRACTABLE,
              HasCleanPast(plan, CKA_NEVER_EXTRACTABLE) && !key.BoolOr(CKA_EXTRACTABLE, true));
}

Status CheckAlwaysAuthenticate(const AttributeList& given) {
  if (!given.BoolOr(CKA_ALWAYS_AUTHENTICATE, false)) return Ok();
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_ALWAYS_AUTHENTICATE TRUE is not offered");
}

bool GoesToHsm(const AttributeRow& row, ObjectKind kind, ByteView value, Purpose purpose) {
  switch (row.hsm) {
    case HsmPart::kNone:
      return false;
    case HsmPart::kNumber:
      // Of domain parameters it is told their size alone (wire sheet 4.7).
      return kind != ObjectKind::kDomainParameters;
    case HsmPart::kPublicNumber:
      // A derived half has nobody else to say it.
      if (purpose == Purpose::kDerive) return true;
      return Contains(kPublicKeys | KindsOf(ObjectKind::kDomainParameters), kind);
    case HsmPart::kUsage:
    case HsmPart::kBoolean:
      return IsInBlob(row, kind);
    case HsmPart::kBooleanIfTrue:
      return IsInBlob(row, kind) && IsTrue(value);
  }
  return false;
}

// Tools ask for CKA_DERIVE with whatever EC key they make. Edwards keys derive nothing but wallet
// keys, for which they are CKA_IBM_USE_AS_DATA; of others the wish is kept and the HSM does not
// hear of it.
bool DerivesNothing(const AttributeList& key) {
  return StandardEcType(key.Find(CKA_EC_PARAMS)) == CKK_EC_EDWARDS &&
         !key.BoolOr(CKA_IBM_USE_AS_DATA, false);
}

}  // namespace

Result<AttributeList> CompleteKey(const KeyPlan& plan) {
  GW_TRY_VOID(CheckTemplate(plan.given, plan.purpose));
  GW_TRY(identity, Identify(plan));
  const ObjectKind kind = identity.kind;
  GW_TRY(key, Applicable(plan.given, kind));
  GW_TRY_VOID(CheckTrusted(key, plan.user));
  GW_TRY_VOID(CheckAlwaysAuthenticate(key));
  GW_TRY_VOID(CheckKeyNeeds(plan.given, kind, plan.purpose));
  GW_TRY_VOID(CheckSecretValue(plan.given, kind));
  key.SetUlong(CKA_CLASS, identity.object_class);
  key.SetUlong(CKA_KEY_TYPE, identity.key_type);
  GW_TRY_VOID(NormaliseKeyValues(key, kind, plan.purpose));
  if (plan.public_half != nullptr) key.Merge(SharedWithPrivate(*plan.public_half));
  AddPlacement(key, plan.placement);
  AddOrigin(key, plan, kind);
  AddFallbacks(key, kind);
  AddHistory(key, plan, kind);
  return std::move(key);
}

AttributeList HsmTemplate(const AttributeList& complete, Purpose purpose) {
  AttributeList sent;
  const std::optional<ObjectKind> kind = KindOf(complete);
  if (!kind) return sent;
  for (const auto& [type, value] : complete) {
    const AttributeRow* row = FindAttribute(type);
    if (row == nullptr || !Contains(row->sent, purpose)) continue;
    if (type == CKA_DERIVE && DerivesNothing(complete)) continue;
    if (!GoesToHsm(*row, *kind, value, purpose)) continue;
    if (type == CKA_KEY_TYPE) {
      sent.SetUlong(type, HsmKeyType(UlongFrom(value).value_or(CK_UNAVAILABLE_INFORMATION)));
    } else {
      sent.Set(type, value);
    }
  }
  const bool by_domain = *kind == ObjectKind::kDsaPublic || *kind == ObjectKind::kDhPublic;
  if (purpose == Purpose::kGenerate && by_domain) {
    sent.Set(CKA_IBM_STRUCT_PARAMS, JoinedDomain(complete));
  }
  return sent;
}

AttributeList SharedWithPrivate(const AttributeList& public_key) {
  static constexpr auto kShared = std::to_array<CK_ATTRIBUTE_TYPE>(
      {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO, CKA_PRIME, CKA_SUBPRIME, CKA_BASE,
       CKA_EC_PARAMS, CKA_IBM_PQC_PARAMS});
  AttributeList shared;
  for (CK_ATTRIBUTE_TYPE type : kShared) {
    if (const Bytes* value = public_key.Find(type)) shared.Set(type, *value);
  }
  return shared;
}

}  // namespace gw
