// Room: emulator/crypto. Numbers as EVP takes them in parameter lists and gives them back. Threads:
// as any value type.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/check.h"
#include "emulator/crypto/domain.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {

// In the machine's byte order, kept where it is wiped. Outlives the OSSL_PARAMs made of it.
class NativeNumber {
 public:
  explicit NativeNumber(const BIGNUM* number)
      : octets_(SecretBytes::OfSize(static_cast<std::size_t>(BN_num_bytes(number)))) {
    const int size = static_cast<int>(octets_.size());
    GW_CHECK(BN_bn2nativepad(number, octets_.mutable_view().data(), size) == size);
  }
  OSSL_PARAM As(const char* name) {
    return OSSL_PARAM_construct_BN(name, octets_.mutable_view().data(), octets_.size());
  }

 private:
  SecretBytes octets_;
};

// A number of a key by its name in core_names.h. Null if it is not there or negative.
SecretBignumPtr NumberOf(EVP_PKEY* pkey, const char* name);
// The parameters of a DSA or Diffie-Hellman key; what it lacks is empty.
DomainParams DomainOf(EVP_PKEY* pkey, CK_KEY_TYPE type);

}  // namespace gw::emulator
