// Room: tests/stack. Mechanisms of DES, DSA, Diffie-Hellman, X9.31, SHA-3 and of derivation, and
// IBM's for transport, whose results OpenSSL computes as well.
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "proto/pkcs11/ck_sha3.h"
#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;
using NumberContext = std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)>;

constexpr CK_ULONG kDomainBits = 1024;

std::string_view TextOf(const Octets& octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

Octets First(Octets octets, std::size_t size) {
  EXPECT_GE(octets.size(), size);
  octets.resize(size);
  return octets;
}

// One block cipher of OpenSSL without padding.
Octets Encrypted(const char* cipher, const Octets& key, const Octets& iv, const Octets& data) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_CIPHER* fetched = EVP_CIPHER_fetch(nullptr, cipher, nullptr);
  Octets out(data.size() + 16);
  int size = 0;
  EXPECT_EQ(
      EVP_EncryptInit_ex2(context, fetched, key.data(), iv.empty() ? nullptr : iv.data(), nullptr),
      1);
  EVP_CIPHER_CTX_set_padding(context, 0);
  EXPECT_EQ(
      EVP_EncryptUpdate(context, out.data(), &size, data.data(), static_cast<int>(data.size())), 1);
  out.resize(static_cast<std::size_t>(size));
  EVP_CIPHER_free(fetched);
  EVP_CIPHER_CTX_free(context);
  return out;
}

Octets Digest(const char* name, const Octets& data) {
  Octets digest(EVP_MAX_MD_SIZE);
  std::size_t size = digest.size();
  EXPECT_EQ(EVP_Q_digest(nullptr, name, nullptr, data.data(), data.size(), digest.data(), &size),
            1);
  return First(digest, size);
}

// What an AES key makes of a block of zeros.
Octets AesPrint(const Octets& key) {
  return Encrypted(key.size() == 16 ? "AES-128-ECB" : "AES-256-ECB", key, {}, Octets(16));
}

class ClassicMechanismsTest : public testing::Test {
 protected:
  ClassicMechanismsTest() { session_.Login(); }

  CK_OBJECT_HANDLE Generate(CK_MECHANISM_TYPE type, Attributes attributes) {
    return NewKey(s_, type, std::move(attributes));
  }

  KeyPair Pair(CK_MECHANISM_TYPE type, Attributes public_half, Attributes private_half) {
    return NewPair(s_, type, std::move(public_half), std::move(private_half));
  }

  CK_OBJECT_HANDLE Create(Attributes attributes) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const auto list = attributes.list();
    GW_EXPECT_RV(P11().C_CreateObject(s_, list.data(), list.size(), &key), CKR_OK);
    return key;
  }

  CK_OBJECT_HANDLE CreateSecret(CK_KEY_TYPE type, const Octets& value) {
    return Create(Attributes()
                      .Number(CKA_CLASS, CKO_SECRET_KEY)
                      .Number(CKA_KEY_TYPE, type)
                      .Bool(CKA_DERIVE, true)
                      .Value(CKA_VALUE, TextOf(value)));
  }

  CK_OBJECT_HANDLE DeriveAes(CK_MECHANISM mechanism, CK_OBJECT_HANDLE base) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    Attributes attributes;
    attributes.Number(CKA_KEY_TYPE, CKK_AES).Number(CKA_VALUE_LEN, 16);
    const auto list = attributes.list();
    GW_EXPECT_RV(P11().C_DeriveKey(s_, &mechanism, base, list.data(), list.size(), &key), CKR_OK);
    return key;
  }

  Octets Get(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    Octets value(4096);
    CK_ATTRIBUTE wanted{type, value.data(), value.size()};
    GW_EXPECT_RV(P11().C_GetAttributeValue(s_, object, &wanted, 1), CKR_OK);
    return First(value, wanted.ulValueLen > value.size() ? 0 : wanted.ulValueLen);
  }

  Octets EncryptWith(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, Octets data) {
    Octets out(data.size() + 16);
    CK_ULONG size = out.size();
    GW_EXPECT_RV(P11().C_EncryptInit(s_, &mechanism, key), CKR_OK);
    GW_EXPECT_RV(P11().C_Encrypt(s_, data.data(), data.size(), out.data(), &size), CKR_OK);
    return First(out, size);
  }
  Octets PrintOf(CK_OBJECT_HANDLE aes) {
    return EncryptWith({CKM_AES_ECB, nullptr, 0}, aes, Octets(16));
  }

  // By its CKA_PUBLIC_KEY_INFO.
  Pkey OfOpenssl(CK_OBJECT_HANDLE public_key) {
    const Octets info = Get(public_key, CKA_PUBLIC_KEY_INFO);
    const unsigned char* at = info.data();
    Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(info.size())), EVP_PKEY_free);
    EXPECT_NE(key, nullptr);
    return key;
  }

  Attributes DomainOf(CK_OBJECT_HANDLE domain, bool dsa) {
    Attributes numbers;
    numbers.Value(CKA_PRIME, TextOf(Get(domain, CKA_PRIME)));
    if (dsa) numbers.Value(CKA_SUBPRIME, TextOf(Get(domain, CKA_SUBPRIME)));
    numbers.Value(CKA_BASE, TextOf(Get(domain, CKA_BASE)));
    return numbers;
  }

  const Initialized initialized_;
  Session session_;
  const CK_SESSION_HANDLE s_ = session_.handle();
  const Octets data_ = OctetsOf("thirty-two octets of any message");
};

// R263
TEST_F(ClassicMechanismsTest, DomainParametersAreObjects) {
  const CK_OBJECT_HANDLE made =
      Generate(CKM_DSA_PARAMETER_GEN, Attributes()
                                          .Number(CKA_PRIME_BITS, kDomainBits)
                                          .Bool(CKA_TOKEN, true)
                                          .Value(CKA_LABEL, "pqg"));
  EXPECT_EQ(Get(made, CKA_PRIME).size(), kDomainBits / 8);
  EXPECT_EQ(Get(made, CKA_SUBPRIME).size(), 20u);
  EXPECT_FALSE(Get(made, CKA_BASE).empty());
  EXPECT_EQ(Get(made, CKA_LOCAL), Octets{CK_TRUE});
  const CK_OBJECT_HANDLE given = Create(DomainOf(made, true)
                                            .Number(CKA_CLASS, CKO_DOMAIN_PARAMETERS)
                                            .Number(CKA_KEY_TYPE, CKK_DSA)
                                            .Value(CKA_LABEL, "pqg"));
  EXPECT_EQ(Get(given, CKA_BASE), Get(made, CKA_BASE));
  EXPECT_EQ(Get(given, CKA_LOCAL), Octets{CK_FALSE});
  EXPECT_EQ(Find(s_, Attributes().Number(CKA_CLASS, CKO_DOMAIN_PARAMETERS).Value(CKA_LABEL, "pqg"))
                .size(),
            2u);
  GW_EXPECT_RV(P11().C_DestroyObject(s_, made), CKR_OK);
}

TEST_F(ClassicMechanismsTest, OpensslVerifiesWhatDsaSigned) {
  const CK_OBJECT_HANDLE domain =
      Generate(CKM_DSA_PARAMETER_GEN, Attributes().Number(CKA_PRIME_BITS, kDomainBits));
  const KeyPair keys = Pair(CKM_DSA_KEY_PAIR_GEN, DomainOf(domain, true), Attributes());
  EXPECT_EQ(Get(keys.private_key, CKA_PRIME), Get(domain, CKA_PRIME));
  const Pkey key = OfOpenssl(keys.public_key);
  for (const CK_MECHANISM_TYPE type : {CKM_DSA, CKM_DSA_SHA1}) {
    const Octets digest = Digest("SHA1", data_);
    Octets signature;
    GW_ASSERT_RV(Sign(s_, type, keys.private_key, type == CKM_DSA ? digest : data_, &signature),
                 CKR_OK);
    ASSERT_EQ(signature.size(), 40u);
    DSA_SIG* pair = DSA_SIG_new();
    DSA_SIG_set0(pair, BN_bin2bn(signature.data(), 20, nullptr),
                 BN_bin2bn(signature.data() + 20, 20, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_DSA_SIG(pair, &der);
    const PkeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr), EVP_PKEY_CTX_free);
    EXPECT_EQ(EVP_PKEY_verify_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_verify(context.get(), der, static_cast<std::size_t>(size), digest.data(),
                              digest.size()),
              1);
    OPENSSL_free(der);
    DSA_SIG_free(pair);
  }
}

TEST_F(ClassicMechanismsTest, OpensslAgreesOnTheSecretOfDiffieAndHellman) {
  const CK_OBJECT_HANDLE domain =
      Generate(CKM_DH_PKCS_PARAMETER_GEN, Attributes().Number(CKA_PRIME_BITS, kDomainBits));
  const KeyPair keys =
      Pair(CKM_DH_PKCS_KEY_PAIR_GEN, DomainOf(domain, false), Attributes().Bool(CKA_DERIVE, true));
  const auto number = [](const Octets& octets) {
    return Number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr),
                  BN_clear_free);
  };
  const Number p = number(Get(domain, CKA_PRIME));
  const Number g = number(Get(domain, CKA_BASE));
  const Number theirs = number(Get(keys.public_key, CKA_VALUE));
  const Number mine = number(data_);
  const NumberContext context(BN_CTX_new(), BN_CTX_free);
  const Number y(BN_new(), BN_clear_free);
  const Number z(BN_new(), BN_clear_free);
  ASSERT_EQ(BN_mod_exp(y.get(), g.get(), mine.get(), p.get(), context.get()), 1);
  ASSERT_EQ(BN_mod_exp(z.get(), theirs.get(), mine.get(), p.get(), context.get()), 1);
  Octets sent(kDomainBits / 8);
  Octets secret(kDomainBits / 8);
  BN_bn2binpad(y.get(), sent.data(), static_cast<int>(sent.size()));
  BN_bn2binpad(z.get(), secret.data(), static_cast<int>(secret.size()));
  const CK_MECHANISM derive{CKM_DH_PKCS_DERIVE, sent.data(), sent.size()};
  EXPECT_EQ(PrintOf(DeriveAes(derive, keys.private_key)), AesPrint(First(secret, 16)));
}

TEST_F(ClassicMechanismsTest, ADerivedKeyIsTheDigestOfItsBase) {
  const CK_OBJECT_HANDLE base = CreateSecret(CKK_GENERIC_SECRET, data_);
  const std::pair<CK_MECHANISM_TYPE, const char*> all[] = {{CKM_SHA1_KEY_DERIVATION, "SHA1"},
                                                           {CKM_SHA224_KEY_DERIVATION, "SHA224"},
                                                           {CKM_SHA256_KEY_DERIVATION, "SHA256"},
                                                           {CKM_SHA384_KEY_DERIVATION, "SHA384"},
                                                           {CKM_SHA512_KEY_DERIVATION, "SHA512"}};
  for (const auto& [type, name] : all) {
    EXPECT_EQ(PrintOf(DeriveAes({type, nullptr, 0}, base)),
              AesPrint(First(Digest(name, data_), 16)))
        << name;
  }
}

TEST_F(ClassicMechanismsTest, ADerivedKeyIsItsDataEncrypted) {
  const Octets value = OctetsOf("Cthe|qhe!rk?9I[ds8Wn@F2x");
  const CK_OBJECT_HANDLE base = CreateSecret(CKK_DES3, value);
  Octets data = data_;
  CK_KEY_DERIVATION_STRING_DATA parameter{data.data(), data.size()};
  CK_MECHANISM mechanism{CKM_DES3_ECB_ENCRYPT_DATA, &parameter, sizeof parameter};
  EXPECT_EQ(PrintOf(DeriveAes(mechanism, base)),
            AesPrint(First(Encrypted("DES-EDE3", value, {}, data), 16)));
  CK_OBJECT_HANDLE none = CK_INVALID_HANDLE;
  mechanism.ulParameterLen = 8;
  GW_EXPECT_RV(P11().C_DeriveKey(s_, &mechanism, base, nullptr, 0, &none),
               CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(ClassicMechanismsTest, TripleDesIsThatOfOpenssl) {
  const Octets value = OctetsOf("Cthe|qhe!rk?9I[ds8Wn@F2x");
  const CK_OBJECT_HANDLE key = CreateSecret(CKK_DES3, value);
  Octets iv = OctetsOf("iv of 8.");
  EXPECT_EQ(EncryptWith({CKM_DES3_ECB, nullptr, 0}, key, data_),
            Encrypted("DES-EDE3", value, {}, data_));
  EXPECT_EQ(EncryptWith({CKM_DES3_CBC, iv.data(), iv.size()}, key, data_),
            Encrypted("DES-EDE3-CBC", value, iv, data_));
  const CK_OBJECT_HANDLE two = CreateSecret(CKK_DES2, First(value, 16));
  EXPECT_EQ(EncryptWith({CKM_DES3_ECB, nullptr, 0}, two, data_),
            Encrypted("DES-EDE", First(value, 16), {}, data_));
}

// R376
TEST_F(ClassicMechanismsTest, CheckValuesOfDesAreABlockOfZerosEncrypted) {
  for (const CK_MECHANISM_TYPE type : {CKM_DES2_KEY_GEN, CKM_DES3_KEY_GEN}) {
    const CK_OBJECT_HANDLE key = Generate(type, Attributes());
    const Octets block = EncryptWith({CKM_DES3_ECB, nullptr, 0}, key, Octets(8));
    EXPECT_EQ(Get(key, CKA_CHECK_VALUE), First(block, 3));
    CK_ATTRIBUTE length{CKA_VALUE_LEN, nullptr, 0};
    GW_EXPECT_RV(P11().C_GetAttributeValue(s_, key, &length, 1), CKR_ATTRIBUTE_TYPE_INVALID);
  }
}

// R188: by either name.
TEST_F(ClassicMechanismsTest, MacsOfSha3AreThoseOfOpenssl) {
  const CK_OBJECT_HANDLE key = CreateSecret(CKK_GENERIC_SECRET, data_);
  const std::pair<CK_MECHANISM_TYPE, const char*> all[] = {
      {CKM_SHA3_224_HMAC, "SHA3-224"},     {CKM_SHA3_256_HMAC, "SHA3-256"},
      {CKM_SHA3_384_HMAC, "SHA3-384"},     {CKM_SHA3_512_HMAC, "SHA3-512"},
      {CKM_IBM_SHA3_224_HMAC, "SHA3-224"}, {CKM_IBM_SHA3_256_HMAC, "SHA3-256"},
      {CKM_IBM_SHA3_384_HMAC, "SHA3-384"}, {CKM_IBM_SHA3_512_HMAC, "SHA3-512"}};
  for (const auto& [type, name] : all) {
    Octets mac;
    GW_EXPECT_RV(Sign(s_, type, key, data_, &mac), CKR_OK);
    Octets expected(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    ASSERT_NE(EVP_Q_mac(nullptr, "HMAC", nullptr, name, nullptr, data_.data(), data_.size(),
                        data_.data(), data_.size(), expected.data(), expected.size(), &size),
              nullptr);
    EXPECT_EQ(mac, First(expected, size)) << name;
  }
}

TEST_F(ClassicMechanismsTest, MacsWithBlockCiphersAreThoseOfOpenssl) {
  struct Case {
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key_type;
    std::size_t key_bytes;
    const char* cipher;
  };
  constexpr Case kAll[] = {{CKM_AES_CMAC, CKK_AES, 32, "AES-256-CBC"},
                           {CKM_IBM_CMAC, CKK_AES, 16, "AES-128-CBC"},
                           {CKM_DES3_CMAC, CKK_DES3, 24, "DES-EDE3-CBC"},
                           {CKM_IBM_CMAC, CKK_DES3, 24, "DES-EDE3-CBC"}};
  for (const Case& c : kAll) {
    // Different in each third, with odd parity.
    Octets value(c.key_bytes);
    for (std::size_t i = 0; i < value.size(); ++i)
      value[i] = static_cast<CK_BYTE>(i < 8 ? 0x01 : i < 16 ? 0x02 : 0x04);
    const CK_OBJECT_HANDLE key = CreateSecret(c.key_type, value);
    Octets mac;
    GW_EXPECT_RV(Sign(s_, c.type, key, data_, &mac), CKR_OK);
    Octets expected(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    ASSERT_NE(EVP_Q_mac(nullptr, "CMAC", nullptr, c.cipher, nullptr, value.data(), value.size(),
                        data_.data(), data_.size(), expected.data(), expected.size(), &size),
              nullptr);
    EXPECT_EQ(mac, First(expected, size)) << c.cipher;
  }
}

TEST_F(ClassicMechanismsTest, OpensslVerifiesWhatX931Signed) {
  const KeyPair keys =
      Pair(CKM_RSA_X9_31_KEY_PAIR_GEN, Attributes().Number(CKA_MODULUS_BITS, 1024), Attributes());
  Octets signature;
  GW_ASSERT_RV(Sign(s_, CKM_SHA1_RSA_X9_31, keys.private_key, data_, &signature), CKR_OK);
  const Pkey key = OfOpenssl(keys.public_key);
  const Octets digest = Digest("SHA1", data_);
  const PkeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr), EVP_PKEY_CTX_free);
  ASSERT_EQ(EVP_PKEY_verify_init(context.get()), 1);
  // The padding names its digest, so that comes first.
  ASSERT_EQ(EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha1()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_X931_PADDING), 1);
  EXPECT_EQ(EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                            digest.size()),
            1);
}

TEST_F(ClassicMechanismsTest, ALengthThatAKeyHasAnywayMayBeGiven) {
  Generate(CKM_DES3_KEY_GEN, Attributes().Number(CKA_VALUE_LEN, 24));
  Generate(CKM_DES2_KEY_GEN, Attributes().Number(CKA_VALUE_LEN, 16));
  CK_MECHANISM mechanism{CKM_DES3_KEY_GEN, nullptr, 0};
  Attributes wrong = Attributes().Number(CKA_VALUE_LEN, 16);
  const auto list = wrong.list();
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_GenerateKey(s_, &mechanism, list.data(), list.size(), &key),
               CKR_ATTRIBUTE_TYPE_INVALID);
}

TEST_F(ClassicMechanismsTest, X931WithoutItsTrailerIsRefusedAsEachFunctionCanSayIt) {
  const KeyPair keys =
      Pair(CKM_RSA_X9_31_KEY_PAIR_GEN, Attributes().Number(CKA_MODULUS_BITS, 1024), Attributes());
  Octets data(20, 0x11);
  Octets signature(128);
  CK_ULONG bytes = signature.size();
  CK_MECHANISM mechanism{CKM_RSA_X9_31, nullptr, 0};
  GW_ASSERT_RV(P11().C_SignInit(s_, &mechanism, keys.private_key), CKR_OK);
  GW_EXPECT_RV(P11().C_Sign(s_, data.data(), data.size(), signature.data(), &bytes),
               CKR_DATA_INVALID);
  GW_ASSERT_RV(P11().C_SignInit(s_, &mechanism, keys.private_key), CKR_OK);
  GW_ASSERT_RV(P11().C_SignUpdate(s_, data.data(), data.size()), CKR_OK);
  bytes = signature.size();
  GW_EXPECT_RV(P11().C_SignFinal(s_, signature.data(), &bytes), CKR_DATA_LEN_RANGE);
  GW_ASSERT_RV(P11().C_VerifyInit(s_, &mechanism, keys.public_key), CKR_OK);
  GW_EXPECT_RV(P11().C_Verify(s_, data.data(), data.size(), signature.data(), signature.size()),
               CKR_DATA_INVALID);
  GW_ASSERT_RV(P11().C_VerifyInit(s_, &mechanism, keys.public_key), CKR_OK);
  GW_ASSERT_RV(P11().C_VerifyUpdate(s_, data.data(), data.size()), CKR_OK);
  GW_EXPECT_RV(P11().C_VerifyFinal(s_, signature.data(), signature.size()), CKR_DATA_LEN_RANGE);
  GW_ASSERT_RV(P11v3().C_MessageVerifyInit(s_, &mechanism, keys.public_key), CKR_OK);
  GW_EXPECT_RV(P11v3().C_VerifyMessage(s_, nullptr, 0, data.data(), data.size(), signature.data(),
                                       signature.size()),
               CKR_DATA_INVALID);
}

TEST_F(ClassicMechanismsTest, ABoundKeyTravelsWithWhatItMayDo) {
  const auto bound = [] { return Attributes().Bool(CKA_IBM_ATTRBOUND, true); };
  CK_OBJECT_HANDLE mac_key =
      Generate(CKM_GENERIC_SECRET_KEY_GEN, bound().Number(CKA_VALUE_LEN, 32));
  const CK_OBJECT_HANDLE kek =
      Generate(CKM_AES_KEY_GEN,
               bound().Number(CKA_VALUE_LEN, 32).Bool(CKA_WRAP, true).Bool(CKA_UNWRAP, true));
  const CK_OBJECT_HANDLE key = Generate(
      CKM_AES_KEY_GEN,
      bound().Number(CKA_VALUE_LEN, 16).Bool(CKA_EXTRACTABLE, true).Bool(CKA_DECRYPT, false));
  CK_MECHANISM mechanism{CKM_IBM_ATTRIBUTEBOUND_WRAP, &mac_key, sizeof mac_key};
  Octets wrapped(1024);
  CK_ULONG size = wrapped.size();
  GW_ASSERT_RV(P11().C_WrapKey(s_, &mechanism, kek, key, wrapped.data(), &size), CKR_OK);
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
  const auto list = attributes.list();
  CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
  GW_ASSERT_RV(
      P11().C_UnwrapKey(s_, &mechanism, kek, wrapped.data(), size, list.data(), list.size(), &back),
      CKR_OK);
  EXPECT_EQ(PrintOf(back), PrintOf(key));
  EXPECT_EQ(Get(back, CKA_DECRYPT), Octets{CK_FALSE});
  EXPECT_EQ(Get(back, CKA_EXTRACTABLE), Octets{CK_TRUE});
  wrapped[size - 1] ^= 1;
  GW_EXPECT_RV(
      P11().C_UnwrapKey(s_, &mechanism, kek, wrapped.data(), size, list.data(), list.size(), &back),
      CKR_WRAPPED_KEY_INVALID);
  mac_key = kek;
  GW_EXPECT_RV(P11().C_WrapKey(s_, &mechanism, kek, key, wrapped.data(), &size),
               CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(ClassicMechanismsTest, ABarePublicKeyIsUnwrapped) {
  KeyPair keys;
  GW_ASSERT_RV(MakeEcPair(s_, false, "pair", &keys), CKR_OK);
  Octets info = Get(keys.public_key, CKA_PUBLIC_KEY_INFO);
  CK_MECHANISM mechanism{CKM_IBM_TRANSPORTKEY, nullptr, 0};
  CK_OBJECT_HANDLE half = CK_INVALID_HANDLE;
  GW_ASSERT_RV(P11().C_UnwrapKey(s_, &mechanism, keys.private_key, info.data(), info.size(),
                                 nullptr, 0, &half),
               CKR_OK);
  EXPECT_EQ(Get(half, CKA_EC_POINT), Get(keys.public_key, CKA_EC_POINT));
  Octets signature;
  GW_ASSERT_RV(Sign(s_, CKM_ECDSA, keys.private_key, data_, &signature), CKR_OK);
  GW_EXPECT_RV(Verify(s_, CKM_ECDSA, half, data_, signature), CKR_OK);
  info.push_back(0);
  GW_EXPECT_RV(P11().C_UnwrapKey(s_, &mechanism, keys.private_key, info.data(), info.size(),
                                 nullptr, 0, &half),
               CKR_WRAPPED_KEY_INVALID);
}

}  // namespace
}  // namespace gw::stack
