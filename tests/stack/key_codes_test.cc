// Room: tests/stack. The return codes of the functions that use and make keys, through module,
// daemon and HSM; and what every function says in a session that is none.
#include <gtest/gtest.h>

#include <array>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr CK_OBJECT_HANDLE kNoObject = 0x777777;
constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);

Octets g_iv(16, 7);
CK_MECHANISM g_ecb{CKM_AES_ECB, nullptr, 0};
CK_MECHANISM g_cbc_pad{CKM_AES_CBC_PAD, g_iv.data(), 16};
CK_MECHANISM g_no_iv{CKM_AES_CBC_PAD, nullptr, 0};
CK_MECHANISM g_hmac{CKM_SHA256_HMAC, nullptr, 0};
CK_MECHANISM g_sha256{CKM_SHA256, nullptr, 0};
CK_MECHANISM g_unknown{CKM_RC4, nullptr, 0};

// An Init, so that one test judges several alike.
using Init = CK_RV (*)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);

class KeyCodesTest : public testing::Test {
 protected:
  KeyCodesTest() {
    session_.Login();
    Attributes all;
    all.Number(CKA_VALUE_LEN, 32).Bool(CKA_EXTRACTABLE, true).Bool(CKA_TOKEN, false);
    GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, all, &aes_), CKR_OK);
    GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN,
                          Attributes()
                              .Number(CKA_VALUE_LEN, 16)
                              .Bool(CKA_ENCRYPT, false)
                              .Bool(CKA_DECRYPT, false)
                              .Bool(CKA_WRAP, false)
                              .Bool(CKA_UNWRAP, false),
                          &idle_),
                 CKR_OK);
    GW_EXPECT_RV(Generate(CKM_GENERIC_SECRET_KEY_GEN, all, &secret_), CKR_OK);
    GW_EXPECT_RV(MakeEcPair(s_, false, "codes", &ec_), CKR_OK);
  }

  CK_RV Generate(CK_MECHANISM_TYPE type, Attributes attributes, CK_OBJECT_HANDLE* key = nullptr,
                 CK_SESSION_HANDLE session = CK_INVALID_HANDLE) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    const auto list = attributes.list();
    return P11().C_GenerateKey(session == CK_INVALID_HANDLE ? s_ : session, &mechanism, list.data(),
                               list.size(), key == nullptr ? &made : key);
  }
  CK_RV GeneratePair(Attributes public_half, Attributes private_half,
                     CK_MECHANISM_TYPE type = CKM_EC_KEY_PAIR_GEN) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    KeyPair made;
    const auto first = public_half.list();
    const auto second = private_half.list();
    return P11().C_GenerateKeyPair(s_, &mechanism, first.data(), first.size(), second.data(),
                                   second.size(), &made.public_key, &made.private_key);
  }

  const Initialized initialized_;
  Session session_;
  const CK_SESSION_HANDLE s_ = session_.handle();
  CK_OBJECT_HANDLE aes_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE idle_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE secret_ = CK_INVALID_HANDLE;
  KeyPair ec_;
  Octets data_ = Octets(32, 'd');
  std::array<CK_BYTE, 512> out_{};
  CK_ULONG size_ = 0;
};

TEST_F(KeyCodesTest, OfEncryptAndDecrypt) {
  struct Direction {
    Init init;
    CK_C_Encrypt whole;
    CK_C_EncryptUpdate update;
    CK_C_EncryptFinal final;
    CK_RV length_range;
  };
  CK_FUNCTION_LIST& p = P11();
  for (const Direction& d : {Direction{p.C_EncryptInit, p.C_Encrypt, p.C_EncryptUpdate,
                                       p.C_EncryptFinal, CKR_DATA_LEN_RANGE},
                             Direction{p.C_DecryptInit, p.C_Decrypt, p.C_DecryptUpdate,
                                       p.C_DecryptFinal, CKR_ENCRYPTED_DATA_LEN_RANGE}}) {
    SCOPED_TRACE(NameOfRv(d.length_range));
    GW_EXPECT_RV(d.init(s_, &g_ecb, kNoObject), CKR_KEY_HANDLE_INVALID);
    GW_EXPECT_RV(d.init(s_, &g_ecb, idle_), CKR_KEY_FUNCTION_NOT_PERMITTED);
    GW_EXPECT_RV(d.init(s_, &g_ecb, ec_.public_key), CKR_KEY_TYPE_INCONSISTENT);
    GW_EXPECT_RV(d.init(s_, &g_unknown, aes_), CKR_MECHANISM_INVALID);
    GW_EXPECT_RV(d.init(s_, &g_no_iv, aes_), CKR_MECHANISM_PARAM_INVALID);
    size_ = out_.size();
    GW_EXPECT_RV(d.whole(s_, data_.data(), 32, out_.data(), &size_), CKR_OPERATION_NOT_INITIALIZED);
    GW_EXPECT_RV(d.update(s_, data_.data(), 32, out_.data(), &size_),
                 CKR_OPERATION_NOT_INITIALIZED);
    GW_EXPECT_RV(d.final(s_, out_.data(), &size_), CKR_OPERATION_NOT_INITIALIZED);
    GW_EXPECT_RV(d.init(s_, &g_ecb, aes_), CKR_OK);
    GW_EXPECT_RV(d.init(s_, &g_ecb, aes_), CKR_OPERATION_ACTIVE);
    size_ = 31;
    GW_EXPECT_RV(d.whole(s_, data_.data(), 32, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
    EXPECT_EQ(size_, 32u);
    GW_EXPECT_RV(d.whole(s_, data_.data(), 32, out_.data(), &size_), CKR_OK);
    GW_EXPECT_RV(d.init(s_, &g_ecb, aes_), CKR_OK);
    GW_EXPECT_RV(d.whole(s_, data_.data(), 31, out_.data(), &size_), d.length_range);
    // R118: the error has ended it.
    GW_EXPECT_RV(d.init(s_, &g_ecb, aes_), CKR_OK);
    size_ = 15;
    GW_EXPECT_RV(d.update(s_, data_.data(), 16, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
    size_ = out_.size();
    GW_EXPECT_RV(d.update(s_, data_.data(), 16, out_.data(), &size_), CKR_OK);
    EXPECT_EQ(size_, 16u);
    size_ = out_.size();
    GW_EXPECT_RV(d.update(s_, data_.data(), 15, out_.data(), &size_), CKR_OK);
    size_ = out_.size();
    GW_EXPECT_RV(d.final(s_, out_.data(), &size_), d.length_range);
    GW_EXPECT_RV(d.init(s_, &g_ecb, aes_), CKR_OK);
    size_ = 0;
    GW_EXPECT_RV(d.final(s_, out_.data(), &size_), CKR_OK);
  }
}

// A padding that is none, in one part and in several: the last octet is zero.
TEST_F(KeyCodesTest, OfBadPadding) {
  CK_FUNCTION_LIST& p = P11();
  CK_MECHANISM cbc{CKM_AES_CBC, g_iv.data(), 16};
  Octets zeros(32);
  CK_ULONG first = data_.size();
  GW_ASSERT_RV(p.C_EncryptInit(s_, &cbc, aes_), CKR_OK);
  GW_ASSERT_RV(p.C_Encrypt(s_, zeros.data(), 32, data_.data(), &first), CKR_OK);
  first = out_.size();
  GW_ASSERT_RV(p.C_DecryptInit(s_, &g_cbc_pad, aes_), CKR_OK);
  GW_EXPECT_RV(p.C_Decrypt(s_, data_.data(), 32, out_.data(), &first), CKR_ENCRYPTED_DATA_INVALID);
  GW_ASSERT_RV(p.C_DecryptInit(s_, &g_cbc_pad, aes_), CKR_OK);
  first = out_.size();
  GW_EXPECT_RV(p.C_DecryptUpdate(s_, data_.data(), 32, out_.data(), &first), CKR_OK);
  EXPECT_EQ(first, 16u) << "the last block waits for Final";
  size_ = out_.size();
  GW_EXPECT_RV(p.C_DecryptFinal(s_, out_.data(), &size_), CKR_ENCRYPTED_DATA_INVALID);
  // One block short: what was made waits for a buffer that holds it.
  GW_ASSERT_RV(p.C_EncryptInit(s_, &g_cbc_pad, aes_), CKR_OK);
  size_ = out_.size();
  GW_EXPECT_RV(p.C_EncryptUpdate(s_, zeros.data(), 5, out_.data(), &size_), CKR_OK);
  size_ = 15;
  GW_EXPECT_RV(p.C_EncryptFinal(s_, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(p.C_EncryptFinal(s_, out_.data(), &size_), CKR_OK);
  EXPECT_EQ(size_, 16u);
  const Octets ciphertext(out_.begin(), out_.begin() + 16);
  GW_ASSERT_RV(p.C_DecryptInit(s_, &g_cbc_pad, aes_), CKR_OK);
  size_ = out_.size();
  GW_EXPECT_RV(
      p.C_DecryptUpdate(s_, const_cast<CK_BYTE_PTR>(ciphertext.data()), 16, out_.data(), &size_),
      CKR_OK);
  size_ = 1;
  GW_EXPECT_RV(p.C_DecryptFinal(s_, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(size_, 5u);
  GW_EXPECT_RV(p.C_DecryptFinal(s_, out_.data(), &size_), CKR_OK);
  EXPECT_EQ(Octets(out_.begin(), out_.begin() + 5), Octets(5));
}

TEST_F(KeyCodesTest, OfDigests) {
  CK_FUNCTION_LIST& p = P11();
  size_ = out_.size();
  GW_EXPECT_RV(p.C_Digest(s_, data_.data(), 32, out_.data(), &size_),
               CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_DigestUpdate(s_, data_.data(), 32), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_DigestFinal(s_, out_.data(), &size_), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_DigestInit(s_, &g_unknown), CKR_MECHANISM_INVALID);
  CK_MECHANISM with_parameter{CKM_SHA256, g_iv.data(), 16};
  GW_EXPECT_RV(p.C_DigestInit(s_, &with_parameter), CKR_MECHANISM_PARAM_INVALID);
  GW_EXPECT_RV(p.C_DigestInit(s_, &g_sha256), CKR_OK);
  GW_EXPECT_RV(p.C_DigestInit(s_, &g_sha256), CKR_OPERATION_ACTIVE);
  size_ = 31;
  GW_EXPECT_RV(p.C_Digest(s_, data_.data(), 32, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(p.C_Digest(s_, data_.data(), 32, out_.data(), &size_), CKR_OK);
  GW_EXPECT_RV(p.C_DigestInit(s_, &g_sha256), CKR_OK);
  GW_EXPECT_RV(p.C_DigestUpdate(s_, data_.data(), 32), CKR_OK);
  size_ = 0;
  GW_EXPECT_RV(p.C_DigestFinal(s_, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(p.C_DigestFinal(s_, out_.data(), &size_), CKR_OK);
  EXPECT_EQ(size_, 32u);
}

TEST_F(KeyCodesTest, OfSignAndVerify) {
  CK_FUNCTION_LIST& p = P11();
  CK_MECHANISM ecdsa{CKM_ECDSA, nullptr, 0};
  CK_MECHANISM pss{CKM_RSA_PKCS_PSS, nullptr, 0};
  CK_BYTE_PTR const data = data_.data();
  for (const Init init : {p.C_SignInit, p.C_VerifyInit}) {
    GW_EXPECT_RV(init(s_, &g_hmac, kNoObject), CKR_KEY_HANDLE_INVALID);
    GW_EXPECT_RV(init(s_, &g_unknown, secret_), CKR_MECHANISM_INVALID);
    GW_EXPECT_RV(init(s_, &pss, secret_), CKR_MECHANISM_PARAM_INVALID);
    GW_EXPECT_RV(init(s_, &ecdsa, secret_), CKR_KEY_TYPE_INCONSISTENT);
  }
  size_ = out_.size();
  GW_EXPECT_RV(p.C_Sign(s_, data, 32, out_.data(), &size_), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_SignUpdate(s_, data, 32), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_SignFinal(s_, out_.data(), &size_), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_Verify(s_, data, 32, out_.data(), 32), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_VerifyUpdate(s_, data, 32), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_VerifyFinal(s_, out_.data(), 32), CKR_OPERATION_NOT_INITIALIZED);

  GW_EXPECT_RV(p.C_SignInit(s_, &g_hmac, secret_), CKR_OK);
  GW_EXPECT_RV(p.C_SignInit(s_, &g_hmac, secret_), CKR_OPERATION_ACTIVE);
  size_ = 31;
  GW_EXPECT_RV(p.C_Sign(s_, data, 32, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(p.C_Sign(s_, data, 32, out_.data(), &size_), CKR_OK);
  const Octets mac(out_.begin(), out_.begin() + 32);
  GW_EXPECT_RV(p.C_SignInit(s_, &g_hmac, secret_), CKR_OK);
  GW_EXPECT_RV(p.C_SignUpdate(s_, data, 32), CKR_OK);
  size_ = 31;
  GW_EXPECT_RV(p.C_SignFinal(s_, out_.data(), &size_), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(p.C_SignFinal(s_, out_.data(), &size_), CKR_OK);
  EXPECT_EQ(Octets(out_.begin(), out_.begin() + 32), mac);
  GW_EXPECT_RV(p.C_SignInit(s_, &ecdsa, ec_.private_key), CKR_OK);
  size_ = out_.size();
  GW_EXPECT_RV(p.C_Sign(s_, data, 0, out_.data(), &size_), CKR_DATA_LEN_RANGE);

  const auto verify = [&](CK_ULONG bytes, CK_ULONG signature_bytes) {
    GW_EXPECT_RV(p.C_VerifyInit(s_, &g_hmac, secret_), CKR_OK);
    GW_EXPECT_RV(p.C_VerifyInit(s_, &g_hmac, secret_), CKR_OPERATION_ACTIVE);
    Octets signature = mac;
    return p.C_Verify(s_, data, bytes, signature.data(), signature_bytes);
  };
  const auto verify_parts = [&](CK_ULONG bytes, CK_ULONG signature_bytes) {
    GW_EXPECT_RV(p.C_VerifyInit(s_, &g_hmac, secret_), CKR_OK);
    GW_EXPECT_RV(p.C_VerifyUpdate(s_, data, bytes), CKR_OK);
    Octets signature = mac;
    return p.C_VerifyFinal(s_, signature.data(), signature_bytes);
  };
  GW_EXPECT_RV(verify(32, 32), CKR_OK);
  GW_EXPECT_RV(verify(31, 32), CKR_SIGNATURE_INVALID);
  GW_EXPECT_RV(verify(32, 31), CKR_SIGNATURE_LEN_RANGE);
  GW_EXPECT_RV(verify_parts(32, 32), CKR_OK);
  GW_EXPECT_RV(verify_parts(31, 32), CKR_SIGNATURE_INVALID);
  GW_EXPECT_RV(verify_parts(32, 31), CKR_SIGNATURE_LEN_RANGE);
  GW_EXPECT_RV(p.C_VerifyInit(s_, &ecdsa, ec_.public_key), CKR_OK);
  GW_EXPECT_RV(p.C_Verify(s_, data, 0, out_.data(), 64), CKR_DATA_LEN_RANGE);
}

TEST_F(KeyCodesTest, OfNewKeys) {
  const auto aes = [] { return Attributes().Number(CKA_VALUE_LEN, 16); };
  GW_EXPECT_RV(Generate(CKM_RC4_KEY_GEN, aes()), CKR_MECHANISM_INVALID);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, Attributes()), CKR_TEMPLATE_INCOMPLETE);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, Attributes().Number(CKA_VALUE_LEN, 17)),
               CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, aes().Number(CKA_KEY_TYPE, CKK_DES3)),
               CKR_TEMPLATE_INCONSISTENT);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, aes().Bool(CKA_LOCAL, true)), CKR_ATTRIBUTE_READ_ONLY);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, aes().Value(CKA_SUBJECT, "1")),
               CKR_ATTRIBUTE_TYPE_INVALID);
  const Session read_only(0);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, aes().Bool(CKA_TOKEN, true), nullptr, read_only.handle()),
               CKR_SESSION_READ_ONLY);
  CK_MECHANISM with_parameter{CKM_AES_KEY_GEN, g_iv.data(), 16};
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_GenerateKey(s_, &with_parameter, nullptr, 0, &key),
               CKR_MECHANISM_PARAM_INVALID);

  const auto curve = [] { return Attributes().Value(CKA_EC_PARAMS, kP256); };
  GW_EXPECT_RV(GeneratePair(curve(), {}), CKR_OK);
  GW_EXPECT_RV(GeneratePair(curve(), {}, CKM_AES_KEY_GEN), CKR_MECHANISM_INVALID);
  GW_EXPECT_RV(GeneratePair({}, {}), CKR_TEMPLATE_INCOMPLETE);
  GW_EXPECT_RV(GeneratePair(Attributes().Value(CKA_EC_PARAMS, "P-1"), {}), CKR_CURVE_NOT_SUPPORTED);
  GW_EXPECT_RV(GeneratePair(Attributes().Value(CKA_EC_PARAMS, "\x30\x01"), {}),
               CKR_DOMAIN_PARAMS_INVALID);
  GW_EXPECT_RV(GeneratePair(curve(), Attributes().Number(CKA_KEY_TYPE, CKK_RSA)),
               CKR_TEMPLATE_INCONSISTENT);
  GW_EXPECT_RV(GeneratePair(curve(), Attributes().Value(CKA_SENSITIVE, "10")),
               CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(GeneratePair(curve(), Attributes().Bool(CKA_LOCAL, true)), CKR_ATTRIBUTE_READ_ONLY);
  GW_EXPECT_RV(GeneratePair(curve(), Attributes().Number(CKA_VALUE_LEN, 32)),
               CKR_ATTRIBUTE_TYPE_INVALID);
  GW_EXPECT_RV(P11().C_Logout(s_), CKR_OK);
  GW_EXPECT_RV(Generate(CKM_AES_KEY_GEN, aes().Bool(CKA_PRIVATE, true)), CKR_USER_NOT_LOGGED_IN);
  GW_EXPECT_RV(GeneratePair(curve(), Attributes().Bool(CKA_PRIVATE, true)), CKR_USER_NOT_LOGGED_IN);
}

}  // namespace
}  // namespace gw::stack
