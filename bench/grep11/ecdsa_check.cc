// Room: bench/grep11. r||s to DER, then EVP.
#include "bench/grep11/ecdsa_check.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace gw::bench {
namespace {

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

BIGNUM* NumberOf(ByteView octets) {
  return BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr);
}

// Empty when it cannot be encoded.
Bytes DerOf(ByteView raw) {
  const Signature signature(ECDSA_SIG_new());
  BIGNUM* r = NumberOf(raw.first(raw.size() / 2));
  BIGNUM* s = NumberOf(raw.subspan(raw.size() / 2));
  if (signature == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size));
  Byte* next = der.data();
  i2d_ECDSA_SIG(signature.get(), &next);
  return der;
}

}  // namespace

bool EcdsaSignatureHolds(ByteView spki, ByteView digest, ByteView signature) {
  if (signature.empty() || signature.size() % 2 != 0) return false;
  const Byte* next = spki.data();
  const Key key(d2i_PUBKEY(nullptr, &next, static_cast<long>(spki.size())));
  if (key == nullptr) return false;
  const Bytes der = DerOf(signature);
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_verify_init(context.get()) != 1) return false;
  return EVP_PKEY_verify(context.get(), der.data(), der.size(), digest.data(), digest.size()) == 1;
}

}  // namespace gw::bench
