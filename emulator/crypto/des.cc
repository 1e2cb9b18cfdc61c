// Room: emulator/crypto.
#include "emulator/crypto/des.h"

#include <bit>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

const EVP_CIPHER* Fetch(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  GW_CHECK(cipher != nullptr);
  return cipher;
}

const EVP_CIPHER* EcbOf(std::size_t key_bytes) {
  static const EVP_CIPHER* const kTwoKeys = Fetch("DES-EDE-ECB");
  static const EVP_CIPHER* const kThreeKeys = Fetch("DES-EDE3-ECB");
  GW_CHECK(key_bytes == kDes2Bytes || key_bytes == kDes3Bytes);
  return key_bytes == kDes2Bytes ? kTwoKeys : kThreeKeys;
}

}  // namespace

SecretBytes Des3EcbEncrypt(ByteView key, ByteView data) {
  GW_CHECK(data.size() % kDesBlockBytes == 0 && data.size() <= kMaxDesDataBytes);
  SecretBytes out = SecretBytes::OfSize(data.size());
  if (data.empty()) return out;
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  const int size = static_cast<int>(data.size());
  int written = 0;
  GW_CHECK(EVP_EncryptInit_ex2(context.get(), EcbOf(key.size()), key.data(), nullptr, nullptr) ==
           1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  GW_CHECK(EVP_EncryptUpdate(context.get(), out.mutable_view().data(), &written, data.data(),
                             size) == 1);
  GW_CHECK(written == size);
  return out;
}

void SetOddParity(std::span<Byte> key) {
  for (Byte& octet : key) {
    const auto ones = static_cast<unsigned>(std::popcount(static_cast<unsigned>(octet & 0xfe)));
    octet = static_cast<Byte>((octet & 0xfe) | (~ones & 1));
  }
}

}  // namespace gw::emulator
