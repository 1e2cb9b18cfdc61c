// Room: localcrypto.
#include "daemon/localcrypto/scrypt.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

#include "daemon/core/check.h"
#include "daemon/localcrypto/openssl.h"

namespace gw {
namespace {

constexpr std::size_t kKeyBytes = 32;

// 128 * N * r octets are needed; a stored cost must not make the daemon ask for more than this.
constexpr std::uint64_t kMaxMemory = 256u << 20;

bool Affordable(const ScryptCost& cost) {
  if (cost.log2_n < 1 || cost.log2_n > 21 || cost.r == 0 || cost.p == 0 || cost.p > 16)
    return false;
  return 128 * (std::uint64_t{1} << cost.log2_n) * cost.r <= kMaxMemory;
}

// OpenSSL takes a null password for "none given".
ByteView NotNull(ByteView password) {
  static constexpr Byte kEmpty = 0;
  return password.empty() ? ByteView(&kEmpty, 0) : password;
}

// OSSL_PARAM has no const octets; these are read only.
OSSL_PARAM OctetsParam(const char* name, ByteView octets) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<Byte*>(octets.data()), octets.size());
}

}  // namespace

std::optional<ScryptCost> ScryptCost::Decode(ByteView octets) {
  if (octets.size() != kBytes) return std::nullopt;
  const ScryptCost cost{octets[0], octets[1], octets[2]};
  if (!Affordable(cost)) return std::nullopt;
  return cost;
}

SecretBytes Scrypt(ByteView password, ByteView salt, const ScryptCost& cost) {
  GW_CHECK(Affordable(cost));
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "SCRYPT", nullptr);
  const openssl::KdfContext context(EVP_KDF_CTX_new(kdf));
  GW_CHECK(context != nullptr);
  std::uint64_t n = std::uint64_t{1} << cost.log2_n;
  std::uint32_t r = cost.r;
  std::uint32_t p = cost.p;
  std::uint64_t max_memory = 2 * kMaxMemory;
  const std::array params{OctetsParam(OSSL_KDF_PARAM_PASSWORD, NotNull(password)),
                          OctetsParam(OSSL_KDF_PARAM_SALT, salt),
                          OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
                          OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
                          OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
                          OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &max_memory),
                          OSSL_PARAM_construct_end()};
  SecretBytes key = SecretBytes::OfSize(kKeyBytes);
  GW_CHECK(EVP_KDF_derive(context.get(), key.mutable_view().data(), key.size(), params.data()) ==
           1);
  return key;
}

}  // namespace gw
