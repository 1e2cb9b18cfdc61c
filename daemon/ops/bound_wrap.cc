// Room: ops.
#include "daemon/ops/bound_wrap.h"

#include <array>

#include "daemon/attributes/attribute_table.h"

namespace gw::ops {
namespace {

struct RightRow {
  CK_ATTRIBUTE_TYPE type;
  std::uint32_t bit;
};
// Booleans of the header, in the low word of its octets 48 to 55.
constexpr auto kRights = std::to_array<RightRow>({
    {CKA_EXTRACTABLE, 0x1},
    {CKA_NEVER_EXTRACTABLE, 0x2},
    {CKA_MODIFIABLE, 0x4},
    {CKA_LOCAL, 0x20},
    {CKA_IBM_ATTRBOUND, 0x40},
    {CKA_IBM_USE_AS_DATA, 0x80},
    {CKA_SIGN, 0x100},
    {CKA_DECRYPT, 0x400},
    {CKA_ENCRYPT, 0x800},
    {CKA_DERIVE, 0x1000},
    {CKA_UNWRAP, 0x2000},
    {CKA_WRAP, 0x4000},
    {CKA_VERIFY, 0x8000},
    {CKA_TRUSTED, 0x20000},
    {CKA_WRAP_WITH_TRUSTED, 0x40000},
});
constexpr std::size_t kBitsOffset = 52;
constexpr std::size_t kBitsBytes = 4;

}  // namespace

Result<Mechanism> WithMacKey(const CallScope& scope, const MechanismRow& row,
                             const Mechanism& mechanism, CK_ATTRIBUTE_TYPE usage) {
  if (row.family != Family::kBoundWrap) return mechanism;
  const auto number = UlongFrom(std::get<Bytes>(mechanism.parameter));
  const ObjectPtr key =
      number ? scope.application->FindObject(*scope.token, ObjectHandle{*number}) : nullptr;
  const bool fits =
      key != nullptr && key->object_class == CKO_SECRET_KEY && key->key_type == CKK_GENERIC_SECRET;
  if (!fits)
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "the MAC key is a generic secret, by handle");
  if (!key->attributes.BoolOr(usage, false)) {
    return CallerError(CKR_KEY_FUNCTION_NOT_PERMITTED,
                       "the usage attribute of the MAC key is FALSE");
  }
  return Mechanism{mechanism.type, MacKeyParameter{key->key.octets}};
}

void AddBoundRights(AttributeList& attributes, const KeyBlob& key) {
  const std::optional<ObjectKind> kind = KindOf(attributes);
  if (!kind || key.octets.size() < kBitsOffset + kBitsBytes) return;
  std::uint32_t bits = 0;
  for (Byte octet : key.view().subspan(kBitsOffset, kBitsBytes)) bits = bits << 8 | octet;
  for (const RightRow& right : kRights) {
    const AttributeRow* row = FindAttribute(right.type);
    if (row == nullptr || !Contains(row->applies, *kind)) continue;
    attributes.SetBool(right.type, (bits & right.bit) != 0);
  }
}

}  // namespace gw::ops
