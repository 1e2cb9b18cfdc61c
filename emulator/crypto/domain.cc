// Room: emulator/crypto.
#include "emulator/crypto/domain.h"

#include <openssl/dsa.h>
#include <openssl/err.h>

#include <algorithm>
#include <optional>

#include "daemon/core/check.h"
#include "emulator/crypto/group.h"
#include "emulator/crypto/numbers.h"

namespace gw::emulator {
namespace {

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, OpensslFree<X509_ALGOR_free>>;

constexpr Byte kDerSequence = 0x30;
constexpr std::size_t kMaxPrimeBytes = 512;
// With an AlgorithmIdentifier around three numbers of the largest size.
constexpr std::size_t kMaxDerBytes = 2048;

Error Invalid(const char* why) { return CallerError(CKR_DOMAIN_PARAMS_INVALID, why); }

BignumPtr NumberOf(ByteView octets) {
  BignumPtr number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
  GW_CHECK(number != nullptr);
  return number;
}

Bytes Stripped(ByteView octets) {
  const auto first = std::ranges::find_if(octets, [](Byte octet) { return octet != 0; });
  return {first, octets.end()};
}

// The parameters inside an AlgorithmIdentifier, or all of it if it is none; empty if it is one of
// another algorithm.
Bytes WithoutAlgorithm(CK_KEY_TYPE type, ByteView der) {
  const Byte* at = der.data();
  const AlgorithmPtr algorithm(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (algorithm == nullptr || at != der.data() + der.size()) return CopyOf(der);
  const ASN1_OBJECT* oid = nullptr;
  int kind = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(&oid, &kind, &value, algorithm.get());
  const int wanted = type == CKK_DSA ? NID_dsa : NID_dhKeyAgreement;
  if (OBJ_obj2nid(oid) != wanted || kind != V_ASN1_SEQUENCE) return {};
  const auto* text = static_cast<const ASN1_STRING*>(value);
  const Byte* data = ASN1_STRING_get0_data(text);
  return {data, data + ASN1_STRING_length(text)};
}

std::optional<DomainParams> FromDer(CK_KEY_TYPE type, ByteView encoded) {
  if (encoded.empty() || encoded[0] != kDerSequence || encoded.size() > kMaxDerBytes) {
    return std::nullopt;
  }
  const Bytes der = WithoutAlgorithm(type, encoded);
  const Byte* at = der.data();
  const PkeyPtr pkey(d2i_KeyParams(type == CKK_DSA ? EVP_PKEY_DSA : EVP_PKEY_DH, nullptr, &at,
                                   static_cast<long>(der.size())));
  ERR_clear_error();
  if (pkey == nullptr || at != der.data() + der.size()) return std::nullopt;
  return DomainOf(pkey.get(), type);
}

bool IsBetweenOneAnd(const BIGNUM* number, const BIGNUM* most) {
  return !BN_is_zero(number) && !BN_is_one(number) && BN_cmp(number, most) < 0;
}

bool SizesFit(CK_KEY_TYPE type, std::size_t prime_bits, std::size_t subprime_bits) {
  if (type == CKK_DH) return prime_bits >= 1024 && prime_bits <= 4096 && subprime_bits == 0;
  if (prime_bits < 512 || prime_bits > 3072 || prime_bits % 64 != 0) return false;
  return prime_bits <= 1024 ? subprime_bits == 160 : subprime_bits == 224 || subprime_bits == 256;
}

bool IsPrime(const BIGNUM* number) {
  const BnCtxPtr context = NewBnCtx();
  const int verdict = BN_check_prime(number, context.get(), nullptr);
  GW_CHECK(verdict >= 0);
  return verdict == 1;
}

// Q divides P - 1, and G to the power of Q is 1.
bool Generates(const BIGNUM* p, const BIGNUM* q, const BIGNUM* g) {
  const BnCtxPtr context = NewBnCtx();
  BignumPtr below(BN_dup(p));
  BignumPtr result(BN_new());
  GW_CHECK(below != nullptr && result != nullptr && BN_sub_word(below.get(), 1) == 1);
  GW_CHECK(BN_mod(result.get(), below.get(), q, context.get()) == 1);
  if (!BN_is_zero(result.get())) return false;
  GW_CHECK(BN_mod_exp(result.get(), g, q, p, context.get()) == 1);
  return BN_is_one(result.get());
}

}  // namespace

std::size_t DomainParams::bits() const {
  return static_cast<std::size_t>(BN_num_bits(NumberOf(prime).get()));
}

Result<DomainParams> ParseDomain(CK_KEY_TYPE type, ByteView encoded) {
  if (auto domain = FromDer(type, encoded)) return *std::move(domain);
  const std::size_t parts = type == CKK_DSA ? 3 : 2;
  const std::size_t size = encoded.size() / parts;
  if (size == 0 || size > kMaxPrimeBytes || encoded.size() % parts != 0) {
    return Invalid("neither numbers of one length nor DER");
  }
  DomainParams domain;
  domain.prime = Stripped(encoded.first(size));
  if (type == CKK_DSA) domain.subprime = Stripped(encoded.subspan(size, size));
  domain.base = Stripped(encoded.last(size));
  return domain;
}

Bytes EncodeDomain(const DomainParams& domain) {
  const std::size_t size = domain.prime.size();
  Bytes encoded = domain.prime;
  for (const Bytes* part : {&domain.subprime, &domain.base}) {
    GW_CHECK(part->size() <= size);
    if (part->empty()) continue;
    encoded.resize(encoded.size() + size - part->size(), 0);
    Append(encoded, *part);
  }
  return encoded;
}

Status CheckDomainShape(CK_KEY_TYPE type, const DomainParams& domain) {
  if (std::max({domain.prime.size(), domain.subprime.size(), domain.base.size()}) >
      kMaxPrimeBytes) {
    return Invalid("a number is too long");
  }
  const BignumPtr p = NumberOf(domain.prime);
  const BignumPtr q = NumberOf(domain.subprime);
  const BignumPtr g = NumberOf(domain.base);
  const auto bits = [](const BignumPtr& n) {
    return static_cast<std::size_t>(BN_num_bits(n.get()));
  };
  if (!SizesFit(type, bits(p), bits(q))) return Invalid("sizes of the primes");
  if (!BN_is_odd(p.get()) || (type == CKK_DSA && !BN_is_odd(q.get()))) return Invalid("even prime");
  // Neither 1 nor P - 1, whose powers are no secret.
  GW_CHECK(BN_sub_word(p.get(), 1) == 1);
  if (!IsBetweenOneAnd(g.get(), p.get())) return Invalid("base is out of range");
  return Ok();
}

Status CheckDomain(CK_KEY_TYPE type, const DomainParams& domain) {
  GW_TRY_VOID(CheckDomainShape(type, domain));
  const BignumPtr p = NumberOf(domain.prime);
  const BignumPtr q = NumberOf(domain.subprime);
  const BignumPtr g = NumberOf(domain.base);
  if (type == CKK_DSA && !Generates(p.get(), q.get(), g.get())) {
    return Invalid("base is not of the order that the subprime says");
  }
  if (type == CKK_DSA && !IsPrime(q.get())) return Invalid("subprime is not prime");
  if (!IsPrime(p.get())) return Invalid("prime is not prime");
  return Ok();
}

Result<DomainParams> GenerateDomain(CK_KEY_TYPE type, std::size_t bits) {
  if (bits != 1024 && bits != 2048 && bits != 3072) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "primes of 1024, 2048 or 3072 bits only");
  }
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr));
  EVP_PKEY* raw = nullptr;
  const bool made =
      context != nullptr && EVP_PKEY_paramgen_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_dsa_paramgen_bits(context.get(), static_cast<int>(bits)) == 1 &&
      EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context.get(), bits == 1024 ? 160 : 256) == 1 &&
      EVP_PKEY_paramgen(context.get(), &raw) == 1;
  const PkeyPtr pkey(raw);
  GW_CHECK(made);
  DomainParams domain = DomainOf(pkey.get(), CKK_DSA);
  if (type == CKK_DH) domain.subprime.clear();
  return domain;
}

}  // namespace gw::emulator
