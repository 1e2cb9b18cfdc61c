// Room: emulator/crypto. DSA and Diffie-Hellman keys.
#include <openssl/core_names.h>

#include "daemon/core/check.h"
#include "emulator/crypto/group.h"
#include "emulator/crypto/numbers.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {
namespace {

// DSA: below the subprime; Diffie-Hellman: of that many bits, which is below the prime.
SecretBignumPtr PrivateValueFor(CK_KEY_TYPE type, const DomainParams& domain, std::size_t bits) {
  SecretBignumPtr x = NewSecretBignum();
  if (type == CKK_DH) {
    GW_CHECK(BN_priv_rand(x.get(), static_cast<int>(bits), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) ==
             1);
    return x;
  }
  const SecretBignumPtr order = SecretBignumOf(domain.subprime);
  do {
    GW_CHECK(BN_priv_rand_range(x.get(), order.get()) == 1);
  } while (BN_is_zero(x.get()) || BN_is_one(x.get()));
  return x;
}

SecretBignumPtr PublicValueOf(const DomainParams& domain, const BIGNUM* x) {
  SecretBignumPtr y = NewSecretBignum();
  const BnCtxPtr context = NewBnCtx();
  GW_CHECK(BN_mod_exp(y.get(), SecretBignumOf(domain.base).get(), x,
                      SecretBignumOf(domain.prime).get(), context.get()) == 1);
  return y;
}

// Not by OpenSSL's generation: it takes the length of the private value from the subprime of every
// group that it knows, whatever is asked for.
EVP_PKEY* PairOf(CK_KEY_TYPE type, const DomainParams& domain, const BIGNUM* x) {
  NativeNumber prime(SecretBignumOf(domain.prime).get());
  NativeNumber base(SecretBignumOf(domain.base).get());
  NativeNumber private_value(x);
  NativeNumber public_value(PublicValueOf(domain, x).get());
  NativeNumber subprime(SecretBignumOf(domain.subprime).get());
  OSSL_PARAM params[] = {
      prime.As(OSSL_PKEY_PARAM_FFC_P),
      base.As(OSSL_PKEY_PARAM_FFC_G),
      private_value.As(OSSL_PKEY_PARAM_PRIV_KEY),
      public_value.As(OSSL_PKEY_PARAM_PUB_KEY),
      type == CKK_DSA ? subprime.As(OSSL_PKEY_PARAM_FFC_Q) : OSSL_PARAM_construct_end(),
      OSSL_PARAM_construct_end(),
  };
  const char* name = type == CKK_DSA ? "DSA" : "DH";
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
  EVP_PKEY* pkey = nullptr;
  GW_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  GW_CHECK(EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_KEYPAIR, params) == 1);
  return pkey;
}

// In 2..most-1.
bool IsInside(const BIGNUM* number, const BIGNUM* most) {
  return !BN_is_zero(number) && !BN_is_one(number) && BN_cmp(number, most) < 0;
}

}  // namespace

Status PKey::CheckFfc(evp_pkey_st* pkey, CK_KEY_TYPE type) {
  const DomainParams domain = DomainOf(pkey, type);
  GW_TRY_VOID(CheckDomainShape(type, domain));
  const SecretBignumPtr most = SecretBignumOf(domain.prime);
  GW_CHECK(BN_sub_word(most.get(), 1) == 1);
  const SecretBignumPtr y = NumberOf(pkey, OSSL_PKEY_PARAM_PUB_KEY);
  if (y == nullptr || !IsInside(y.get(), most.get())) {
    return CallerError(CKR_PUBLIC_KEY_INVALID, "public value is out of range");
  }
  const SecretBignumPtr x = NumberOf(pkey, OSSL_PKEY_PARAM_PRIV_KEY);
  if (x == nullptr) return Ok();
  const SecretBignumPtr order = SecretBignumOf(domain.subprime);
  if (!IsInside(x.get(), type == CKK_DSA ? order.get() : most.get())) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "private value is out of range");
  }
  if (BN_cmp(PublicValueOf(domain, x.get()).get(), y.get()) == 0) return Ok();
  return CallerError(CKR_WRAPPED_KEY_INVALID, "private and public half do not fit");
}

Result<PKey> PKey::GenerateFfc(CK_KEY_TYPE type, const DomainParams& domain,
                               std::size_t private_bits) {
  GW_TRY_VOID(CheckDomain(type, domain));
  if (private_bits != 0 && (private_bits < kMinPrivateBits || private_bits >= domain.bits())) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "length of the private value");
  }
  const SecretBignumPtr x =
      PrivateValueFor(type, domain, private_bits != 0 ? private_bits : domain.bits() - 1);
  return Adopt(PairOf(type, domain, x.get()));
}

DomainParams PKey::Domain() const { return DomainOf(pkey_.get(), type_); }

Result<SecretBytes> PKey::Exponent() const {
  const SecretBignumPtr x = NumberOf(pkey_.get(), OSSL_PKEY_PARAM_PRIV_KEY);
  if (x == nullptr) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "no private value");
  SecretBytes octets = SecretBytes::OfSize(static_cast<std::size_t>(BN_num_bytes(x.get())));
  BN_bn2bin(x.get(), octets.mutable_view().data());
  return octets;
}

}  // namespace gw::emulator
