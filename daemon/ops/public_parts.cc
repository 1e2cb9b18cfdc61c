// Room: ops.
#include "daemon/ops/public_parts.h"

#include "daemon/localcrypto/ffc_key.h"

namespace gw::ops {
namespace {

constexpr Byte kOctetString = 0x04;
constexpr Byte kLongForm = 0x80;

Bytes WrapOctets(ByteView octets) {
  Bytes der{kOctetString};
  if (octets.size() >= kLongForm) der.push_back(kLongForm | 1);
  der.push_back(static_cast<Byte>(octets.size()));
  Append(der, octets);
  return der;
}

// The content of a DER OCTET STRING that fills `der`; empty if it is none. Points have less than
// 256 octets.
ByteView UnwrapOctets(ByteView der) {
  if (der.size() < 2 || der[0] != kOctetString) return {};
  const std::size_t header = der[1] == (kLongForm | 1) ? 3 : 2;
  if (der.size() <= header || der[header - 1] != der.size() - header) return {};
  return der.subspan(header);
}

void AddFfcParts(AttributeList& attributes, const FfcPublicKey& key) {
  attributes.Set(CKA_PUBLIC_KEY_INFO, SpkiFromFfc(key));
  if (!attributes.Has(CKA_KEY_TYPE)) attributes.SetUlong(CKA_KEY_TYPE, key.type);
  attributes.Set(CKA_PRIME, key.domain.prime);
  if (key.type == CKK_DSA) attributes.Set(CKA_SUBPRIME, key.domain.subprime);
  attributes.Set(CKA_BASE, key.domain.base);
  attributes.Set(CKA_VALUE, key.value);
}

CK_KEY_TYPE TypeOf(const PublicKey& key) {
  if (key.is_rsa()) return CKK_RSA;
  return key.strength() == nullptr ? CK_KEY_TYPE{CKK_EC} : key.strength()->key_type;
}

Result<Bytes> FfcSpki(const AttributeList& attributes, CK_KEY_TYPE type) {
  const Bytes* value = attributes.Find(CKA_VALUE);
  if (value == nullptr) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE is missing");
  GW_TRY(domain, DomainOf(attributes));
  return SpkiFromFfc({type, domain, *value});
}

}  // namespace

Result<FfcDomain> DomainOf(const AttributeList& attributes) {
  FfcDomain domain;
  const bool dsa = attributes.GetUlong(CKA_KEY_TYPE) == CK_ULONG{CKK_DSA};
  for (const auto& [type, to] :
       {std::pair(CKA_PRIME, &domain.prime), std::pair(CKA_SUBPRIME, &domain.subprime),
        std::pair(CKA_BASE, &domain.base)}) {
    if (type == CKA_SUBPRIME && !dsa) continue;
    const Bytes* number = attributes.Find(type);
    if (number == nullptr || number->empty())
      return CallerError(CKR_TEMPLATE_INCOMPLETE, "domain parameters are missing");
    *to = *number;
  }
  return domain;
}

Status AddSpkiParts(AttributeList& attributes, ByteView spki) {
  if (IsFfcSpki(spki)) {
    GW_TRY(key, ParseFfcSpki(spki));
    AddFfcParts(attributes, key);
    return Ok();
  }
  GW_TRY(key, PublicKey::Parse(spki));
  if (!attributes.Has(CKA_KEY_TYPE)) attributes.SetUlong(CKA_KEY_TYPE, TypeOf(*key));
  AddPublicParts(attributes, *key);
  return Ok();
}

void AddPublicParts(AttributeList& attributes, const PublicKey& key) {
  attributes.Set(CKA_PUBLIC_KEY_INFO, key.StandardSpki());
  if (key.is_rsa()) {
    attributes.Set(CKA_MODULUS, key.Modulus());
    attributes.Set(CKA_PUBLIC_EXPONENT, key.PublicExponent());
    return;
  }
  if (const LatticeStrength* strength = key.strength()) {
    attributes.Set(CKA_IBM_PQC_PARAMS, CopyOf(strength->der_oid));
    return;
  }
  attributes.Set(CKA_EC_PARAMS, key.EcParams());
  attributes.Set(CKA_EC_POINT, WrapOctets(key.EcPoint()));
}

ByteView RawPoint(ByteView point, const Curve& curve) {
  if (point.size() == curve.PointBytes()) return point;
  const ByteView inner = UnwrapOctets(point);
  return inner.size() == curve.PointBytes() ? inner : point;
}

Result<Bytes> SpkiFor(const AttributeList& attributes) {
  const CK_KEY_TYPE type = attributes.GetUlong(CKA_KEY_TYPE).value_or(CK_UNAVAILABLE_INFORMATION);
  if (type == CKK_DSA || type == CKK_DH) return FfcSpki(attributes, type);
  if (const Bytes* modulus = attributes.Find(CKA_MODULUS)) {
    const Bytes* exponent = attributes.Find(CKA_PUBLIC_EXPONENT);
    if (exponent == nullptr)
      return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_PUBLIC_EXPONENT is missing");
    return SpkiFromRsa(*modulus, *exponent);
  }
  const Bytes* params = attributes.Find(CKA_EC_PARAMS);
  const Bytes* point = attributes.Find(CKA_EC_POINT);
  if (params == nullptr || point == nullptr) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "neither a modulus nor a curve and a point");
  }
  return SpkiFromEc(*params, UnwrapOctets(*point));
}

}  // namespace gw::ops
