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

// By mode and number of keys beyond two.
const EVP_CIPHER* CipherOf(BlockMode mode, std::size_t key_bytes) {
  static const EVP_CIPHER* const kCiphers[2][2] = {
      {Fetch("DES-EDE-ECB"), Fetch("DES-EDE3-ECB")},
      {Fetch("DES-EDE-CBC"), Fetch("DES-EDE3-CBC")},
  };
  GW_CHECK(key_bytes == kDes2Bytes || key_bytes == kDes3Bytes);
  return kCiphers[static_cast<std::size_t>(mode)][key_bytes == kDes2Bytes ? 0 : 1];
}

// `out` is as long as `data`, which is not empty.
void Run(BlockMode mode, Direction direction, ByteView key, ByteView iv, ByteView data, Byte* out) {
  GW_CHECK(data.size() % kDesBlockBytes == 0 && data.size() <= kMaxDesDataBytes);
  GW_CHECK(mode == BlockMode::kEcb || iv.size() == kDesBlockBytes);
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  const int size = static_cast<int>(data.size());
  int written = 0;
  GW_CHECK(EVP_CipherInit_ex2(context.get(), CipherOf(mode, key.size()), key.data(),
                              mode == BlockMode::kEcb ? nullptr : iv.data(),
                              direction == Direction::kEncrypt ? 1 : 0, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  GW_CHECK(EVP_CipherUpdate(context.get(), out, &written, data.data(), size) == 1);
  GW_CHECK(written == size);
}

}  // namespace

Bytes Des3Blocks(BlockMode mode, Direction direction, ByteView key, ByteView iv, ByteView data) {
  Bytes out(data.size());
  if (!data.empty()) Run(mode, direction, key, iv, data, out.data());
  return out;
}

SecretBytes Des3EcbEncrypt(ByteView key, ByteView data) {
  SecretBytes out = SecretBytes::OfSize(data.size());
  if (!data.empty()) {
    Run(BlockMode::kEcb, Direction::kEncrypt, key, {}, data, out.mutable_view().data());
  }
  return out;
}

void SetOddParity(std::span<Byte> key) {
  for (Byte& octet : key) {
    const auto ones = static_cast<unsigned>(std::popcount(static_cast<unsigned>(octet & 0xfe)));
    octet = static_cast<Byte>((octet & 0xfe) | (~ones & 1));
  }
}

}  // namespace gw::emulator
