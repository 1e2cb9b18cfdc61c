// Room: localcrypto.
#include "daemon/localcrypto/pin_verifier.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <optional>

#include "daemon/core/check.h"
#include "daemon/localcrypto/openssl.h"
#include "daemon/localcrypto/random.h"

namespace gw {
namespace {

// A verifier: version 01 | log2 N | r | p | salt (16) | scrypt output (32).
constexpr Byte kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kVerifierBytes = 4 + kSaltBytes + kKeyBytes;

struct Cost {
  unsigned log2_n;
  std::uint32_t r;
  std::uint32_t p;
};
constexpr Cost kCost{15, 8, 1};

// 128 * N * r octets are needed; a stored verifier must not make the daemon ask for more than this.
constexpr std::uint64_t kMaxMemory = 256u << 20;

bool Affordable(const Cost& cost) {
  if (cost.log2_n < 1 || cost.log2_n > 21 || cost.r == 0 || cost.p == 0 || cost.p > 16)
    return false;
  return 128 * (std::uint64_t{1} << cost.log2_n) * cost.r <= kMaxMemory;
}

SecretBytes Scrypt(ByteView pin, ByteView salt, const Cost& cost) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "SCRYPT", nullptr);
  const openssl::KdfContext context(EVP_KDF_CTX_new(kdf));
  GW_CHECK(context != nullptr);
  std::uint64_t n = std::uint64_t{1} << cost.log2_n;
  std::uint32_t r = cost.r;
  std::uint32_t p = cost.p;
  std::uint64_t max_memory = 2 * kMaxMemory;
  // OSSL_PARAM has no const octets; these are read only.
  const std::array params{OSSL_PARAM_construct_octet_string(
                              OSSL_KDF_PARAM_PASSWORD, const_cast<Byte*>(pin.data()), pin.size()),
                          OSSL_PARAM_construct_octet_string(
                              OSSL_KDF_PARAM_SALT, const_cast<Byte*>(salt.data()), salt.size()),
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

// OpenSSL takes a null password for "none given".
ByteView NotNull(ByteView pin) {
  static constexpr Byte kEmpty = 0;
  return pin.empty() ? ByteView(&kEmpty, 0) : pin;
}

}  // namespace

Bytes MakePinVerifier(ByteView pin) {
  Bytes verifier{kVersion, static_cast<Byte>(kCost.log2_n), static_cast<Byte>(kCost.r),
                 static_cast<Byte>(kCost.p)};
  std::array<Byte, kSaltBytes> salt{};
  RandomBytes(salt);
  Append(verifier, salt);
  Append(verifier, Scrypt(NotNull(pin), salt, kCost).view());
  return verifier;
}

bool PinMatches(ByteView verifier, ByteView pin) {
  if (verifier.size() != kVerifierBytes || verifier[0] != kVersion) return false;
  const Cost cost{verifier[1], verifier[2], verifier[3]};
  if (!Affordable(cost)) return false;
  const SecretBytes key = Scrypt(NotNull(pin), verifier.subspan(4, kSaltBytes), cost);
  return EqualConstantTime(key.view(), verifier.last(kKeyBytes));
}

}  // namespace gw
