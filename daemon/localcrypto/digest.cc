// Room: localcrypto.
#include "daemon/localcrypto/digest.h"

#include <array>

#include "daemon/core/check.h"
#include "daemon/localcrypto/der.h"
#include "daemon/localcrypto/openssl.h"

namespace gw {
namespace {

// AlgorithmIdentifier of each digest: the OID and the NULL parameter that RFC 8017 9.2 note 1 has.
struct AlgorithmRow {
  Hash hash;
  std::array<Byte, 15> der;
  std::size_t size;
};

constexpr auto kAlgorithms = std::to_array<AlgorithmRow>({
    {Hash::kSha1, {0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0}, 11},
    {Hash::kSha224, {0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4, 5, 0}, 15},
    {Hash::kSha256, {0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0}, 15},
    {Hash::kSha384, {0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0}, 15},
    {Hash::kSha512, {0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0}, 15},
    {Hash::kSha512_224, {0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 5, 5, 0}, 15},
    {Hash::kSha512_256, {0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 6, 5, 0}, 15},
});

ByteView AlgorithmOf(Hash hash) {
  const auto row = std::ranges::find(kAlgorithms, hash, &AlgorithmRow::hash);
  GW_CHECK(row != kAlgorithms.end());
  return ByteView(row->der).first(row->size);
}

}  // namespace

void Digest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digest::Digest(Context context) : context_(std::move(context)) {}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

Digest Digest::Start(Hash hash) {
  Context context(EVP_MD_CTX_new());
  GW_CHECK(context != nullptr);
  GW_CHECK(EVP_DigestInit_ex2(context.get(), openssl::MdOf(hash), nullptr) == 1);
  return Digest(std::move(context));
}

void Digest::Update(ByteView data) {
  GW_CHECK(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1);
}

Bytes Digest::Finish() {
  Bytes digest(static_cast<std::size_t>(EVP_MD_CTX_get_size(context_.get())));
  GW_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  context_.reset();
  return digest;
}

Digest Digest::Clone() const {
  Context copy(EVP_MD_CTX_new());
  GW_CHECK(copy != nullptr);
  GW_CHECK(EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1);
  return Digest(std::move(copy));
}

Bytes HashOf(Hash hash, ByteView data) {
  const EVP_MD* md = openssl::MdOf(hash);
  Bytes digest(static_cast<std::size_t>(EVP_MD_get_size(md)));
  GW_CHECK(EVP_Digest(data.data(), data.size(), digest.data(), nullptr, md, nullptr) == 1);
  return digest;
}

Bytes DigestInfo(Hash hash, ByteView digest) {
  GW_CHECK(digest.size() == static_cast<std::size_t>(EVP_MD_get_size(openssl::MdOf(hash))));
  const Bytes octets = der::Encode(der::kOctetString, digest);
  return der::Encode(der::kSequence, der::Join({AlgorithmOf(hash), octets}));
}

}  // namespace gw
