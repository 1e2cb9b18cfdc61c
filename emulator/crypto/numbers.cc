// Room: emulator/crypto.
#include "emulator/crypto/numbers.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

namespace gw::emulator {
namespace {

Bytes OctetsOf(EVP_PKEY* pkey, const char* name) {
  const SecretBignumPtr number = NumberOf(pkey, name);
  if (number == nullptr) return {};
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), octets.data());
  return octets;
}

}  // namespace

SecretBignumPtr NumberOf(EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  const bool found = EVP_PKEY_get_bn_param(pkey, name, &raw) == 1;
  SecretBignumPtr number(raw);
  ERR_clear_error();
  if (!found || BN_is_negative(number.get())) number.reset();
  return number;
}

DomainParams DomainOf(EVP_PKEY* pkey, CK_KEY_TYPE type) {
  return {OctetsOf(pkey, OSSL_PKEY_PARAM_FFC_P),
          type == CKK_DSA ? OctetsOf(pkey, OSSL_PKEY_PARAM_FFC_Q) : Bytes(),
          OctetsOf(pkey, OSSL_PKEY_PARAM_FFC_G)};
}

}  // namespace gw::emulator
