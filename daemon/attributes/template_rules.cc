// Room: attributes. Placement, and the checks that need no object.
#include "daemon/attributes/template_rules.h"

#include <string>

#include "daemon/attributes/attribute_access.h"
#include "daemon/attributes/attribute_value.h"
#include "daemon/attributes/template_parts.h"

namespace gw {
namespace {

Result<bool> BoolOf(const AttributeList& given, CK_ATTRIBUTE_TYPE type, bool fallback) {
  const Bytes* value = given.Find(type);
  if (value == nullptr) return fallback;
  GW_TRY_VOID(CheckValue(*FindAttribute(type), *value, 0));
  return IsTrue(*value);
}

bool MayGive(const AttributeRow& row, Purpose purpose) {
  if (purpose == Purpose::kCopy) return row.change != ChangeRule::kNever;
  if (purpose == Purpose::kSet) {
    return row.change != ChangeRule::kNever && row.change != ChangeRule::kOnCopy;
  }
  return Contains(row.given, purpose);
}

}  // namespace

Result<Placement> DecidePlacement(const AttributeList& given, UserState user,
                                  bool read_write_session, bool remotestore) {
  const bool normal = user == UserState::kNormal;
  GW_TRY(token, BoolOf(given, CKA_TOKEN, false));
  GW_TRY(is_private, BoolOf(given, CKA_PRIVATE, normal));
  if (is_private && !normal) {
    return CallerError(CKR_USER_NOT_LOGGED_IN, "private objects are the normal user's");
  }
  if (token && !read_write_session) {
    return CallerError(CKR_SESSION_READ_ONLY, "token object in a read-only session");
  }
  if (token && !remotestore) {
    return CallerError(CKR_TOKEN_WRITE_PROTECTED, "remotestore is disabled for this slot");
  }
  return Placement{token, is_private};
}

Status CheckTemplate(const AttributeList& given, Purpose purpose) {
  for (const auto& [type, value] : given) {
    const AttributeRow* row = FindAttribute(type);
    if (row == nullptr) return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, "unknown attribute");
    if (!MayGive(*row, purpose)) {
      return CallerError(CKR_ATTRIBUTE_READ_ONLY, std::string(row->name) + " cannot be given here");
    }
    GW_TRY_VOID(CheckValue(*row, value, 0));
  }
  return Ok();
}

Status CheckDestroyable(const AttributeList& object) {
  if (object.BoolOr(CKA_DESTROYABLE, true)) return Ok();
  return CallerError(CKR_ACTION_PROHIBITED, "CKA_DESTROYABLE is FALSE");
}

Result<AttributeList> AddDemanded(const AttributeList& given, const AttributeList& key,
                                  CK_ATTRIBUTE_TYPE demanding) {
  const Bytes* encoded = key.Find(demanding);
  if (encoded == nullptr) return given;
  GW_TRY(demanded, NestedList(*encoded));
  for (const auto& [type, value] : demanded) {
    const Bytes* said = given.Find(type);
    if (said != nullptr && *said != value) {
      return CallerError(CKR_TEMPLATE_INCONSISTENT,
                         std::string(NameOfAttribute(type)) + " is not what the key demands");
    }
  }
  AttributeList all = given;
  all.Merge(demanded);
  return all;
}

bool MayBeWrappedBy(const AttributeList& key, const AttributeList& wrapping_key) {
  const Bytes* encoded = wrapping_key.Find(CKA_WRAP_TEMPLATE);
  if (encoded == nullptr) return true;
  // A template that cannot be read allows nothing.
  const Result<AttributeList> wanted = NestedList(*encoded);
  return wanted && Matches(key, *wanted);
}

}  // namespace gw
