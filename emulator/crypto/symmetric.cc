// Room: emulator/crypto.
#include "emulator/crypto/symmetric.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

using KdfPtr = std::unique_ptr<EVP_KDF, OpensslFree<EVP_KDF_free>>;
using KdfCtxPtr = std::unique_ptr<EVP_KDF_CTX, OpensslFree<EVP_KDF_CTX_free>>;

const EVP_CIPHER* Fetch(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  GW_CHECK(cipher != nullptr);
  return cipher;
}

// By mode and key length in 8-octet units beyond 16.
const EVP_CIPHER* AesCipher(BlockMode mode, std::size_t key_bytes) {
  static const EVP_CIPHER* const kCiphers[2][3] = {
      {Fetch("AES-128-ECB"), Fetch("AES-192-ECB"), Fetch("AES-256-ECB")},
      {Fetch("AES-128-CBC"), Fetch("AES-192-CBC"), Fetch("AES-256-CBC")},
  };
  GW_CHECK(key_bytes == 16 || key_bytes == 24 || key_bytes == 32);
  return kCiphers[static_cast<std::size_t>(mode)][(key_bytes - 16) / 8];
}

const EVP_CIPHER* GcmCipher() {
  static const EVP_CIPHER* const kGcm = Fetch("AES-256-GCM");
  return kGcm;
}

int IntOf(std::size_t size) {
  GW_CHECK(size <= 0x7fffffff);
  return static_cast<int>(size);
}

// EVP declares octet strings that it only reads as non-const.
OSSL_PARAM OctetParam(const char* name, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<Byte*>(bytes.data()), bytes.size());
}

Bytes RunKdf(const char* name, const OSSL_PARAM* params, std::size_t size) {
  const KdfPtr kdf(EVP_KDF_fetch(nullptr, name, nullptr));
  GW_CHECK(kdf != nullptr);
  const KdfCtxPtr context(EVP_KDF_CTX_new(kdf.get()));
  Bytes out(size);
  GW_CHECK(EVP_KDF_derive(context.get(), out.data(), out.size(), params) == 1);
  return out;
}

}  // namespace

Bytes AesBlocks(BlockMode mode, Direction direction, ByteView key, ByteView iv, ByteView data) {
  GW_CHECK(data.size() % kAesBlockBytes == 0);
  GW_CHECK(mode == BlockMode::kEcb || iv.size() == kAesBlockBytes);
  Bytes out(data.size());
  if (data.empty()) return out;
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  const int encrypt = direction == Direction::kEncrypt ? 1 : 0;
  int written = 0;
  GW_CHECK(EVP_CipherInit_ex2(context.get(), AesCipher(mode, key.size()), key.data(),
                              mode == BlockMode::kEcb ? nullptr : iv.data(), encrypt,
                              nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  GW_CHECK(EVP_CipherUpdate(context.get(), out.data(), &written, data.data(), IntOf(data.size())) ==
           1);
  GW_CHECK(written == IntOf(data.size()));
  return out;
}

Bytes GcmSeal(ByteView key, ByteView nonce, ByteView associated, ByteView plain) {
  GW_CHECK(key.size() == 32 && nonce.size() == kGcmNonceBytes);
  Bytes out(plain.size() + kGcmTagBytes);
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  int written = 0;
  GW_CHECK(EVP_EncryptInit_ex2(context.get(), GcmCipher(), key.data(), nonce.data(), nullptr) == 1);
  GW_CHECK(EVP_EncryptUpdate(context.get(), nullptr, &written, associated.data(),
                             IntOf(associated.size())) == 1);
  GW_CHECK(EVP_EncryptUpdate(context.get(), out.data(), &written, plain.data(),
                             IntOf(plain.size())) == 1);
  GW_CHECK(EVP_EncryptFinal_ex(context.get(), out.data() + written, &written) == 1);
  GW_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes,
                               out.data() + plain.size()) == 1);
  return out;
}

Result<Bytes> GcmOpen(ByteView key, ByteView nonce, ByteView associated, ByteView sealed) {
  GW_CHECK(key.size() == 32 && nonce.size() == kGcmNonceBytes);
  if (sealed.size() < kGcmTagBytes) {
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "sealed data is shorter than its tag");
  }
  Bytes out(sealed.size() - kGcmTagBytes);
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  Bytes tag = CopyOf(sealed.last(kGcmTagBytes));
  int written = 0;
  GW_CHECK(EVP_DecryptInit_ex2(context.get(), GcmCipher(), key.data(), nonce.data(), nullptr) == 1);
  GW_CHECK(EVP_DecryptUpdate(context.get(), nullptr, &written, associated.data(),
                             IntOf(associated.size())) == 1);
  GW_CHECK(EVP_DecryptUpdate(context.get(), out.data(), &written, sealed.data(),
                             IntOf(out.size())) == 1);
  GW_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) ==
           1);
  if (EVP_DecryptFinal_ex(context.get(), out.data() + written, &written) != 1) {
    Wipe(out);
    return CallerError(CKR_ENCRYPTED_DATA_INVALID, "sealed data was modified");
  }
  return out;
}

void FillRandom(std::span<Byte> out) {
  if (!out.empty()) GW_CHECK(RAND_bytes(out.data(), IntOf(out.size())) == 1);
}

Bytes RandomBytes(std::size_t size) {
  Bytes out(size);
  FillRandom(out);
  return out;
}

Bytes Hkdf(ByteView secret, std::string_view info, std::size_t size) {
  char digest[] = "SHA2-256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OctetParam(OSSL_KDF_PARAM_KEY, secret),
      OctetParam(OSSL_KDF_PARAM_INFO, ViewOf(info)),
      OSSL_PARAM_construct_end(),
  };
  return RunKdf("HKDF", params, size);
}

Bytes X963Kdf(HashId hash, ByteView secret, ByteView shared, std::size_t size) {
  std::string digest = RowOf(hash).openssl_name;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OctetParam(OSSL_KDF_PARAM_KEY, secret),
      OctetParam(OSSL_KDF_PARAM_INFO, shared),
      OSSL_PARAM_construct_end(),
  };
  return RunKdf("X963KDF", params, size);
}

}  // namespace gw::emulator
