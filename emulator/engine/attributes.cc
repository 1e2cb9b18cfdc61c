// Room: emulator/engine.
#include "emulator/engine/attributes.h"

#include <algorithm>
#include <array>

#include "emulator/blob/envelope.h"
#include "emulator/crypto/lattice.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"

namespace gw::emulator {
namespace {

constexpr auto kSensitive =
    std::to_array<CK_ATTRIBUTE_TYPE>({CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2,
                                      CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT});

// What belongs to the caller's library and never reaches a blob.
constexpr auto kHostLevel =
    std::to_array<CK_ATTRIBUTE_TYPE>({CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_ID, CKA_SUBJECT,
                                      CKA_START_DATE, CKA_END_DATE, CKA_COPYABLE, CKA_DESTROYABLE});

bool IsIn(std::span<const CK_ATTRIBUTE_TYPE> list, CK_ATTRIBUTE_TYPE type) {
  return std::ranges::find(list, type) != list.end();
}

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// CKA_EC_POINT: a DER OCTET STRING around the point. On raw curves the octets alone, as the
// vendor's library has them.
Bytes EcPoint(const PKey& pkey) {
  const Bytes point = pkey.Point();
  if (pkey.curve()->is_raw()) return point;
  Bytes out = {0x04};
  if (point.size() >= 0x80) out.push_back(0x81);
  out.push_back(static_cast<Byte>(point.size()));
  Append(out, point);
  return out;
}

void DescribeDomain(AttributeMap& map, const DomainParams& domain) {
  map[CKA_PRIME_BITS] = Signed(domain.bits());
  map[CKA_PRIME] = domain.prime;
  if (!domain.subprime.empty()) map[CKA_SUBPRIME] = domain.subprime;
  map[CKA_BASE] = domain.base;
}

void DescribePublicParts(AttributeMap& map, const Key& key) {
  map[CKA_PUBLIC_KEY_INFO] = key.pkey->Spki();
  if (key.type == CKK_RSA) {
    map[CKA_MODULUS] = key.pkey->Modulus();
    map[CKA_MODULUS_BITS] = Signed(key.pkey->bits());
    map[CKA_PUBLIC_EXPONENT] = key.pkey->PublicExponent();
  } else if (key.type == CKK_DSA || key.type == CKK_DH) {
    DescribeDomain(map, key.pkey->Domain());
  } else if (key.pkey->lattice() != nullptr) {
    map[CKA_IBM_PQC_PARAMS] = CopyOf(key.pkey->lattice()->strength_oid());
  } else {
    map[CKA_EC_PARAMS] = CopyOf(key.pkey->curve()->oid_der);
    map[CKA_EC_POINT] = EcPoint(*key.pkey);
  }
}

void DescribeSecretParts(AttributeMap& map, const Key& key) {
  map[CKA_VALUE_LEN] = Signed(key.value.size());
  map[CKA_CHECK_VALUE] = CheckValueOf(key);
}

// "Rights may be removed, not added" on a RESTRICTABLE key; some attributes go one way on any.
Status CheckChange(const Key& key, const AttributeBitRow& row, bool to) {
  const bool now = key.Has(row.bit);
  if (row.access == BitAccess::kHsmOnly || row.access == BitAccess::kTemplate) {
    return CallerError(CKR_ATTRIBUTE_READ_ONLY, "attribute cannot be changed");
  }
  const bool restricts = row.access == BitAccess::kSetOnly;  // TRUE takes something away
  if (restricts && !to && now) {
    return CallerError(CKR_ATTRIBUTE_READ_ONLY, "attribute can only be set");
  }
  const bool clear_only = row.access == BitAccess::kClearOnly || key.Has(kRestrictable);
  if (!restricts && clear_only && to && !now) {
    return CallerError(CKR_ATTRIBUTE_READ_ONLY, "attribute can only be cleared");
  }
  return Ok();
}

Result<AttributeBits> Changed(const Key& key, const AttributeMap& changes) {
  AttributeBits bits = key.bits;
  for (const auto& [type, value] : changes) {
    if (IsIn(kHostLevel, type)) continue;
    if (type == CKA_IBM_LOGIN_SESSION) {
      return CallerError(CKR_IBM_SESSION_IMMUTABLE, "a key stays in its login session");
    }
    if (type == CKA_SENSITIVE || type == CKA_ALWAYS_SENSITIVE) {
      return CallerError(CKR_ATTRIBUTE_READ_ONLY, "secret values do not leave the HSM");
    }
    const AttributeBitRow* row = FindAttributeBit(type);
    if (row == nullptr) return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, "not a boolean of the blob");
    if (!std::holds_alternative<bool>(value)) {
      return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "attribute value of a wrong type");
    }
    const bool to = std::get<bool>(value);
    GW_TRY_VOID(CheckChange(key, *row, to));
    bits = to ? bits | row->bit : bits & ~row->bit;
  }
  // "Never" ends when the attribute is given.
  if ((bits & kProtkeyExtractable) != 0) bits &= ~kProtkeyNeverExtractable;
  return bits;
}

// The same rule as for templates: no rights that the type cannot have, alone or together.
Status RequireAllowed(const Key& key, AttributeBits bits) {
  AttributeMap booleans;
  for (const AttributeBitRow& row : AttributeBitTable()) {
    if (row.access != BitAccess::kHsmOnly && (bits & row.bit) != 0) booleans[row.type] = true;
  }
  GW_TRY(ignored, BitsOf(booleans, key.object_class, key.type, Origin::kUnwrapped, key.curve()));
  static_cast<void>(ignored);
  return Ok();
}

}  // namespace

AttributeMap DescribeKey(const Card& card, const Key& key) {
  AttributeMap map;
  map[CKA_CLASS] = Signed(key.object_class);
  map[CKA_KEY_TYPE] = Signed(key.type);
  map[CKA_KEY_GEN_MECHANISM] = Signed(key.generated_by);
  if (key.object_class == CKO_DOMAIN_PARAMETERS) return map;
  for (const AttributeBitRow& row : AttributeBitTable()) {
    if (row.type != CKA_IBM_NEVER_MODIFIABLE) map[row.type] = key.Has(row.bit);
  }
  if (key.object_class != CKO_PUBLIC_KEY) {
    map[CKA_SENSITIVE] = true;
    map[CKA_ALWAYS_SENSITIVE] = key.Has(kLocal);
  }
  if (key.maced) {
    map[CKA_IBM_LOGIN_SESSION] = CopyOf(key.session);
    map[CKA_IBM_STD_COMPLIANCE1] = Signed(kFips2009Mode);
  }
  map[CKA_GREP11_WKID] = CopyOf(card.master().wkid());
  if (key.pkey) {
    DescribePublicParts(map, key);
  } else {
    DescribeSecretParts(map, key);
  }
  return map;
}

Result<AttributeMap> ReadAttributes(Card& card, ByteView blob,
                                    const std::vector<CK_ATTRIBUTE_TYPE>& wanted) {
  if (blob.empty()) return CallerError(CKR_OBJECT_HANDLE_INVALID, "no object");
  GW_TRY(key, card.Open(blob));
  AttributeMap all = DescribeKey(card, *key);
  AttributeMap answer;
  for (const CK_ATTRIBUTE_TYPE type : wanted) {
    if (type == CKA_IBM_NEVER_MODIFIABLE) return CallerError(CKR_ARGUMENTS_BAD, "not readable");
    if (type == CKA_IBM_MACED_PUBLIC_KEY_INFO && key->object_class == CKO_PRIVATE_KEY) {
      answer[type] = SealKey(card.master(), PublicHalf(*key));
      continue;
    }
    if (type == CKA_GREP11_NEXTWKID && card.master_keys().committed) {
      answer[type] = CopyOf(card.master_keys().next->wkid());
      continue;
    }
    const auto at = all.find(type);
    if (at != all.end()) {
      answer[type] = std::move(at->second);
    } else if (IsIn(kSensitive, type) && key->object_class != CKO_PUBLIC_KEY) {
      return CallerError(CKR_ATTRIBUTE_SENSITIVE, "secret values do not leave the HSM");
    } else {
      return CallerError(CKR_ATTRIBUTE_TYPE_INVALID, "key has no such attribute");
    }
  }
  return answer;
}

Result<Bytes> ChangeAttributes(Card& card, ByteView blob, const AttributeMap& changes) {
  if (blob.empty()) return CallerError(CKR_OBJECT_HANDLE_INVALID, "no object");
  GW_TRY(key, card.Open(blob));
  if (!key->maced) return CallerError(CKR_OBJECT_HANDLE_INVALID, "public key has no MAC");
  if (!key->Has(kModifiable)) return CallerError(CKR_ACTION_PROHIBITED, "CKA_MODIFIABLE is false");
  GW_TRY(bits, Changed(*key, changes));
  GW_TRY_VOID(RequireAllowed(*key, bits));
  Key changed = key->Clone();
  changed.bits = bits;
  return SealKey(card.master(), changed);
}

}  // namespace gw::emulator
