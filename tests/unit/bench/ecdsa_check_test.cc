// The proof of a signature against one that OpenSSL made.
#include "bench/grep11/ecdsa_check.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace gw::bench {
namespace {

class EcdsaCheckTest : public ::testing::Test {
 protected:
  EcdsaCheckTest() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), digest_(32, 0x5a) {
    Byte* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    spki_.assign(der, der + size);
    OPENSSL_free(der);
    Sign();
  }

  void Sign() {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY_sign_init(context.get());
    Bytes der(80);
    std::size_t size = der.size();
    ASSERT_EQ(EVP_PKEY_sign(context.get(), der.data(), &size, digest_.data(), digest_.size()), 1);
    const Byte* next = der.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
        d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(size)), ECDSA_SIG_free);
    signature_.resize(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), signature_.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), signature_.data() + 32, 32);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  Bytes digest_;
  Bytes spki_;
  Bytes signature_;
};

TEST_F(EcdsaCheckTest, ATrueSignatureHolds) {
  EXPECT_TRUE(EcdsaSignatureHolds(spki_, digest_, signature_));
}

TEST_F(EcdsaCheckTest, OctetsBehindTheKeyAreIgnored) {
  Append(spki_, Bytes(100, 0xee));
  EXPECT_TRUE(EcdsaSignatureHolds(spki_, digest_, signature_));
}

TEST_F(EcdsaCheckTest, AnotherDigestDoesNotHold) {
  digest_[0] ^= 1;
  EXPECT_FALSE(EcdsaSignatureHolds(spki_, digest_, signature_));
}

TEST_F(EcdsaCheckTest, AChangedSignatureDoesNotHold) {
  signature_[40] ^= 1;
  EXPECT_FALSE(EcdsaSignatureHolds(spki_, digest_, signature_));
}

TEST_F(EcdsaCheckTest, GarbageDoesNotHold) {
  EXPECT_FALSE(EcdsaSignatureHolds({}, digest_, signature_));
  EXPECT_FALSE(EcdsaSignatureHolds(Bytes(91, 0x30), digest_, signature_));
  EXPECT_FALSE(EcdsaSignatureHolds(spki_, digest_, {}));
  EXPECT_FALSE(EcdsaSignatureHolds(spki_, digest_, Bytes(63, 1)));
}

}  // namespace
}  // namespace gw::bench
