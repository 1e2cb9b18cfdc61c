// Room: localcrypto.
#include "daemon/localcrypto/spki.h"

#include "daemon/localcrypto/der.h"
#include "daemon/localcrypto/public_key.h"

namespace gw {
namespace {

Error Broken(std::string what) {
  return UpstreamError(CKR_DEVICE_ERROR, "public key is broken: " + std::move(what));
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }, RFC 8017 A.1.1.
Result<SpkiParts> SplitRsa(SpkiParts parts, der::Reader parameters, ByteView bits) {
  // RFC 3279 wants a NULL, and tolerating its absence costs nothing.
  if (!parameters.done() && (!parameters.Take(der::kNull) || !parameters.done())) {
    return Broken("RSA parameters are not NULL");
  }
  der::Reader outer(bits);
  const auto key = outer.Take(der::kSequence);
  if (!key || !outer.done()) return Broken("no RSAPublicKey");
  der::Reader inner(*key);
  const auto modulus = inner.TakeUnsigned();
  const auto exponent = modulus ? inner.TakeUnsigned() : std::nullopt;
  if (!exponent || !inner.done()) return Broken("RSAPublicKey is not two positive numbers");
  parts.modulus = *modulus;
  parts.exponent = *exponent;
  return parts;
}

Result<SpkiParts> SplitEc(SpkiParts parts, der::Reader parameters, ByteView bits) {
  const auto oid = parameters.TakeWhole(der::kOid);
  if (!oid || !parameters.done()) return Broken("EC parameters are not one object identifier");
  parts.curve = FindCurve(*oid);
  if (parts.curve == nullptr) {
    return UpstreamError(CKR_CURVE_NOT_SUPPORTED, "unknown curve " + HexOf(*oid));
  }
  if (bits.size() != parts.curve->PointBytes()) return Broken("point has a wrong length");
  // Compressed and hybrid points have no place in CKA_EC_POINT as the HSM gives it.
  if (parts.curve->HasUncompressedPoint() && bits[0] != 4)
    return Broken("point is not uncompressed");
  parts.point = bits;
  return parts;
}

// What is inside is the HSM's to read.
Result<SpkiParts> SplitLattice(SpkiParts parts, der::Reader parameters) {
  if (!parameters.Take(der::kNull) || !parameters.done())
    return Broken("parameters of a lattice are not NULL");
  return parts;
}

}  // namespace

std::size_t SpkiLength(ByteView bytes) {
  der::Reader reader(bytes);
  const auto whole = reader.TakeWhole(der::kSequence);
  return whole ? whole->size() : 0;
}

Result<SpkiParts> SplitSpki(ByteView bytes) {
  SpkiParts parts;
  parts.whole = bytes.first(SpkiLength(bytes));
  der::Reader outer(parts.whole);
  const auto content = outer.Take(der::kSequence);
  if (!content) return Broken("no SEQUENCE");
  der::Reader info(*content);
  const auto algorithm = info.Take(der::kSequence);
  const auto bits = algorithm ? info.TakeBits() : std::nullopt;
  if (!bits || !info.done()) return Broken("not an algorithm and a bit string");
  der::Reader parameters(*algorithm);
  const auto oid = parameters.TakeWhole(der::kOid);
  if (!oid) return Broken("no algorithm identifier");
  if (Equal(*oid, kRsaOid)) return SplitRsa(parts, parameters, *bits);
  if (Equal(*oid, kEcOid)) return SplitEc(parts, parameters, *bits);
  parts.strength = FindLatticeStrength(*oid);
  if (parts.strength != nullptr) return SplitLattice(parts, parameters);
  return UpstreamError(CKR_KEY_TYPE_INCONSISTENT, "no type of keys of ours: " + HexOf(*oid));
}

Bytes JoinRsaSpki(ByteView modulus, ByteView exponent) {
  const Bytes n = der::EncodeUnsigned(modulus);
  const Bytes e = der::EncodeUnsigned(exponent);
  const Bytes algorithm = der::Encode(der::kSequence, der::Join({kRsaOid, kNullElement}));
  const Bytes bits = der::EncodeBits(der::Encode(der::kSequence, der::Join({n, e})));
  return der::Encode(der::kSequence, der::Join({algorithm, bits}));
}

Bytes JoinEcSpki(const Curve& curve, ByteView point) {
  const Bytes algorithm = der::Encode(der::kSequence, der::Join({kEcOid, curve.der_oid}));
  const Bytes bits = der::EncodeBits(point);
  return der::Encode(der::kSequence, der::Join({algorithm, bits}));
}

Bytes JoinBareSpki(const Curve& curve, ByteView point) {
  const Bytes algorithm = der::Encode(der::kSequence, curve.der_oid);
  const Bytes bits = der::EncodeBits(point);
  return der::Encode(der::kSequence, der::Join({algorithm, bits}));
}

}  // namespace gw
