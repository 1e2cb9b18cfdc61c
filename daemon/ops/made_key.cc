// Room: ops.
#include "daemon/ops/made_key.h"

#include "daemon/attributes/template_rules.h"
#include "daemon/localcrypto/public_key.h"
#include "daemon/ops/public_parts.h"

namespace gw::ops {
namespace {

constexpr std::size_t kCheckValueBytes = 3;
constexpr std::size_t kBitCountBytes = 4;
constexpr std::size_t kWkidOffset = 32;
constexpr std::size_t kWkidBytes = 16;

Status AddCheckValue(AttributeList& attributes, ByteView check_value) {
  const Bytes* given = attributes.Find(CKA_CHECK_VALUE);
  if (given != nullptr && !given->empty() && !Equal(*given, check_value)) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_CHECK_VALUE is not that of the key");
  }
  // An empty value given by the application suppresses the attribute (PKCS #11 v2.40 4.10.2).
  if (given == nullptr || !given->empty()) attributes.Set(CKA_CHECK_VALUE, CopyOf(check_value));
  return Ok();
}

Status AddSecretParts(AttributeList& attributes, ByteView check_sum) {
  if (check_sum.size() < kCheckValueBytes)
    return UpstreamError(CKR_DEVICE_ERROR, "check sum of a secret key is short");
  // Of a generic secret the HSM's is no check value of the standard.
  if (attributes.GetUlong(CKA_KEY_TYPE) != CK_ULONG{CKK_GENERIC_SECRET}) {
    GW_TRY_VOID(AddCheckValue(attributes, check_sum.first(kCheckValueBytes)));
  }
  // The length of DES keys is that of their type, and no attribute.
  const bool has_length = attributes.GetUlong(CKA_KEY_TYPE) == CK_ULONG{CKK_GENERIC_SECRET} ||
                          attributes.GetUlong(CKA_KEY_TYPE) == CK_ULONG{CKK_AES};
  if (has_length && check_sum.size() == kCheckValueBytes + kBitCountBytes) {
    std::uint32_t bits = 0;
    for (Byte byte : check_sum.subspan(kCheckValueBytes)) bits = bits << 8 | byte;
    attributes.SetUlong(CKA_VALUE_LEN, bits / 8);
  }
  return Ok();
}

Status AddPrivateParts(AttributeList& attributes, ByteView check_sum) {
  AttributeList public_attributes;
  GW_TRY_VOID(AddSpkiParts(public_attributes, check_sum));
  attributes.Merge(SharedWithPrivate(public_attributes));
  return Ok();
}

}  // namespace

void AddWrappingKeyId(AttributeList& attributes, const KeyBlob& key) {
  if (key.octets.size() < kWkidOffset + kWkidBytes) return;
  attributes.Set(CKA_GREP11_WKID, CopyOf(key.view().subspan(kWkidOffset, kWkidBytes)));
}

Status AddMadeParts(AttributeList& attributes, const MadeKey& made) {
  AddWrappingKeyId(attributes, made.key);
  if (attributes.GetUlong(CKA_CLASS) == CK_ULONG{CKO_PRIVATE_KEY})
    return AddPrivateParts(attributes, made.check_sum);
  return AddSecretParts(attributes, made.check_sum);
}

}  // namespace gw::ops
