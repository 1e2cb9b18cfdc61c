// Room: localcrypto.
#include "daemon/localcrypto/sealer.h"

#include <array>

#include "daemon/core/check.h"
#include "daemon/localcrypto/hmac.h"
#include "daemon/localcrypto/openssl.h"
#include "daemon/localcrypto/random.h"

namespace gw {
namespace {

constexpr Byte kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kPrefixBytes = 1 + kSaltBytes + kNonceBytes;
static_assert(Sealer::kOverheadBytes == kPrefixBytes + kTagBytes);

// The update functions of OpenSSL count in int.
constexpr std::size_t kMaxBytes = 1u << 30;

const EVP_CIPHER* Gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  GW_CHECK(cipher != nullptr);
  return cipher;
}

enum class Direction : int { kUnseal = 0, kSeal = 1 };

// A context that has key, nonce and associated data: version, salt and nonce are bound as well.
openssl::CipherContext Start(Direction direction, const SecretBytes& key, ByteView prefix,
                             ByteView associated) {
  openssl::CipherContext context(EVP_CIPHER_CTX_new());
  GW_CHECK(context != nullptr);
  const ByteView nonce = prefix.last(kNonceBytes);
  int size = 0;
  GW_CHECK(EVP_CipherInit_ex2(context.get(), Gcm(), key.view().data(), nonce.data(),
                              static_cast<int>(direction), nullptr) == 1);
  GW_CHECK(EVP_CipherUpdate(context.get(), nullptr, &size, prefix.data(),
                            static_cast<int>(prefix.size())) == 1);
  if (!associated.empty()) {
    GW_CHECK(EVP_CipherUpdate(context.get(), nullptr, &size, associated.data(),
                              static_cast<int>(associated.size())) == 1);
  }
  return context;
}

void Transform(EVP_CIPHER_CTX* context, ByteView in, Byte* out) {
  if (in.empty()) return;
  int size = 0;
  GW_CHECK(EVP_CipherUpdate(context, out, &size, in.data(), static_cast<int>(in.size())) == 1);
  GW_CHECK(static_cast<std::size_t>(size) == in.size());
}

Error Refused() {
  return CallerError(CKR_ENCRYPTED_DATA_INVALID, "sealed data was altered or belongs elsewhere");
}

}  // namespace

Sealer::Sealer(SecretBytes key) : key_(std::move(key)) { GW_CHECK(key_.size() == kKeyBytes); }

SecretBytes Sealer::DeriveKey(ByteView salt) const {
  Bytes input = CopyOf("grep11 sealed message key");
  Append(input, salt);
  Bytes derived = HmacSha256(key_.view(), input);
  SecretBytes key{ByteView(derived)};
  Wipe(derived);
  return key;
}

Bytes Sealer::Seal(ByteView plain, ByteView associated) const {
  GW_CHECK(plain.size() <= kMaxBytes && associated.size() <= kMaxBytes);
  Bytes sealed(plain.size() + kOverheadBytes);
  const std::span<Byte> prefix = std::span(sealed).first(kPrefixBytes);
  prefix[0] = kVersion;
  RandomBytes(prefix.subspan(1));
  const SecretBytes key = DeriveKey(prefix.subspan(1, kSaltBytes));
  const auto context = Start(Direction::kSeal, key, prefix, associated);
  Transform(context.get(), plain, sealed.data() + kPrefixBytes);
  Byte* tag = sealed.data() + sealed.size() - kTagBytes;
  int size = 0;
  GW_CHECK(EVP_CipherFinal_ex(context.get(), tag, &size) == 1 && size == 0);
  GW_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
  return sealed;
}

Result<SecretBytes> Sealer::Unseal(ByteView sealed, ByteView associated) const {
  if (sealed.size() < kOverheadBytes || sealed.size() > kMaxBytes + kOverheadBytes ||
      associated.size() > kMaxBytes || sealed[0] != kVersion) {
    return Refused();
  }
  const ByteView prefix = sealed.first(kPrefixBytes);
  const ByteView body = sealed.subspan(kPrefixBytes, sealed.size() - kOverheadBytes);
  Bytes tag = CopyOf(sealed.last(kTagBytes));
  const SecretBytes key = DeriveKey(prefix.subspan(1, kSaltBytes));
  const auto context = Start(Direction::kUnseal, key, prefix, associated);
  SecretBytes plain = SecretBytes::OfSize(body.size());
  Transform(context.get(), body, plain.mutable_view().data());
  GW_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  int size = 0;
  Byte nothing = 0;
  const bool authentic = EVP_CipherFinal_ex(context.get(), &nothing, &size) == 1;
  openssl::TakeErrors();
  if (!authentic) return Refused();
  return plain;
}

}  // namespace gw
