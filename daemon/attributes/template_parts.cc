// Room: attributes.
#include "daemon/attributes/template_parts.h"

#include <string>

namespace gw {
namespace {

bool IsImpossibleUsage(const AttributeRow& row, ObjectKind kind) {
  return row.fallback == Fallback::kUsage && UsageOf(kind, row.type) == UsageRule::kImpossible;
}

void SetFallback(AttributeList& object, const AttributeRow& row, ObjectKind kind) {
  switch (row.fallback) {
    case Fallback::kNone:
      return;
    case Fallback::kEmpty:
      return object.Set(row.type, Bytes());
    case Fallback::kFalse:
      return object.SetBool(row.type, false);
    case Fallback::kTrue:
      return object.SetBool(row.type, true);
    case Fallback::kZero:
      return object.SetUlong(row.type, 0);
    case Fallback::kUsage:
      return object.SetBool(row.type, UsageOf(kind, row.type) == UsageRule::kGranted);
    case Fallback::kSha1:
      return object.SetUlong(row.type, CKM_SHA_1);
  }
}

}  // namespace

bool IsTrue(ByteView value) { return value.size() == 1 && value[0] != 0; }

Result<bool> AppliesTo(const AttributeRow& row, ObjectKind kind, ByteView value) {
  const bool applies = Contains(row.applies, kind);
  if (applies && !IsImpossibleUsage(row, kind)) return true;
  const std::string name(row.name);
  if (row.value != ValueKind::kBool) {
    return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, name + " is not of this kind of object");
  }
  if (IsTrue(value)) {
    return CallerError(CKR_TEMPLATE_INCONSISTENT, name + " TRUE is nothing this object can do");
  }
  return applies;
}

Result<AttributeList> Applicable(const AttributeList& given, ObjectKind kind) {
  AttributeList kept;
  for (const auto& [type, value] : given) {
    const AttributeRow* row = FindAttribute(type);
    if (row == nullptr) return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, "unknown attribute");
    GW_TRY(applies, AppliesTo(*row, kind, value));
    if (applies && !Contains(row->sensitive, kind)) kept.Set(type, value);
  }
  return kept;
}

Status CheckTrusted(const AttributeList& given, UserState user) {
  if (given.BoolOr(CKA_TRUSTED, false) && user != UserState::kSecurityOfficer) {
    return CallerError(CKR_ATTRIBUTE_READ_ONLY, "only the security officer sets CKA_TRUSTED");
  }
  return Ok();
}

Status CheckPresent(const AttributeList& given, CK_ATTRIBUTE_TYPE type) {
  const Bytes* value = given.Find(type);
  if (value != nullptr && !value->empty()) return Ok();
  return CallerError(CKR_TEMPLATE_INCOMPLETE, std::string(NameOfAttribute(type)) + " is missing");
}

Status CheckNeeds(std::span<const Need> needs, const AttributeList& given, ObjectKind kind,
                  Purpose purpose) {
  for (const Need& need : needs) {
    if (!Contains(need.purposes, purpose) || !Contains(need.kinds, kind)) continue;
    GW_TRY_VOID(CheckPresent(given, need.type));
  }
  return Ok();
}

void AddPlacement(AttributeList& object, Placement placement) {
  object.SetBool(CKA_TOKEN, placement.token);
  object.SetBool(CKA_PRIVATE, placement.is_private);
}

void AddFallbacks(AttributeList& object, ObjectKind kind) {
  for (const AttributeRow& row : AllAttributes()) {
    const bool open = Contains(row.applies & ~row.sensitive, kind);
    if (open && !object.Has(row.type)) SetFallback(object, row, kind);
  }
}

}  // namespace gw
