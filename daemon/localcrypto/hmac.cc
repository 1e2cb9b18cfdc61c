// Room: localcrypto.
#include "daemon/localcrypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

#include "daemon/core/check.h"
#include "daemon/localcrypto/openssl.h"

namespace gw {
namespace {

constexpr std::size_t kTagBytes = 32;

// HMAC with its digest chosen and an empty key, to be copied: choosing a digest looks it up by
// name.
const EVP_MAC_CTX* Template() {
  static const EVP_MAC_CTX* const made = [] {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
    std::array<char, 9> digest{"SHA2-256"};
    const std::array params{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    static constexpr Byte kNoKey = 0;
    GW_CHECK(EVP_MAC_init(context, &kNoKey, 0, params.data()) == 1);
    return context;
  }();
  return made;
}

}  // namespace

Bytes HmacSha256(ByteView key, ByteView data) {
  // A null key would mean "keep the one you have".
  static constexpr Byte kNoKey = 0;
  const Byte* key_data = key.empty() ? &kNoKey : key.data();
  const openssl::MacContext context(EVP_MAC_CTX_dup(Template()));
  GW_CHECK(context != nullptr);
  Bytes tag(kTagBytes);
  std::size_t size = 0;
  GW_CHECK(EVP_MAC_init(context.get(), key_data, key.size(), nullptr) == 1);
  GW_CHECK(EVP_MAC_update(context.get(), data.data(), data.size()) == 1);
  GW_CHECK(EVP_MAC_final(context.get(), tag.data(), &size, tag.size()) == 1 && size == kTagBytes);
  return tag;
}

}  // namespace gw
