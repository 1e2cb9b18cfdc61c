// Room: attributes. C_SetAttributeValue, and the template of C_CopyObject.
#include <string>

#include "daemon/attributes/template_parts.h"
#include "daemon/attributes/template_rules.h"

namespace gw {
namespace {

Error Prohibited(std::string detail) {
  return CallerError(CKR_ACTION_PROHIBITED, std::move(detail));
}

bool IsTrustedCertificate(const AttributeList& object, ObjectKind kind) {
  return Contains(kCertificates, kind) && object.BoolOr(CKA_TRUSTED, false);
}

// A copy of an object that nobody may change can still go elsewhere.
bool MovesOnly(const AttributeList& wanted) {
  for (const auto& entry : wanted) {
    if (entry.type != CKA_TOKEN && entry.type != CKA_PRIVATE) return false;
  }
  return true;
}

Status CheckObject(const AttributeList& object, ObjectKind kind, const AttributeList& wanted,
                   Purpose purpose) {
  const bool copy = purpose == Purpose::kCopy;
  if (copy && !object.BoolOr(CKA_COPYABLE, true)) return Prohibited("CKA_COPYABLE is FALSE");
  if (copy && MovesOnly(wanted)) return Ok();
  if (!object.BoolOr(CKA_MODIFIABLE, true)) return Prohibited("CKA_MODIFIABLE is FALSE");
  if (IsTrustedCertificate(object, kind)) return Prohibited("the certificate is trusted");
  return Ok();
}

// May the attribute take this value, when it has `held` now?
bool MayBecome(ChangeRule rule, bool held, bool wanted, UserState user, Purpose purpose) {
  switch (rule) {
    case ChangeRule::kNever:
      return false;
    case ChangeRule::kOnCopy:
      return purpose == Purpose::kCopy;
    case ChangeRule::kFree:
      return true;
    case ChangeRule::kToFalse:
      return held || !wanted;
    case ChangeRule::kToTrue:
      return !held || wanted;
    case ChangeRule::kToTrueByOfficer:
      return !wanted || user == UserState::kSecurityOfficer;
  }
  return false;
}

Status CheckRow(const AttributeRow& row, ObjectKind kind, bool held, ByteView wanted,
                UserState user, Purpose purpose) {
  const ChangeRule rule = Contains(row.changeable, kind) ? row.change : ChangeRule::kNever;
  if (MayBecome(rule, held, IsTrue(wanted), user, purpose)) return Ok();
  return CallerError(CKR_ATTRIBUTE_READ_ONLY,
                     std::string(row.name) + " cannot be changed, or not to this value");
}

// The HSM has no part in the rights of public keys to encrypt and verify: these are used here, and
// it is not known to change them in a public key it once made.
bool IsHostRight(const AttributeRow& row, ObjectKind kind) {
  return Contains(kPublicKeys, kind) && (row.type == CKA_ENCRYPT || row.type == CKA_VERIFY);
}

void AddChange(Change& change, const AttributeRow& row, ObjectKind kind, const Bytes* held,
               const Bytes& wanted) {
  change.host.Set(row.type, wanted);
  const bool same = held != nullptr && *held == wanted;
  if (!same && IsInBlob(row, kind) && !IsHostRight(row, kind)) change.hsm.Set(row.type, wanted);
}

}  // namespace

Result<Change> CheckChange(const AttributeList& object, const AttributeList& wanted, UserState user,
                           Purpose purpose) {
  const std::optional<ObjectKind> kind = KindOf(object);
  if (!kind) return InternalError("an object without class or type");
  GW_TRY_VOID(CheckObject(object, *kind, wanted, purpose));
  GW_TRY_VOID(CheckTemplate(wanted, purpose));
  Change change;
  for (const auto& [type, value] : wanted) {
    const AttributeRow& row = *FindAttribute(type);
    GW_TRY(applies, AppliesTo(row, *kind, value));
    if (!applies) continue;
    const Bytes* held = object.Find(type);
    GW_TRY_VOID(CheckRow(row, *kind, held != nullptr && IsTrue(*held), value, user, purpose));
    AddChange(change, row, *kind, held, value);
  }
  return change;
}

}  // namespace gw
