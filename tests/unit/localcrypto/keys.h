// Tests of localcrypto: published keys, and private keys to sign and decrypt with.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

#include "daemon/core/bytes.h"
#include "daemon/localcrypto/spki.h"
#include "tests/unit/localcrypto/hex.h"

namespace gw {

// Source: NIST CAVP "SigVer PKCS#1 Ver 1.5", mod = 1024.
inline constexpr std::string_view kModulus1024 =
    "a8d68acd413c5e195d5ef04e1b4faaf242365cb450196755e92e1215ba59802aafbadbf2564dd550956abb54f8b1c9"
    "17"
    "844e5f36195d1088c600e07cada5c080ede679f50b3de32cf4026e514542495c54b1903768791aae9e36f082cd38e9"
    "41"
    "ada89baecada61ab0dd37ad536bcb0a0946271594836e92ab5517301d45176b5";

// Source: NIST CAVP "SigVer", P-256, the record that passes; its point.
inline constexpr std::string_view kP256X =
    "83c0c0c2df3b8cdd2b552d0802b9dce740c355bb7540dad83e2c4b5b9da842fb";
inline constexpr std::string_view kP256Y =
    "3a65b7999c96beb7f4d38a63fd0a00eb43388636b18f6ed67d38d12183091359";

inline Bytes UncompressedPoint(std::string_view x, std::string_view y) {
  Bytes point{4};
  Append(point, FromHex(x));
  Append(point, FromHex(y));
  return point;
}

inline Bytes P256Spki() {
  return JoinEcSpki(*FindCurve(ViewOf("P-256")), UncompressedPoint(kP256X, kP256Y));
}

// A fresh RSA key with its private half.
class PrivateKey {
 public:
  explicit PrivateKey(unsigned bits) : pkey_(EVP_RSA_gen(bits), EVP_PKEY_free) {}

  // DER SubjectPublicKeyInfo.
  Bytes Spki() const {
    Byte* der = nullptr;
    const int size = i2d_PUBKEY(pkey_.get(), &der);
    Bytes spki(der, der + size);
    OPENSSL_free(der);
    return spki;
  }

  // The bare RSA function with the private exponent: signs `block` as it stands.
  Bytes Raw(ByteView block) const { return Decrypt(block, RSA_NO_PADDING, nullptr, nullptr, {}); }

  Bytes Decrypt(ByteView in, int padding, const EVP_MD* hash, const EVP_MD* mask,
                ByteView label) const {
    Context context(EVP_PKEY_CTX_new(pkey_.get(), nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY_decrypt_init(context.get());
    EVP_PKEY_CTX_set_rsa_padding(context.get(), padding);
    if (hash != nullptr) EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), hash);
    if (mask != nullptr) EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), mask);
    if (!label.empty()) {
      void* owned = OPENSSL_memdup(label.data(), label.size());
      EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), owned, static_cast<int>(label.size()));
    }
    Bytes out(512);
    std::size_t size = out.size();
    if (EVP_PKEY_decrypt(context.get(), out.data(), &size, in.data(), in.size()) != 1) return {};
    out.resize(size);
    return out;
  }

  Bytes SignPss(const EVP_MD* hash, const EVP_MD* mask, int salt_bytes, ByteView digest) const {
    Context context(EVP_PKEY_CTX_new(pkey_.get(), nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY_sign_init(context.get());
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_signature_md(context.get(), hash);
    EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), mask);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), salt_bytes);
    Bytes out(512);
    std::size_t size = out.size();
    if (EVP_PKEY_sign(context.get(), out.data(), &size, digest.data(), digest.size()) != 1) {
      return {};
    }
    out.resize(size);
    return out;
  }

 private:
  using Context = std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)>;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pkey_;
};

inline const PrivateKey& Rsa2048() {
  static const PrivateKey key(2048);
  return key;
}

// modBits - 1 is a multiple of 8: the PSS block is one octet shorter than the modulus.
inline const PrivateKey& Rsa1025() {
  static const PrivateKey key(1025);
  return key;
}

}  // namespace gw
