// Room: attributes. Steps that the template rules share; for the .cc files of this room.
#pragma once

#include "daemon/attributes/attribute_table.h"
#include "daemon/attributes/template_rules.h"
#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"

namespace gw {

// The entries of `given` that an object of this kind can have, without secret values. A boolean
// that such objects do not have, or a usage that the algorithm lacks, is dropped when FALSE and
// refused when TRUE.
//   errors  CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT
Result<AttributeList> Applicable(const AttributeList& given, ObjectKind kind);

// May an object of this kind have the attribute with that value?
//   returns  false: no, and FALSE is what it would be anyway
//   errors   as Applicable
Result<bool> AppliesTo(const AttributeRow& row, ObjectKind kind, ByteView value);

// CKR_ATTRIBUTE_READ_ONLY when somebody else than the security officer says CKA_TRUSTED TRUE.
Status CheckTrusted(const AttributeList& given, UserState user);

// CKR_TEMPLATE_INCOMPLETE unless `given` has the attribute, and not empty.
Status CheckPresent(const AttributeList& given, CK_ATTRIBUTE_TYPE type);

void AddPlacement(AttributeList& object, Placement placement);

// Each attribute that objects of this kind have and that is not there yet gets its fallback value.
void AddFallbacks(AttributeList& object, ObjectKind kind);

bool IsTrue(ByteView value);

// For every need of `needs` that concerns this kind and purpose, CheckPresent.
struct Need {
  PurposeSet purposes;
  KindSet kinds;
  CK_ATTRIBUTE_TYPE type;
};
Status CheckNeeds(std::span<const Need> needs, const AttributeList& given, ObjectKind kind,
                  Purpose purpose);

}  // namespace gw
