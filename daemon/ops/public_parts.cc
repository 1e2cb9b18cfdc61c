// Room: ops.
#include "daemon/ops/public_parts.h"

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

}  // namespace

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
