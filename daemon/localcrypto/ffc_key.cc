// Room: localcrypto.
#include "daemon/localcrypto/ffc_key.h"

#include <algorithm>
#include <array>
#include <optional>

#include "daemon/core/check.h"
#include "daemon/localcrypto/der.h"
#include "daemon/localcrypto/public_key.h"
#include "daemon/localcrypto/secret_der.h"

namespace gw {
namespace {

// id-dsa, RFC 3279 2.3.2, and dhKeyAgreement, PKCS #3 9; tag and length included.
constexpr std::array<Byte, 9> kDsaOid{6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1};
constexpr std::array<Byte, 11> kDhOid{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1};

constexpr std::array<Byte, 3> kVersion0{der::kInteger, 1, 0};

ByteView OidOf(CK_KEY_TYPE type) { return type == CKK_DSA ? ByteView(kDsaOid) : ByteView(kDhOid); }

Error Broken(const char* what) { return UpstreamError(CKR_DEVICE_ERROR, what); }

// The two parts of a SubjectPublicKeyInfo.
struct Split {
  CK_KEY_TYPE type;
  ByteView parameters;
  ByteView bits;
};

std::optional<Split> SplitSpki(ByteView bytes) {
  der::Reader outer(bytes.first(SpkiLength(bytes)));
  const auto content = outer.Take(der::kSequence);
  if (!content) return std::nullopt;
  der::Reader info(*content);
  const auto algorithm = info.Take(der::kSequence);
  const auto bits = algorithm ? info.TakeBits() : std::nullopt;
  if (!bits || !info.done()) return std::nullopt;
  der::Reader identifier(*algorithm);
  const auto oid = identifier.TakeWhole(der::kOid);
  if (!oid) return std::nullopt;
  const bool dsa = Equal(*oid, kDsaOid);
  if (!dsa && !Equal(*oid, kDhOid)) return std::nullopt;
  const auto parameters = identifier.TakeWhole(der::kSequence);
  if (!parameters || !identifier.done()) return std::nullopt;
  return Split{dsa ? CK_KEY_TYPE{CKK_DSA} : CK_KEY_TYPE{CKK_DH}, *parameters, *bits};
}

// Dss-Parms is P, Q, G; DHParameter is P, G and maybe the length of exponents.
std::optional<FfcDomain> DomainOf(CK_KEY_TYPE type, ByteView sequence) {
  der::Reader outer(sequence);
  const auto content = outer.Take(der::kSequence);
  if (!content || !outer.done()) return std::nullopt;
  der::Reader inner(*content);
  FfcDomain domain;
  const bool dsa = type == CKK_DSA;
  const auto prime = inner.TakeUnsigned();
  const auto subprime = dsa ? inner.TakeUnsigned() : std::optional<ByteView>(ByteView());
  const auto base = inner.TakeUnsigned();
  if (!prime || !subprime || !base) return std::nullopt;
  if (!inner.done() && (dsa || !inner.TakeUnsigned() || !inner.done())) return std::nullopt;
  if (prime->empty() || base->empty() || (dsa && subprime->empty())) return std::nullopt;
  return FfcDomain{CopyOf(*prime), CopyOf(*subprime), CopyOf(*base)};
}

// From an AlgorithmIdentifier.
std::optional<FfcDomain> DomainOfAlgorithm(CK_KEY_TYPE type, ByteView sequence) {
  der::Reader outer(sequence);
  const auto content = outer.Take(der::kSequence);
  if (!content || !outer.done()) return std::nullopt;
  der::Reader inner(*content);
  const auto oid = inner.TakeWhole(der::kOid);
  if (!oid || !Equal(*oid, OidOf(type))) return std::nullopt;
  const auto parameters = inner.TakeWhole(der::kSequence);
  return parameters && inner.done() ? DomainOf(type, *parameters) : std::nullopt;
}

std::optional<FfcDomain> DomainOfNumbers(CK_KEY_TYPE type, ByteView encoded) {
  const std::size_t count = type == CKK_DSA ? 3 : 2;
  const std::size_t size = encoded.size() / count;
  if (size == 0 || encoded.size() % count != 0) return std::nullopt;
  const auto number = [&](std::size_t index) {
    return CopyOf(der::WithoutLeadingZeros(encoded.subspan(index * size, size)));
  };
  FfcDomain domain{number(0), {}, number(count - 1)};
  if (type == CKK_DSA) domain.subprime = number(1);
  const bool whole = domain.prime.size() == size && !domain.base.empty() &&
                     (type != CKK_DSA || !domain.subprime.empty());
  return whole ? std::optional(std::move(domain)) : std::nullopt;
}

Bytes ParametersOf(CK_KEY_TYPE type, const FfcDomain& domain) {
  const Bytes prime = der::EncodeUnsigned(domain.prime);
  const Bytes subprime = type == CKK_DSA ? der::EncodeUnsigned(domain.subprime) : Bytes();
  const Bytes base = der::EncodeUnsigned(domain.base);
  return der::Encode(der::kSequence, der::Join({prime, subprime, base}));
}

bool IsLess(ByteView a, ByteView b) {
  const ByteView x = der::WithoutLeadingZeros(a);
  const ByteView y = der::WithoutLeadingZeros(b);
  if (x.size() != y.size()) return x.size() < y.size();
  return std::ranges::lexicographical_compare(x, y);
}

}  // namespace

bool IsFfcSpki(ByteView spki) { return SplitSpki(spki).has_value(); }

Result<FfcPublicKey> ParseFfcSpki(ByteView spki) {
  const auto split = SplitSpki(spki);
  auto domain = split ? DomainOf(split->type, split->parameters) : std::nullopt;
  if (!domain) return Broken("public key of DSA or Diffie-Hellman is broken");
  der::Reader reader(split->bits);
  const auto value = reader.TakeUnsigned();
  if (!value || value->empty() || !reader.done()) return Broken("public value is no number");
  return FfcPublicKey{split->type, *std::move(domain), CopyOf(*value)};
}

Bytes SpkiFromFfc(const FfcPublicKey& key) {
  const Bytes parameters = ParametersOf(key.type, key.domain);
  const Bytes algorithm = der::Encode(der::kSequence, der::Join({OidOf(key.type), parameters}));
  const Bytes bits = der::EncodeBits(der::EncodeUnsigned(key.value));
  return der::Encode(der::kSequence, der::Join({algorithm, bits}));
}

Result<FfcDomain> ParseFfcDomain(CK_KEY_TYPE type, ByteView encoded) {
  if (auto domain = DomainOf(type, encoded)) return *std::move(domain);
  if (auto domain = DomainOfAlgorithm(type, encoded)) return *std::move(domain);
  if (auto domain = DomainOfNumbers(type, encoded)) return *std::move(domain);
  return Broken("domain parameters are neither numbers of one length nor DER");
}

Bytes JoinFfcDomain(const FfcDomain& domain) {
  const std::size_t size = domain.prime.size();
  Bytes joined = domain.prime;
  for (const Bytes* part : {&domain.subprime, &domain.base}) {
    GW_CHECK(part->size() <= size);
    if (part->empty()) continue;
    joined.resize(joined.size() + size - part->size(), 0);
    Append(joined, *part);
  }
  return joined;
}

Result<SecretBytes> Pkcs8FromFfc(CK_KEY_TYPE type, const FfcDomain& domain, ByteView exponent) {
  const ByteView bound = type == CKK_DSA ? domain.subprime : domain.prime;
  if (der::WithoutLeadingZeros(exponent).empty() || !IsLess(exponent, bound)) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE is no exponent of these parameters");
  }
  const Bytes parameters = ParametersOf(type, domain);
  const SecretBytes number = secret_der::Integer(exponent);
  const SecretBytes octets = secret_der::Element(der::kOctetString, {number.view()});
  const Bytes algorithm = der::Encode(der::kSequence, der::Join({OidOf(type), parameters}));
  return secret_der::Element(der::kSequence, {kVersion0, algorithm, octets.view()});
}

}  // namespace gw
