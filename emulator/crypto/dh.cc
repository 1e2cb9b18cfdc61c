// Room: emulator/crypto.
#include <openssl/core_names.h>
#include <openssl/dh.h>

#include "daemon/core/check.h"
#include "emulator/crypto/derivation.h"
#include "emulator/crypto/group.h"
#include "emulator/crypto/numbers.h"

namespace gw::emulator {
namespace {

struct Domain {
  SecretBignumPtr prime;
  SecretBignumPtr base;
};

// In 2..prime-2: neither 0 nor 1 nor their opposites, which make every secret the same.
bool IsInside(const BIGNUM* number, const BIGNUM* prime) {
  const BignumPtr opposite(BN_dup(prime));
  GW_CHECK(opposite != nullptr && BN_sub_word(opposite.get(), 1) == 1);
  return !BN_is_zero(number) && !BN_is_one(number) && BN_cmp(number, opposite.get()) < 0;
}

Result<Domain> DomainOf(const DhPrivateKey& key) {
  const std::size_t most = kMaxDhPrimeBits / 8;
  if (key.prime.size() > most || key.base.size() > key.prime.size()) {
    return CallerError(CKR_DOMAIN_PARAMS_INVALID, "prime or base is too long");
  }
  Domain domain{SecretBignumOf(key.prime), SecretBignumOf(key.base)};
  const auto bits = static_cast<std::size_t>(BN_num_bits(domain.prime.get()));
  const bool good = bits >= kMinDhPrimeBits && BN_is_odd(domain.prime.get()) &&
                    IsInside(domain.base.get(), domain.prime.get());
  if (!good) return CallerError(CKR_DOMAIN_PARAMS_INVALID, "not a prime and its base");
  return domain;
}

PkeyPtr KeyOf(const Domain& domain, const char* part, int selection, const BIGNUM* value) {
  NativeNumber prime(domain.prime.get());
  NativeNumber base(domain.base.get());
  NativeNumber number(value);
  OSSL_PARAM params[] = {
      prime.As(OSSL_PKEY_PARAM_FFC_P),
      base.As(OSSL_PKEY_PARAM_FFC_G),
      number.As(part),
      OSSL_PARAM_construct_end(),
  };
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  EVP_PKEY* pkey = nullptr;
  GW_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  if (EVP_PKEY_fromdata(context.get(), &pkey, selection, params) != 1) return nullptr;
  return PkeyPtr(pkey);
}

// The secret of two keys; empty if OpenSSL refuses them.
SecretBytes Agree(const Domain& domain, const PkeyPtr& own, const PkeyPtr& other) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  SecretBytes secret =
      SecretBytes::OfSize(static_cast<std::size_t>(BN_num_bytes(domain.prime.get())));
  std::size_t size = secret.size();
  // Padded, or the length of the secret would tell how many zeros it begins with.
  const bool derived = context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
                       EVP_PKEY_CTX_set_dh_pad(context.get(), 1) == 1 &&
                       EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1 &&
                       EVP_PKEY_derive(context.get(), secret.mutable_view().data(), &size) == 1;
  return derived && size == secret.size() ? std::move(secret) : SecretBytes();
}

}  // namespace

Result<SecretBytes> DhSecret(const DhPrivateKey& key, ByteView peer) {
  GW_TRY(domain, DomainOf(key));
  if (key.value.size() > key.prime.size()) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "private value is longer than the prime");
  }
  const SecretBignumPtr value = SecretBignumOf(key.value);
  if (BN_is_zero(value.get()) || BN_cmp(value.get(), domain.prime.get()) >= 0) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "private value out of range");
  }
  const auto refused = [] { return OpensslError(CKR_MECHANISM_PARAM_INVALID, "peer's value"); };
  if (peer.size() > key.prime.size()) return refused();
  const SecretBignumPtr y = SecretBignumOf(peer);
  if (!IsInside(y.get(), domain.prime.get())) return refused();
  const PkeyPtr own = KeyOf(domain, OSSL_PKEY_PARAM_PRIV_KEY, EVP_PKEY_KEYPAIR, value.get());
  const PkeyPtr other = KeyOf(domain, OSSL_PKEY_PARAM_PUB_KEY, EVP_PKEY_PUBLIC_KEY, y.get());
  if (own == nullptr || other == nullptr) {
    return OpensslError(CKR_DOMAIN_PARAMS_INVALID, "no Diffie-Hellman key");
  }
  SecretBytes secret = Agree(domain, own, other);
  if (secret.empty()) return refused();
  return secret;
}

}  // namespace gw::emulator
