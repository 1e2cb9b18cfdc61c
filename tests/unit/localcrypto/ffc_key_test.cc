// Tests of localcrypto/ffc_key.h. OpenSSL reads what is written here and writes what is read.
#include "daemon/localcrypto/ffc_key.h"

#include <gtest/gtest.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace gw {
namespace {

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Numbers of the right shape, whatever their arithmetic.
FfcDomain Numbers(bool dsa) {
  FfcDomain domain;
  domain.prime = Bytes(128, 0xc1);
  if (dsa) domain.subprime = Bytes(20, 0x91);
  domain.base = Bytes(127, 0x05);
  return domain;
}

FfcPublicKey KeyOf(CK_KEY_TYPE type) { return {type, Numbers(type == CKK_DSA), Bytes(128, 0x81)}; }

TEST(FfcKeyTest, OpensslReadsTheSpki) {
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    const Bytes spki = SpkiFromFfc(KeyOf(type));
    const Byte* at = spki.data();
    const Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), EVP_PKEY_free);
    ASSERT_NE(key, nullptr) << type;
    EXPECT_EQ(EVP_PKEY_get_base_id(key.get()), type == CKK_DSA ? EVP_PKEY_DSA : EVP_PKEY_DH);
    EXPECT_EQ(EVP_PKEY_get_bits(key.get()), 1024);
  }
}

TEST(FfcKeyTest, AnSpkiIsReadBackWithoutTheTrailer) {
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    Bytes spki = SpkiFromFfc(KeyOf(type));
    Append(spki, Bytes(128, 0x04));
    EXPECT_TRUE(IsFfcSpki(spki));
    const auto key = ParseFfcSpki(spki);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(*key, KeyOf(type));
  }
}

TEST(FfcKeyTest, EveryCutOfAnSpkiIsRefused) {
  const Bytes spki = SpkiFromFfc(KeyOf(CKK_DSA));
  for (std::size_t size = 0; size < spki.size(); ++size) {
    const auto key = ParseFfcSpki(ByteView(spki).first(size));
    ASSERT_FALSE(key.ok()) << size;
    EXPECT_EQ(key.error().rv, CKR_DEVICE_ERROR);
  }
}

TEST(FfcKeyTest, ParametersAreNumbersOfOneLength) {
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    const FfcDomain domain = Numbers(type == CKK_DSA);
    const Bytes joined = JoinFfcDomain(domain);
    EXPECT_EQ(joined.size(), type == CKK_DSA ? 384u : 256u);
    const auto read = ParseFfcDomain(type, joined);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, domain);
    EXPECT_FALSE(ParseFfcDomain(type, ByteView(joined).first(joined.size() - 1)).ok());
    EXPECT_FALSE(ParseFfcDomain(type, Bytes(384)).ok());
    EXPECT_FALSE(ParseFfcDomain(type, {}).ok());
  }
}

TEST(FfcKeyTest, ParametersAreDer) {
  const Bytes spki = SpkiFromFfc(KeyOf(CKK_DSA));
  const Byte* at = spki.data();
  const Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), EVP_PKEY_free);
  ASSERT_NE(key, nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_KeyParams(key.get(), &der);
  ASSERT_GT(size, 0);
  const auto read = ParseFfcDomain(CKK_DSA, ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, Numbers(true));
}

TEST(FfcKeyTest, OpensslReadsThePrivateKey) {
  for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
    const auto made = Pkcs8FromFfc(type, Numbers(type == CKK_DSA), Bytes(19, 0x85));
    ASSERT_TRUE(made.ok());
    const Byte* at = made->view().data();
    const Pkey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(made->size())),
                   EVP_PKEY_free);
    ASSERT_NE(key, nullptr) << type;
    EXPECT_EQ(EVP_PKEY_get_base_id(key.get()), type == CKK_DSA ? EVP_PKEY_DSA : EVP_PKEY_DH);
  }
}

TEST(FfcKeyTest, AnExponentIsBelowTheOrder) {
  const FfcDomain domain = Numbers(true);
  for (const Bytes& exponent : {Bytes(), Bytes(20), domain.subprime, Bytes(21, 1)}) {
    const auto made = Pkcs8FromFfc(CKK_DSA, domain, exponent);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().rv, CKR_ATTRIBUTE_VALUE_INVALID);
  }
}

}  // namespace
}  // namespace gw
