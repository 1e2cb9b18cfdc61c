// Room: attributes.
#include "daemon/attributes/attribute_access.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "daemon/attributes/attribute_table.h"
#include "daemon/attributes/attribute_value.h"
#include "daemon/localcrypto/curve.h"

namespace gw {
namespace {

constexpr std::array<Byte, 1> kFalseValue{0};
constexpr std::array<Byte, 1> kTrueValue{1};
constexpr std::array<Byte, sizeof(CK_ULONG)> kZeroValue{};

// The value of an attribute that the object has but does not hold, as it may be with objects that
// were stored before a row was added.
ByteView FallbackValue(const AttributeRow& row) {
  if (row.fallback == Fallback::kTrue) return kTrueValue;
  if (row.fallback == Fallback::kZero) return kZeroValue;
  if (row.fallback == Fallback::kFalse || row.fallback == Fallback::kUsage) return kFalseValue;
  return {};
}

Result<ByteView> ReadRow(const AttributeList& object, ObjectKind kind, const AttributeRow& row) {
  const Bytes* value = object.Find(row.type);
  // CKA_CHECK_VALUE of a derived wallet key alone is the chain code: what an object holds it has.
  if (!Contains(row.applies, kind) && value == nullptr) {
    return CallerError(CKR_ATTRIBUTE_TYPE_INVALID,
                       std::string(row.name) + " is not of this object");
  }
  if (Contains(row.sensitive, kind)) {
    return CallerError(CKR_ATTRIBUTE_SENSITIVE, std::string(row.name) + " never leaves");
  }
  return value == nullptr ? FallbackValue(row) : ByteView(*value);
}

// An EC key answers to CKK_EC and to the standard's type for its curve, whichever it was made with.
bool IsOfType(const AttributeList& object, ByteView wanted) {
  const std::optional<CK_ULONG> type = UlongFrom(wanted);
  const std::optional<CK_ULONG> held = object.GetUlong(CKA_KEY_TYPE);
  if (!type || !held) return false;
  if (*type == *held) return true;
  if (HsmKeyType(*held) != CKK_EC) return false;
  return *type == CKK_EC || *type == StandardEcType(object.Find(CKA_EC_PARAMS));
}

bool SameValue(const AttributeRow& row, ByteView held, ByteView wanted) {
  if (row.value == ValueKind::kBigInteger) {
    return Equal(WithoutLeadingZeros(held), WithoutLeadingZeros(wanted));
  }
  if (Equal(held, wanted)) return true;
  if (row.type != CKA_EC_PARAMS) return false;
  const Curve* curve = FindCurve(wanted);
  return curve != nullptr && curve == FindCurve(held);
}

}  // namespace

Result<ByteView> ReadAttribute(const AttributeList& object, CK_ATTRIBUTE_TYPE type) {
  const AttributeRow* row = FindAttribute(type);
  const std::optional<ObjectKind> kind = KindOf(object);
  if (row == nullptr || !kind) return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, "unknown attribute");
  return ReadRow(object, *kind, *row);
}

bool Matches(const AttributeList& object, const AttributeList& wanted) {
  if (wanted.empty()) return true;
  const std::optional<ObjectKind> kind = KindOf(object);
  if (!kind) return false;
  return std::ranges::all_of(wanted, [&](const AttributeList::Entry& entry) {
    const AttributeRow* row = FindAttribute(entry.type);
    const Bytes* held = object.Find(entry.type);
    if (row == nullptr || Contains(row->sensitive, *kind)) return false;
    if (!Contains(row->applies, *kind) && held == nullptr) return false;
    if (entry.type == CKA_KEY_TYPE) return IsOfType(object, entry.value);
    return SameValue(*row, held == nullptr ? FallbackValue(*row) : ByteView(*held), entry.value);
  });
}

bool AllowsMechanism(const AttributeList& key, CK_MECHANISM_TYPE mechanism) {
  const Bytes* allowed = key.Find(CKA_ALLOWED_MECHANISMS);
  if (allowed == nullptr || allowed->empty()) return true;
  for (ByteView left = *allowed; left.size() >= sizeof mechanism;
       left = left.subspan(sizeof mechanism)) {
    if (UlongFrom(left.first(sizeof mechanism)) == mechanism) return true;
  }
  return false;
}

}  // namespace gw
