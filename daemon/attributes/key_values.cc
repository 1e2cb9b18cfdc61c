// Room: attributes.
#include "daemon/attributes/key_values.h"

#include <algorithm>
#include <array>
#include <string>

#include "daemon/attributes/attribute_value.h"
#include "daemon/attributes/template_parts.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/mechanism/lattice.h"
#include "daemon/mechanism/mechanism_table.h"

namespace gw {
namespace {

using enum ObjectKind;

constexpr PurposeSet kGenerate = PurposesOf(Purpose::kGenerate);
constexpr PurposeSet kCreate = PurposesOf(Purpose::kCreate);
constexpr KindSet kDsaKeys = KindsOf(kDsaPublic, kDsaPrivate);
constexpr KindSet kDhKeys = KindsOf(kDhPublic, kDhPrivate);
constexpr KindSet kEcKeys = KindsOf(kEcPublic, kEcPrivate, kXdhPublic, kXdhPrivate);
constexpr KindSet kLatticeKeys = KindsOf(kPqcPublic, kPqcPrivate, kKyberPublic, kKyberPrivate);

constexpr auto kNeeds = std::to_array<Need>({
    {kGenerate, KindsOf(kRsaPublic), CKA_MODULUS_BITS},
    {kGenerate, KindsOf(kEcPublic, kXdhPublic), CKA_EC_PARAMS},
    {kGenerate, KindsOf(kPqcPublic, kKyberPublic), CKA_IBM_PQC_PARAMS},
    {kGenerate, KindsOf(kDsaPublic, kDhPublic), CKA_PRIME},
    {kGenerate, KindsOf(kDsaPublic), CKA_SUBPRIME},
    {kGenerate, KindsOf(kDsaPublic, kDhPublic), CKA_BASE},
    {kGenerate, KindsOf(kDomainParameters), CKA_PRIME_BITS},
    {kGenerate, KindsOf(kGenericSecret), CKA_VALUE_LEN},
    // The size of a derived AES key is nowhere else; that of an unwrapped one is its own.
    {PurposesOf(Purpose::kGenerate, Purpose::kDerive), KindsOf(kAes), CKA_VALUE_LEN},
    {kCreate, KindsOf(kRsaPublic, kRsaPrivate), CKA_MODULUS},
    {kCreate, KindsOf(kRsaPublic, kRsaPrivate), CKA_PUBLIC_EXPONENT},
    {kCreate, KindsOf(kRsaPrivate), CKA_PRIVATE_EXPONENT},
    {kCreate, KindsOf(kRsaPrivate), CKA_PRIME_1},
    {kCreate, KindsOf(kRsaPrivate), CKA_PRIME_2},
    {kCreate, KindsOf(kRsaPrivate), CKA_EXPONENT_1},
    {kCreate, KindsOf(kRsaPrivate), CKA_EXPONENT_2},
    {kCreate, KindsOf(kRsaPrivate), CKA_COEFFICIENT},
    {kCreate, kEcKeys, CKA_EC_PARAMS},
    {kCreate, KindsOf(kEcPublic, kXdhPublic), CKA_EC_POINT},
    {kCreate, kDsaKeys | kDhKeys | KindsOf(kDomainParameters), CKA_PRIME},
    {kCreate, kDsaKeys, CKA_SUBPRIME},
    {kCreate, kDsaKeys | kDhKeys | KindsOf(kDomainParameters), CKA_BASE},
    {kCreate, kDsaKeys | kDhKeys | kSecretKeys | KindsOf(kEcPrivate, kXdhPrivate), CKA_VALUE},
});

struct SizeRow {
  ObjectKind kind;
  CK_ULONG min_bytes;
  CK_ULONG max_bytes;
  CK_ULONG step_bytes;
};
constexpr auto kSecretSizes = std::to_array<SizeRow>({
    {kGenericSecret, 1, 256, 1},
    {kDes2, 16, 16, 1},
    {kDes3, 24, 24, 1},
    {kAes, 16, 32, 8},
});

constexpr Byte kDerOctetString = 0x04;
constexpr Byte kDerObjectIdentifier = 0x06;
constexpr Byte kDerPrintableString = 0x13;
constexpr Byte kDerSequence = 0x30;

Error Invalid(CK_ATTRIBUTE_TYPE type, std::string_view what) {
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID,
                     std::string(NameOfAttribute(type)) + " " + std::string(what));
}

Status CheckSecretSize(CK_ATTRIBUTE_TYPE type, CK_ULONG bytes, ObjectKind kind) {
  const auto row = std::ranges::find(kSecretSizes, kind, &SizeRow::kind);
  if (row == kSecretSizes.end()) return Ok();
  const bool right = bytes >= row->min_bytes && bytes <= row->max_bytes &&
                     (bytes - row->min_bytes) % row->step_bytes == 0;
  return right ? Ok() : Status(Invalid(type, "is no size of such keys"));
}

Status CheckValueLen(const AttributeList& key, ObjectKind kind) {
  const std::optional<CK_ULONG> bytes = key.GetUlong(CKA_VALUE_LEN);
  return bytes ? CheckSecretSize(CKA_VALUE_LEN, *bytes, kind) : Ok();
}

Status CheckRsaBits(CK_ATTRIBUTE_TYPE type, CK_ULONG bits) {
  const MechanismRow* row = FindMechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
  if (bits >= row->min_key_size && bits <= row->max_key_size) return Ok();
  return Invalid(type, "is no size of our RSA keys");
}

Status CheckRsaNumbers(const AttributeList& key) {
  const Bytes* modulus = key.Find(CKA_MODULUS);
  const Bytes* exponent = key.Find(CKA_PUBLIC_EXPONENT);
  if (modulus == nullptr || exponent == nullptr) return Ok();
  GW_TRY_VOID(CheckRsaBits(CKA_MODULUS, BitsOf(*modulus)));
  if (modulus->back() % 2 == 0) return Invalid(CKA_MODULUS, "is even");
  const bool one = BitsOf(*exponent) == 1;
  if (one || exponent->back() % 2 == 0) return Invalid(CKA_PUBLIC_EXPONENT, "is one or even");
  return Ok();
}

Status NormaliseRsa(AttributeList& key, ObjectKind kind, Purpose purpose) {
  const bool is_public = kind == kRsaPublic;
  if (const auto bits = key.GetUlong(CKA_MODULUS_BITS)) {
    GW_TRY_VOID(CheckRsaBits(CKA_MODULUS_BITS, *bits));
  }
  // Which exponents are fit for a new key is the HSM's to say (behaviour A13).
  if (purpose == Purpose::kGenerate && is_public && !key.Has(CKA_PUBLIC_EXPONENT)) {
    key.Set(CKA_PUBLIC_EXPONENT, Bytes({0x01, 0x00, 0x01}));
  }
  if (purpose != Purpose::kCreate) return Ok();
  GW_TRY_VOID(CheckRsaNumbers(key));
  if (is_public) key.SetUlong(CKA_MODULUS_BITS, BitsOf(*key.Find(CKA_MODULUS)));
  return Ok();
}

// Could the octets be meant as CKA_EC_PARAMS: an object identifier, curveName, explicit parameters
// or an ASCII name?
bool LooksLikeParameters(ByteView value) {
  const auto printable = [](Byte byte) { return byte > ' ' && byte < 0x7f; };
  const bool der = value.size() >= 3 && value[1] < 0x80 && value.size() == 2U + value[1] &&
                   (value[0] == kDerObjectIdentifier || value[0] == kDerPrintableString);
  const bool explicit_parameters = value.size() > 2 && value[0] == kDerSequence;
  return der || explicit_parameters || std::ranges::all_of(value, printable);
}

Result<const Curve*> CurveOf(const AttributeList& key) {
  const Bytes* parameters = key.Find(CKA_EC_PARAMS);
  if (parameters == nullptr) return nullptr;
  if (const Curve* curve = FindCurve(*parameters)) return curve;
  if (!parameters->empty() && LooksLikeParameters(*parameters)) {
    return CallerError(CKR_CURVE_NOT_SUPPORTED, "CKA_EC_PARAMS names no curve of the HSM");
  }
  return CallerError(CKR_DOMAIN_PARAMS_INVALID, "CKA_EC_PARAMS is no object identifier or name");
}

Bytes OctetString(ByteView content) {
  Bytes der{kDerOctetString};
  if (content.size() >= 0x80) der.push_back(0x81);
  der.push_back(static_cast<Byte>(content.size()));
  Append(der, content);
  return der;
}

// Accepts the point bare or wrapped (behaviour R237). The two are told apart by their lengths,
// because an uncompressed point begins with the same octet as an OCTET STRING.
Result<Bytes> WrappedPoint(ByteView given, const Curve& curve) {
  const std::size_t size = curve.PointBytes();
  if (size > 0xff) return Invalid(CKA_EC_POINT, "is of a curve that is not used here");
  const bool tagged = curve.kind == CurveKind::kWeierstrass;
  ByteView point = given;
  if (given.size() != size) {
    const Bytes wrapped = OctetString(given.size() > size ? given.last(size) : given);
    if (!Equal(wrapped, given)) return Invalid(CKA_EC_POINT, "is not of the curve's length");
    point = given.last(size);
  }
  if (tagged && point.front() != 0x04) return Invalid(CKA_EC_POINT, "is not uncompressed");
  return OctetString(point);
}

Status NormaliseEc(AttributeList& key) {
  GW_TRY(curve, CurveOf(key));
  if (curve == nullptr) return Ok();
  const auto type = key.GetUlong(CKA_KEY_TYPE);
  if (type != CK_ULONG{CKK_EC} && type != StandardEcType(key.Find(CKA_EC_PARAMS))) {
    return CallerError(CKR_CURVE_NOT_SUPPORTED, "keys of this CKA_KEY_TYPE are on other curves");
  }
  key.Set(CKA_EC_PARAMS, CopyOf(curve->der_oid));
  const Bytes* point = key.Find(CKA_EC_POINT);
  if (point == nullptr) return Ok();
  GW_TRY(wrapped, WrappedPoint(*point, *curve));
  key.Set(CKA_EC_POINT, std::move(wrapped));
  return Ok();
}

// As the HSM says it.
Status CheckStrength(const AttributeList& key) {
  const Bytes* oid = key.Find(CKA_IBM_PQC_PARAMS);
  if (oid == nullptr) return Ok();
  const LatticeStrength* strength = FindLatticeStrength(*oid);
  if (strength != nullptr && strength->key_type == key.GetUlong(CKA_KEY_TYPE)) return Ok();
  return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "CKA_IBM_PQC_PARAMS is no strength of ours");
}

// What cannot be right whatever the numbers are; the rest is the HSM's to say.
Status CheckDomain(const AttributeList& key, CK_MECHANISM_TYPE generator) {
  const Bytes* prime = key.Find(CKA_PRIME);
  if (prime == nullptr) return Ok();
  const MechanismRow* row = FindMechanism(generator);
  const std::size_t bits = BitsOf(*prime);
  if (bits < row->min_key_size || bits > row->max_key_size) {
    return Invalid(CKA_PRIME, "is no size of such keys");
  }
  for (CK_ATTRIBUTE_TYPE type : {CKA_SUBPRIME, CKA_BASE, CKA_VALUE}) {
    const Bytes* number = key.Find(type);
    if (number != nullptr && BitsOf(*number) > bits) return Invalid(type, "is above the prime");
  }
  return Ok();
}

Status CheckDomainBits(const AttributeList& key) {
  const bool dsa = key.GetUlong(CKA_KEY_TYPE) == CK_ULONG{CKK_DSA};
  const CK_MECHANISM_TYPE generator = dsa ? CKM_DSA_PARAMETER_GEN : CKM_DH_PKCS_PARAMETER_GEN;
  GW_TRY_VOID(CheckDomain(key, generator));
  const MechanismRow* row = FindMechanism(generator);
  const auto bits = key.GetUlong(CKA_PRIME_BITS);
  if (!bits || (*bits >= row->min_key_size && *bits <= row->max_key_size)) return Ok();
  return Invalid(CKA_PRIME_BITS, "is no size of such parameters");
}

void ShortenBigIntegers(AttributeList& key) {
  const AttributeList as_given = key;
  for (const auto& [type, value] : as_given) {
    const AttributeRow* row = FindAttribute(type);
    if (row == nullptr || row->value != ValueKind::kBigInteger) continue;
    key.Set(type, CopyOf(WithoutLeadingZeros(value)));
  }
}

// Of a Weierstrass curve d: not zero, and no longer than the order. Of the others octets of one
// length; those of an Edwards curve may have the public key after them.
Status CheckEcSecret(const AttributeList& given, ByteView value) {
  GW_TRY(curve, CurveOf(given));
  if (curve == nullptr) return Ok();
  if (curve->kind != CurveKind::kWeierstrass) {
    const bool pair = curve->kind == CurveKind::kEdwards && value.size() == 2 * curve->PointBytes();
    if (pair || value.size() == curve->PointBytes()) return Ok();
    return Invalid(CKA_VALUE, "is not of the length of the curve's private keys");
  }
  const ByteView number = WithoutLeadingZeros(value);
  if (number.empty() || number.size() > curve->order_bytes) {
    return Invalid(CKA_VALUE, "is no private key of the curve");
  }
  return Ok();
}

}  // namespace

Status CheckKeyNeeds(const AttributeList& given, ObjectKind kind, Purpose purpose) {
  return CheckNeeds(kNeeds, given, kind, purpose);
}

Status CheckSecretValue(const AttributeList& given, ObjectKind kind) {
  const Bytes* value = given.Find(CKA_VALUE);
  if (value == nullptr) return Ok();
  if (Contains(kEcKeys, kind)) return CheckEcSecret(given, *value);
  return CheckSecretSize(CKA_VALUE, value->size(), kind);
}

Status NormaliseKeyValues(AttributeList& key, ObjectKind kind, Purpose purpose) {
  ShortenBigIntegers(key);
  if (kind == kRsaPublic || kind == kRsaPrivate) return NormaliseRsa(key, kind, purpose);
  if (Contains(kEcKeys, kind)) return NormaliseEc(key);
  if (Contains(kLatticeKeys, kind)) return CheckStrength(key);
  if (Contains(kDsaKeys, kind)) return CheckDomain(key, CKM_DSA_KEY_PAIR_GEN);
  if (Contains(kDhKeys, kind)) return CheckDomain(key, CKM_DH_PKCS_KEY_PAIR_GEN);
  if (kind == kDomainParameters) return CheckDomainBits(key);
  return CheckValueLen(key, kind);
}

Bytes JoinedDomain(const AttributeList& key) {
  Bytes joined;
  std::size_t size = 0;
  for (CK_ATTRIBUTE_TYPE type : {CKA_PRIME, CKA_SUBPRIME, CKA_BASE}) {
    const Bytes* number = key.Find(type);
    if (number == nullptr) continue;
    size = std::max(size, number->size());
    joined.resize(joined.size() + size - number->size(), 0);
    Append(joined, *number);
  }
  return joined;
}

}  // namespace gw
