// Room: core.
#include "daemon/core/attribute_codec.h"

#include <algorithm>
#include <array>

namespace gw {
namespace {

constexpr std::uint32_t kMaxAttributes = 4096;
constexpr std::size_t kLeastEntryBytes = 8 + 4;  // type and length

constexpr auto kUlongAttributes = std::to_array<CK_ATTRIBUTE_TYPE>({
    CKA_CLASS,
    CKA_CERTIFICATE_TYPE,
    CKA_CERTIFICATE_CATEGORY,
    CKA_JAVA_MIDP_SECURITY_DOMAIN,
    CKA_NAME_HASH_ALGORITHM,
    CKA_KEY_TYPE,
    CKA_MODULUS_BITS,
    CKA_PRIME_BITS,
    CKA_SUB_PRIME_BITS,
    CKA_VALUE_BITS,
    CKA_VALUE_LEN,
    CKA_KEY_GEN_MECHANISM,
});
static_assert(std::ranges::is_sorted(kUlongAttributes));

// Values that are one or several CK_ULONGs and so depend on the host's byte order.
bool HoldsUlongs(CK_ATTRIBUTE_TYPE type, std::size_t value_bytes) {
  return (IsUlongAttribute(type) || type == CKA_ALLOWED_MECHANISMS) &&
         value_bytes % sizeof(CK_ULONG) == 0;
}

void AppendU64Be(Bytes& out, std::uint64_t value) {
  AppendU32Be(out, static_cast<std::uint32_t>(value >> 32));
  AppendU32Be(out, static_cast<std::uint32_t>(value));
}

// Takes big-endian numbers and runs of bytes off the front; `failed` stays set once something was
// missing.
struct Cursor {
  ByteView left;
  bool failed = false;

  ByteView Take(std::size_t size) {
    if (size > left.size()) failed = true;
    if (failed) return {};
    ByteView head = left.first(size);
    left = left.subspan(size);
    return head;
  }
  std::uint64_t Number(std::size_t size) {
    std::uint64_t value = 0;
    for (Byte byte : Take(size)) value = value << 8 | byte;
    return value;
  }
};

void AppendUlongs(Bytes& out, ByteView native) {
  for (; !native.empty(); native = native.subspan(sizeof(CK_ULONG))) {
    AppendU64Be(out, *UlongFrom(native.first(sizeof(CK_ULONG))));
  }
}

Bytes UlongsOf(ByteView big_endian) {
  Bytes native;
  for (Cursor cursor{big_endian}; !cursor.left.empty();) {
    Append(native, UlongBytes(cursor.Number(sizeof(CK_ULONG))));
  }
  return native;
}

}  // namespace

bool IsUlongAttribute(CK_ATTRIBUTE_TYPE type) {
  return std::ranges::binary_search(kUlongAttributes, type);
}

bool IsTemplateAttribute(CK_ATTRIBUTE_TYPE type) {
  return (type & CKF_ARRAY_ATTRIBUTE) != 0 && type != CKA_ALLOWED_MECHANISMS;
}

Bytes EncodeAttributes(const AttributeList& list) {
  Bytes out;
  AppendU32Be(out, static_cast<std::uint32_t>(list.size()));
  for (const auto& [type, value] : list) {
    AppendU64Be(out, type);
    AppendU32Be(out, static_cast<std::uint32_t>(value.size()));
    if (HoldsUlongs(type, value.size())) {
      AppendUlongs(out, value);
    } else {
      Append(out, value);
    }
  }
  return out;
}

Result<AttributeList> DecodeAttributes(ByteView bytes) {
  Cursor cursor{bytes};
  const std::uint64_t count = cursor.Number(4);
  if (count > kMaxAttributes)
    return UpstreamError(CKR_DEVICE_ERROR, "stored attribute list has too many entries");
  AttributeList list;
  list.Reserve(std::min<std::uint64_t>(count, bytes.size() / kLeastEntryBytes));
  for (std::uint64_t i = 0; i < count && !cursor.failed; ++i) {
    const CK_ATTRIBUTE_TYPE type = cursor.Number(8);
    const ByteView value = cursor.Take(cursor.Number(4));
    list.Set(type, HoldsUlongs(type, value.size()) ? UlongsOf(value) : CopyOf(value));
  }
  if (cursor.failed || !cursor.left.empty()) {
    return UpstreamError(CKR_DEVICE_ERROR,
                         "stored attribute list is truncated or has bytes left over");
  }
  return list;
}

}  // namespace gw
