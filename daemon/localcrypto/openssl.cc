// Room: localcrypto.
#include "daemon/localcrypto/openssl.h"

#include <openssl/err.h>

#include <array>

#include "daemon/core/check.h"

namespace gw::openssl {
namespace {

struct MdName {
  Hash hash;
  const char* name;
};

constexpr auto kMdNames = std::to_array<MdName>({
    {Hash::kNone, nullptr},
    {Hash::kSha1, "SHA1"},
    {Hash::kSha224, "SHA2-224"},
    {Hash::kSha256, "SHA2-256"},
    {Hash::kSha384, "SHA2-384"},
    {Hash::kSha512, "SHA2-512"},
    {Hash::kSha512_224, "SHA2-512/224"},
    {Hash::kSha512_256, "SHA2-512/256"},
    {Hash::kSha3_224, "SHA3-224"},
    {Hash::kSha3_256, "SHA3-256"},
    {Hash::kSha3_384, "SHA3-384"},
    {Hash::kSha3_512, "SHA3-512"},
});

constexpr bool RowsAreInOrder() {
  for (std::size_t i = 0; i < kMdNames.size(); ++i) {
    if (static_cast<std::size_t>(kMdNames[i].hash) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder(), "a row is found by the number of its hash");

using Mds = std::array<const EVP_MD*, kMdNames.size()>;

Mds FetchAll() {
  Mds mds{};
  for (std::size_t i = 1; i < kMdNames.size(); ++i) {
    mds[i] = EVP_MD_fetch(nullptr, kMdNames[i].name, nullptr);
    GW_CHECK(mds[i] != nullptr);
  }
  return mds;
}

}  // namespace

const EVP_MD* MdOf(Hash hash) {
  static const Mds mds = FetchAll();
  const auto index = static_cast<std::size_t>(hash);
  GW_CHECK(index > 0 && index < mds.size());
  return mds[index];
}

std::string TakeErrors() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    std::array<char, 256> line{};
    ERR_error_string_n(code, line.data(), line.size());
    if (!text.empty()) text += "; ";
    text += line.data();
  }
  return text;
}

}  // namespace gw::openssl
