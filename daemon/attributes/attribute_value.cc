// Room: attributes.
#include "daemon/attributes/attribute_value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "daemon/core/attribute_codec.h"

namespace gw {
namespace {

// A template in a template in a template is as far as anybody can mean it.
constexpr int kMaxDepth = 4;

struct Range {
  CK_ATTRIBUTE_TYPE type;
  CK_ULONG max;
};
constexpr auto kRanges = std::to_array<Range>({
    {CKA_CERTIFICATE_CATEGORY, 3},       // unspecified, token user, authority, other entity
    {CKA_JAVA_MIDP_SECURITY_DOMAIN, 3},  // unspecified, manufacturer, operator, third party
});

constexpr std::size_t kCheckValueBytes = 3;

Error Invalid(const AttributeRow& row, std::string_view what) {
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, std::string(row.name) + " " + std::string(what));
}

Status CheckBool(const AttributeRow& row, ByteView value, int) {
  // CK_BBOOL is CK_TRUE (1) or CK_FALSE (0). What 255 means depends on whom one asks, so we do not
  // guess about rights of keys.
  if (value.size() != 1 || value[0] > 1) return Invalid(row, "is not a CK_BBOOL");
  return Ok();
}

Status CheckUlong(const AttributeRow& row, ByteView value, int) {
  const std::optional<CK_ULONG> number = UlongFrom(value);
  if (!number) return Invalid(row, "is not a CK_ULONG");
  const auto range = std::ranges::find(kRanges, row.type, &Range::type);
  if (range != kRanges.end() && *number > range->max) return Invalid(row, "is out of range");
  return Ok();
}

Status CheckOctets(const AttributeRow& row, ByteView value, int) {
  // Zero octets: "the application does not want a check value" (PKCS #11 v2.40 4.4.1).
  if (row.type == CKA_CHECK_VALUE && !value.empty() && value.size() != kCheckValueBytes) {
    return Invalid(row, "has not three octets");
  }
  return Ok();
}

Status CheckBigInteger(const AttributeRow& row, ByteView value, int) {
  if (WithoutLeadingZeros(value).empty()) return Invalid(row, "is zero");
  return Ok();
}

// Two digits.
int PairAt(ByteView date, std::size_t at) { return (date[at] - '0') * 10 + (date[at + 1] - '0'); }

Status CheckDate(const AttributeRow& row, ByteView value, int) {
  if (value.empty()) return Ok();
  const auto digit = [](Byte byte) { return byte >= '0' && byte <= '9'; };
  if (value.size() != sizeof(CK_DATE) || !std::ranges::all_of(value, digit)) {
    return Invalid(row, "is not YYYYMMDD");
  }
  const int month = PairAt(value, 4);
  const int day = PairAt(value, 6);
  if (month < 1 || month > 12 || day < 1 || day > 31) return Invalid(row, "is no day");
  return Ok();
}

Status CheckUlongArray(const AttributeRow& row, ByteView value, int) {
  if (value.size() % sizeof(CK_ULONG) != 0) return Invalid(row, "is not an array of CK_ULONG");
  return Ok();
}

Status CheckNested(const AttributeRow& row, ByteView value, int depth) {
  if (depth + 1 >= kMaxDepth) return Invalid(row, "is nested too deeply");
  const Result<AttributeList> list = NestedList(value);
  if (!list) return Invalid(row, "is not an attribute list");
  for (const auto& [type, nested] : *list) {
    const AttributeRow* inner = FindAttribute(type);
    if (inner == nullptr) return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, "nested template");
    GW_TRY_VOID(CheckValue(*inner, nested, depth + 1));
  }
  return Ok();
}

using Check = Status (*)(const AttributeRow&, ByteView, int);
// Indexed by ValueKind.
constexpr auto kChecks =
    std::to_array<Check>({CheckBool, CheckUlong, CheckOctets, CheckBigInteger, CheckOctets,
                          CheckDate, CheckUlongArray, CheckNested});
static_assert(kChecks.size() == static_cast<std::size_t>(ValueKind::kTemplate) + 1);

}  // namespace

Status CheckValue(const AttributeRow& row, ByteView value, int depth) {
  return kChecks[static_cast<std::size_t>(row.value)](row, value, depth);
}

ByteView WithoutLeadingZeros(ByteView number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

std::size_t BitsOf(ByteView number) {
  const ByteView shortest = WithoutLeadingZeros(number);
  if (shortest.empty()) return 0;
  return (shortest.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(shortest.front()));
}

Result<AttributeList> NestedList(ByteView value) {
  if (value.empty()) return AttributeList();
  return DecodeAttributes(value);
}

}  // namespace gw
