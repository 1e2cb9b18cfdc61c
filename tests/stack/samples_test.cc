// Room: tests/stack. R379: OpenSSL's provider for PKCS #11 (no package of Debian 12), the vendor's
// CSR generator and a community sample in Go, by the calls that they make.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

#include "proto/pkcs11/ck_v3.h"
#include "tests/stack/application.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

const Octets kText = OctetsOf("what is signed by the samples");
constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view kEd25519("\x06\x03\x2b\x65\x70", 5);
constexpr std::string_view kExponent("\x01\x00\x01", 3);

// Class and key type are in both halves, as the samples give them.
Attributes Half(CK_OBJECT_CLASS object_class, CK_KEY_TYPE type, std::string_view label) {
  Attributes attributes;
  attributes.Number(CKA_CLASS, object_class).Number(CKA_KEY_TYPE, type);
  attributes.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, object_class == CKO_PRIVATE_KEY);
  return attributes.Value(CKA_LABEL, label);
}

KeyPair MakePair(Application& application, CK_MECHANISM_TYPE type, Attributes public_half,
                 Attributes private_half) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  KeyPair made;
  const auto first = public_half.list();
  const auto second = private_half.list();
  GW_EXPECT_RV(
      P11().C_GenerateKeyPair(application.session(), &mechanism, first.data(), first.size(),
                              second.data(), second.size(), &made.public_key, &made.private_key),
      CKR_OK);
  return made;
}

struct CsrKey {
  const char* name;
  CK_KEY_TYPE type;
  std::string_view params;  // of EC keys
  CK_MECHANISM_TYPE generates;
  CK_MECHANISM_TYPE signs;
  const EVP_MD* (*digest)();  // of `signs`, for OpenSSL
  int algorithm;              // of `signs`, as requests name it

  bool has_ecdsa() const { return params == kP256; }
};

const EVP_MD* NoDigest() { return nullptr; }

// What the generator makes of a row: a pair and the key that OpenSSL reads in it.
struct CsrPair {
  KeyPair handles;
  PublicKey key{nullptr, &EVP_PKEY_free};
};

CsrPair MakeCsrPair(Application& generator, const CsrKey& row) {
  Attributes public_half = Half(CKO_PUBLIC_KEY, row.type, row.name).Bool(CKA_VERIFY, true);
  if (row.type == CKK_RSA) {
    public_half.Number(CKA_MODULUS_BITS, 2048).Value(CKA_PUBLIC_EXPONENT, kExponent);
  } else {
    public_half.Value(CKA_EC_PARAMS, row.params);
  }
  CsrPair made;
  made.handles = MakePair(generator, row.generates, public_half,
                          Half(CKO_PRIVATE_KEY, row.type, row.name).Bool(CKA_SIGN, true));
  const Octets spki = generator.Read(made.handles.public_key, CKA_PUBLIC_KEY_INFO);
  EXPECT_EQ(generator.Read(made.handles.private_key, CKA_PUBLIC_KEY_INFO), spki);
  made.key = KeyOf(spki);
  return made;
}

// As OpenSSL takes it.
Octets CsrSign(Application& generator, const CsrKey& row, CK_OBJECT_HANDLE key,
               const Octets& data) {
  Octets signature;
  GW_EXPECT_RV(Sign(generator.session(), row.signs, key, data, &signature), CKR_OK);
  return row.has_ecdsa() ? DerOf(signature) : signature;
}

class CsrGeneratorTest : public testing::TestWithParam<CsrKey> {};

TEST_P(CsrGeneratorTest, ThePublicKeyInfoOfAPairVerifiesWhatThePairSigns) {
  const CsrKey& row = GetParam();
  Application generator;
  const CsrPair pair = MakeCsrPair(generator, row);
  ASSERT_NE(pair.key, nullptr);
  const Octets signature = CsrSign(generator, row, pair.handles.private_key, kText);
  EXPECT_TRUE(OpenSslVerifies(pair.key.get(), row.digest(), kText, signature));
  const Octets other = OctetsOf("something else");
  EXPECT_FALSE(OpenSslVerifies(pair.key.get(), row.digest(), other, signature));
}

using Request = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;

// A request as OpenSSL builds it, to be signed.
Request Unsigned(EVP_PKEY* key) {
  Request request(X509_REQ_new(), &X509_REQ_free);
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  EXPECT_EQ(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>("www.example.test"),
                                       -1, -1, 0),
            1);
  EXPECT_EQ(X509_REQ_set_pubkey(request.get(), key), 1);
  return request;
}

// The part of a request that is signed.
Octets ToBeSigned(X509_REQ* request) {
  unsigned char* der = nullptr;
  const int size = i2d_re_X509_REQ_tbs(request, &der);
  const Octets out(der, der + size);
  OPENSSL_free(der);
  return out;
}

void PutSignature(X509_REQ* request, int algorithm, const Octets& signature) {
  X509_ALGOR* named = X509_ALGOR_new();
  const int parameter = algorithm == NID_sha256WithRSAEncryption ? V_ASN1_NULL : V_ASN1_UNDEF;
  EXPECT_EQ(X509_ALGOR_set0(named, OBJ_nid2obj(algorithm), parameter, nullptr), 1);
  EXPECT_EQ(X509_REQ_set1_signature_algo(request, named), 1);
  X509_ALGOR_free(named);
  ASN1_BIT_STRING* bits = ASN1_BIT_STRING_new();
  EXPECT_EQ(ASN1_BIT_STRING_set(bits, const_cast<unsigned char*>(signature.data()),
                                static_cast<int>(signature.size())),
            1);
  bits->flags = ASN1_STRING_FLAG_BITS_LEFT;  // no unused bits, however the last octet ends
  X509_REQ_set0_signature(request, bits);
}

TEST_P(CsrGeneratorTest, ARequestThatThePairSignsIsVerifiedByOpenSsl) {
  const CsrKey& row = GetParam();
  Application generator;
  const CsrPair pair = MakeCsrPair(generator, row);
  ASSERT_NE(pair.key, nullptr);
  const Request request = Unsigned(pair.key.get());
  Octets signature = CsrSign(generator, row, pair.handles.private_key, ToBeSigned(request.get()));
  PutSignature(request.get(), row.algorithm, signature);
  // As whoever receives it reads it.
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  ASSERT_GT(size, 0);
  const unsigned char* at = der;
  const Request read(d2i_X509_REQ(nullptr, &at, size), &X509_REQ_free);
  OPENSSL_free(der);
  ASSERT_NE(read, nullptr);
  const PublicKey named(X509_REQ_get_pubkey(read.get()), &EVP_PKEY_free);
  EXPECT_EQ(X509_REQ_verify(read.get(), named.get()), 1);
  signature.back() ^= 1;
  PutSignature(request.get(), row.algorithm, signature);
  EXPECT_NE(X509_REQ_verify(request.get(), pair.key.get()), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, CsrGeneratorTest,
    testing::Values(CsrKey{"csr rsa", CKK_RSA, "", CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS,
                           EVP_sha256, NID_sha256WithRSAEncryption},
                    CsrKey{"csr ec", CKK_EC, kP256, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256,
                           EVP_sha256, NID_ecdsa_with_SHA256},
                    CsrKey{"csr ed25519", CKK_EC, kEd25519, CKM_EC_KEY_PAIR_GEN,
                           CKM_IBM_ED25519_SHA512, NoDigest, NID_ED25519},
                    CsrKey{"csr edwards", CKK_EC_EDWARDS, kEd25519, CKM_EC_EDWARDS_KEY_PAIR_GEN,
                           CKM_EDDSA, NoDigest, NID_ED25519}),
    [](const auto& row) { return std::string(row.param.name).substr(4); });

// A key is imported by encrypting its octets under a key of the session and unwrapping them, with
// CKA_VALUE_LEN in the template; then it leaves under an RSA key. CKA_TOKEN comes twice (A11).
TEST(CommunitySampleTest, AKeyIsImportedByUnwrappingAndLeavesUnderRsa) {
  Application sample;
  const CK_OBJECT_HANDLE session_key = sample.Generate(
      CKM_AES_KEY_GEN,
      Attributes().Number(CKA_VALUE_LEN, 32).Bool(CKA_ENCRYPT, true).Bool(CKA_UNWRAP, true));
  const Octets value = OctetsOf("the octets of it");
  Octets iv(16, 0x17);
  Octets wrapped = sample.Encrypt(WithIv(CKM_AES_CBC_PAD, iv), session_key, value);
  Attributes imported;
  imported.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES).Bool(CKA_TOKEN, true);
  imported.Number(CKA_VALUE_LEN, 16).Bool(CKA_EXTRACTABLE, true).Bool(CKA_TOKEN, false);
  const auto list = imported.list();
  CK_MECHANISM cbc_pad = WithIv(CKM_AES_CBC_PAD, iv);
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  GW_ASSERT_RV(P11().C_UnwrapKey(sample.session(), &cbc_pad, session_key, wrapped.data(),
                                 wrapped.size(), list.data(), list.size(), &key),
               CKR_OK);
  EXPECT_EQ(sample.Encrypt(cbc_pad, key, kText), OpenSslCbcPad(value, iv, kText));

  KeyPair pair;
  GW_ASSERT_RV(MakeRsaPair(sample.session(), false, "community", &pair), CKR_OK);
  CK_MECHANISM rsa{CKM_RSA_PKCS, nullptr, 0};
  CK_ULONG size = 0;
  GW_ASSERT_RV(P11().C_WrapKey(sample.session(), &rsa, pair.public_key, key, nullptr, &size),
               CKR_OK);
  wrapped.resize(size);
  GW_ASSERT_RV(P11().C_WrapKey(sample.session(), &rsa, pair.public_key, key, wrapped.data(), &size),
               CKR_OK);
  CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
  GW_ASSERT_RV(P11().C_UnwrapKey(sample.session(), &rsa, pair.private_key, wrapped.data(), size,
                                 list.data(), list.size(), &back),
               CKR_OK);
  EXPECT_EQ(sample.Encrypt(cbc_pad, back, kText), OpenSslCbcPad(value, iv, kText));
  EXPECT_FALSE(sample.Flag(back, CKA_TOKEN));
}

// The provider of OpenSSL 3 asks for the interface of version 3.0 and uses what is new in it.
TEST(OpenSslProviderTest, TheInterfaceOfVersion3SignsAndCancels) {
  void* module = dlopen(Env("PKCS11_MODULE").c_str(), RTLD_NOW);
  ASSERT_NE(module, nullptr) << dlerror();
  const auto get = reinterpret_cast<CK_C_GetInterface>(dlsym(module, "C_GetInterface"));
  ASSERT_NE(get, nullptr);
  CK_VERSION version{3, 0};
  CK_INTERFACE* interface = nullptr;
  CK_UTF8CHAR name[] = "PKCS 11";
  GW_ASSERT_RV(get(name, &version, &interface, 0), CKR_OK);
  const auto& p = *static_cast<CK_FUNCTION_LIST_3_0*>(interface->pFunctionList);

  Application provider;
  const CK_SESSION_HANDLE session = provider.session();
  KeyPair pair;
  GW_ASSERT_RV(MakeRsaPair(session, false, "provider", &pair), CKR_OK);
  // It looks whether states of digests can be saved, and what is said when there is none.
  CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
  CK_ULONG size = 0;
  GW_EXPECT_RV(p.C_GetOperationState(session, nullptr, &size), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_DigestInit(session, &sha256), CKR_OK);
  GW_EXPECT_RV(p.C_GetOperationState(session, nullptr, &size), CKR_OK);
  GW_EXPECT_RV(p.C_SessionCancel(session, CKF_DIGEST), CKR_OK);
  GW_EXPECT_RV(p.C_GetOperationState(session, nullptr, &size), CKR_OPERATION_NOT_INITIALIZED);
  // A signature that is begun and given up does not stand in the way of the next.
  CK_MECHANISM pkcs{CKM_SHA256_RSA_PKCS, nullptr, 0};
  GW_EXPECT_RV(p.C_SignInit(session, &pkcs, pair.private_key), CKR_OK);
  GW_EXPECT_RV(p.C_SessionCancel(session, CKF_SIGN), CKR_OK);
  Octets text = kText;
  GW_EXPECT_RV(p.C_SignUpdate(session, text.data(), text.size()), CKR_OPERATION_NOT_INITIALIZED);
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
  CK_MECHANISM with_pss{CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof pss};
  GW_EXPECT_RV(p.C_SignInit(session, &with_pss, pair.private_key), CKR_OK);
  GW_EXPECT_RV(p.C_SignUpdate(session, text.data(), text.size()), CKR_OK);
  Octets signature(256);
  size = signature.size();
  GW_EXPECT_RV(p.C_SignFinal(session, signature.data(), &size), CKR_OK);
  const PublicKey key = KeyOf(provider.Read(pair.public_key, CKA_PUBLIC_KEY_INFO));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), &options, EVP_sha256(), nullptr, key.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32), 1);
  EXPECT_EQ(EVP_DigestVerify(context.get(), signature.data(), size, text.data(), text.size()), 1);
}

}  // namespace
}  // namespace gw::stack
