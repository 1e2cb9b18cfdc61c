// Room: tests/stack. The return codes of wrapping, unwrapping and deriving, and of every function
// that is called in a session that is none.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr CK_SESSION_HANDLE kNoSession = 0x7777;
constexpr CK_OBJECT_HANDLE kNoObject = 0x777777;

class WrapCodesTest : public testing::Test {
 protected:
  WrapCodesTest() {
    session_.Login();
    const auto aes = [](bool extractable) {
      return Attributes().Number(CKA_VALUE_LEN, 16).Bool(CKA_EXTRACTABLE, extractable);
    };
    wrapping_ = Generate(aes(false));
    extractable_ = Generate(aes(true));
    idle_ = Generate(aes(false).Bool(CKA_WRAP, false).Bool(CKA_UNWRAP, false));
    trusting_ = Generate(aes(true).Bool(CKA_WRAP_WITH_TRUSTED, true));
    Attributes curve;
    curve.Value(CKA_EC_PARAMS, "P-256");
    Attributes derive;
    derive.Bool(CKA_DERIVE, true);
    CK_MECHANISM generate{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    const auto first = curve.list();
    const auto second = derive.list();
    GW_EXPECT_RV(P11().C_GenerateKeyPair(s_, &generate, first.data(), first.size(), second.data(),
                                         second.size(), &ec_.public_key, &ec_.private_key),
                 CKR_OK);
    GW_EXPECT_RV(MakeEcPair(s_, false, "may not derive", &signs_), CKR_OK);
  }

  CK_OBJECT_HANDLE Generate(Attributes attributes) {
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const auto list = attributes.list();
    GW_EXPECT_RV(P11().C_GenerateKey(s_, &mechanism, list.data(), list.size(), &key), CKR_OK);
    return key;
  }

  CK_RV Wrap(CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, CK_ULONG room = 512) {
    size_ = room;
    return P11().C_WrapKey(s_, &mechanism_, wrapping, key, out_.data(), &size_);
  }

  CK_RV Unwrap(CK_OBJECT_HANDLE unwrapping, Octets wrapped, Attributes attributes,
               CK_SESSION_HANDLE session) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const auto list = attributes.list();
    return P11().C_UnwrapKey(session, &mechanism_, unwrapping, wrapped.data(), wrapped.size(),
                             list.data(), list.size(), &key);
  }

  CK_RV Derive(CK_OBJECT_HANDLE base, Attributes attributes, CK_SESSION_HANDLE session) {
    Octets point = PointOf(ec_.public_key);
    CK_ECDH1_DERIVE_PARAMS parameters{CKD_NULL, 0, nullptr, point.size(), point.data()};
    CK_MECHANISM mechanism{CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const auto list = attributes.list();
    return P11().C_DeriveKey(session, &mechanism, base, list.data(), list.size(), &key);
  }

  Octets PointOf(CK_OBJECT_HANDLE key) {
    Octets point(200);
    CK_ATTRIBUTE wanted{CKA_EC_POINT, point.data(), point.size()};
    GW_EXPECT_RV(P11().C_GetAttributeValue(s_, key, &wanted, 1), CKR_OK);
    point.resize(wanted.ulValueLen);
    return point;
  }

  // Octets that unwrap to a padding that is none.
  Octets ZerosUnder(CK_OBJECT_HANDLE key) {
    CK_MECHANISM cbc{CKM_AES_CBC, iv_.data(), 16};
    Octets zeros(32);
    Octets under(32);
    CK_ULONG size = under.size();
    GW_EXPECT_RV(P11().C_EncryptInit(s_, &cbc, key), CKR_OK);
    GW_EXPECT_RV(P11().C_Encrypt(s_, zeros.data(), 32, under.data(), &size), CKR_OK);
    return under;
  }

  // What C_UnwrapKey and C_DeriveKey say of a template, alike.
  void ExpectTemplatesJudged(const std::function<CK_RV(Attributes, CK_SESSION_HANDLE)>& make) {
    GW_EXPECT_RV(make(Attributes(), s_), CKR_OK);
    GW_EXPECT_RV(make(Attributes().Bool(CKA_LOCAL, true), s_), CKR_ATTRIBUTE_READ_ONLY);
    GW_EXPECT_RV(make(Attributes().Value(CKA_SUBJECT, "1"), s_), CKR_ATTRIBUTE_TYPE_INVALID);
    GW_EXPECT_RV(make(Attributes().Value(CKA_SENSITIVE, "10"), s_), CKR_ATTRIBUTE_VALUE_INVALID);
    GW_EXPECT_RV(make(Attributes().Number(CKA_CLASS, CKO_PUBLIC_KEY), s_),
                 CKR_TEMPLATE_INCONSISTENT);
    const Session read_only(0);
    GW_EXPECT_RV(make(Attributes().Bool(CKA_TOKEN, true), read_only.handle()),
                 CKR_SESSION_READ_ONLY);
  }

  const Initialized initialized_;
  Session session_;
  const CK_SESSION_HANDLE s_ = session_.handle();
  Octets iv_ = Octets(16, 7);
  CK_MECHANISM mechanism_{CKM_AES_CBC_PAD, iv_.data(), 16};
  CK_OBJECT_HANDLE wrapping_, extractable_, idle_, trusting_;
  KeyPair ec_, signs_;
  std::array<CK_BYTE, 512> out_{};
  CK_ULONG size_ = 0;
};

TEST_F(WrapCodesTest, OfWrapping) {
  GW_EXPECT_RV(Wrap(wrapping_, extractable_), CKR_OK);
  EXPECT_EQ(size_, 32u);
  GW_EXPECT_RV(Wrap(wrapping_, extractable_, 31), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(size_, 32u);
  GW_EXPECT_RV(Wrap(wrapping_, wrapping_), CKR_KEY_UNEXTRACTABLE);
  GW_EXPECT_RV(Wrap(wrapping_, kNoObject), CKR_KEY_HANDLE_INVALID);
  GW_EXPECT_RV(Wrap(wrapping_, trusting_), CKR_KEY_NOT_WRAPPABLE);
  GW_EXPECT_RV(Wrap(wrapping_, ec_.public_key), CKR_KEY_NOT_WRAPPABLE);
  GW_EXPECT_RV(Wrap(kNoObject, extractable_), CKR_WRAPPING_KEY_HANDLE_INVALID);
  GW_EXPECT_RV(Wrap(ec_.private_key, extractable_), CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
  GW_EXPECT_RV(Wrap(idle_, extractable_), CKR_KEY_FUNCTION_NOT_PERMITTED);
  mechanism_.ulParameterLen = 15;
  GW_EXPECT_RV(Wrap(wrapping_, extractable_), CKR_MECHANISM_PARAM_INVALID);
  mechanism_ = {CKM_ECDSA, nullptr, 0};
  GW_EXPECT_RV(Wrap(wrapping_, extractable_), CKR_MECHANISM_INVALID);
}

TEST_F(WrapCodesTest, OfUnwrapping) {
  GW_ASSERT_RV(Wrap(wrapping_, extractable_), CKR_OK);
  const Octets wrapped(out_.begin(), out_.begin() + 32);
  const auto unwrap = [&](CK_OBJECT_HANDLE key, Octets from) {
    return Unwrap(key, std::move(from), Attributes().Number(CKA_KEY_TYPE, CKK_AES), s_);
  };
  ExpectTemplatesJudged([&](Attributes more, CK_SESSION_HANDLE session) {
    return Unwrap(wrapping_, wrapped, more.Number(CKA_KEY_TYPE, CKK_AES), session);
  });
  GW_EXPECT_RV(Unwrap(wrapping_, wrapped, Attributes(), s_), CKR_TEMPLATE_INCOMPLETE);
  GW_EXPECT_RV(unwrap(kNoObject, wrapped), CKR_UNWRAPPING_KEY_HANDLE_INVALID);
  GW_EXPECT_RV(unwrap(ec_.private_key, wrapped), CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
  GW_EXPECT_RV(unwrap(idle_, wrapped), CKR_KEY_FUNCTION_NOT_PERMITTED);
  GW_EXPECT_RV(unwrap(wrapping_, Octets()), CKR_WRAPPED_KEY_LEN_RANGE);
  GW_EXPECT_RV(unwrap(wrapping_, Octets(31, 1)), CKR_WRAPPED_KEY_LEN_RANGE);
  GW_EXPECT_RV(unwrap(wrapping_, ZerosUnder(wrapping_)), CKR_WRAPPED_KEY_INVALID);
  mechanism_.ulParameterLen = 15;
  GW_EXPECT_RV(unwrap(wrapping_, wrapped), CKR_MECHANISM_PARAM_INVALID);
  mechanism_ = {CKM_ECDSA, nullptr, 0};
  GW_EXPECT_RV(unwrap(wrapping_, wrapped), CKR_MECHANISM_INVALID);
}

TEST_F(WrapCodesTest, OfDerivation) {
  ExpectTemplatesJudged([&](Attributes more, CK_SESSION_HANDLE session) {
    more.Number(CKA_KEY_TYPE, CKK_AES).Number(CKA_VALUE_LEN, 16);
    return Derive(ec_.private_key, more, session);
  });
  GW_EXPECT_RV(Derive(ec_.private_key, Attributes().Number(CKA_KEY_TYPE, CKK_AES), s_),
               CKR_TEMPLATE_INCOMPLETE);
  GW_EXPECT_RV(Derive(kNoObject, Attributes(), s_), CKR_KEY_HANDLE_INVALID);
  GW_EXPECT_RV(Derive(wrapping_, Attributes(), s_), CKR_KEY_TYPE_INCONSISTENT);
  GW_EXPECT_RV(Derive(signs_.private_key, Attributes(), s_), CKR_KEY_FUNCTION_NOT_PERMITTED);
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  CK_MECHANISM bare{CKM_ECDH1_DERIVE, nullptr, 0};
  GW_EXPECT_RV(P11().C_DeriveKey(s_, &bare, ec_.private_key, nullptr, 0, &key),
               CKR_MECHANISM_PARAM_INVALID);
  CK_MECHANISM wrong{CKM_AES_CBC_PAD, iv_.data(), 16};
  GW_EXPECT_RV(P11().C_DeriveKey(s_, &wrong, ec_.private_key, nullptr, 0, &key),
               CKR_MECHANISM_INVALID);
}

// Every function that names a session, with arguments that are in order.
TEST_F(WrapCodesTest, OfASessionThatIsNone) {
  CK_FUNCTION_LIST& p = P11();
  const CK_SESSION_HANDLE no = kNoSession;
  CK_MECHANISM* const m = &mechanism_;
  CK_MECHANISM sha{CKM_SHA256, nullptr, 0};
  CK_BYTE* const d = out_.data();
  CK_OBJECT_HANDLE handle = 1;
  CK_OBJECT_HANDLE other = 1;
  CK_SESSION_INFO info{};
  CK_ATTRIBUTE attribute{CKA_LABEL, d, 4};
  size_ = 4;
  const struct {
    const char* function;
    CK_RV rv;
  } rows[] = {
      {"C_InitPIN", p.C_InitPIN(no, d, 4)},
      {"C_SetPIN", p.C_SetPIN(no, d, 4, d, 4)},
      {"C_CloseSession", p.C_CloseSession(no)},
      {"C_GetSessionInfo", p.C_GetSessionInfo(no, &info)},
      {"C_GetOperationState", p.C_GetOperationState(no, d, &size_)},
      {"C_SetOperationState", p.C_SetOperationState(no, d, 4, 0, 0)},
      {"C_Login", p.C_Login(no, CKU_USER, d, 4)},
      {"C_Logout", p.C_Logout(no)},
      {"C_CreateObject", p.C_CreateObject(no, &attribute, 1, &handle)},
      {"C_CopyObject", p.C_CopyObject(no, 1, &attribute, 1, &handle)},
      {"C_DestroyObject", p.C_DestroyObject(no, 1)},
      {"C_GetObjectSize", p.C_GetObjectSize(no, 1, &size_)},
      {"C_GetAttributeValue", p.C_GetAttributeValue(no, 1, &attribute, 1)},
      {"C_SetAttributeValue", p.C_SetAttributeValue(no, 1, &attribute, 1)},
      {"C_FindObjectsInit", p.C_FindObjectsInit(no, &attribute, 1)},
      {"C_FindObjects", p.C_FindObjects(no, &handle, 1, &size_)},
      {"C_FindObjectsFinal", p.C_FindObjectsFinal(no)},
      {"C_EncryptInit", p.C_EncryptInit(no, m, 1)},
      {"C_Encrypt", p.C_Encrypt(no, d, 4, d, &size_)},
      {"C_EncryptUpdate", p.C_EncryptUpdate(no, d, 4, d, &size_)},
      {"C_EncryptFinal", p.C_EncryptFinal(no, d, &size_)},
      {"C_DecryptInit", p.C_DecryptInit(no, m, 1)},
      {"C_Decrypt", p.C_Decrypt(no, d, 4, d, &size_)},
      {"C_DecryptUpdate", p.C_DecryptUpdate(no, d, 4, d, &size_)},
      {"C_DecryptFinal", p.C_DecryptFinal(no, d, &size_)},
      {"C_DigestInit", p.C_DigestInit(no, &sha)},
      {"C_Digest", p.C_Digest(no, d, 4, d, &size_)},
      {"C_DigestUpdate", p.C_DigestUpdate(no, d, 4)},
      {"C_DigestKey", p.C_DigestKey(no, 1)},
      {"C_DigestFinal", p.C_DigestFinal(no, d, &size_)},
      {"C_SignInit", p.C_SignInit(no, m, 1)},
      {"C_Sign", p.C_Sign(no, d, 4, d, &size_)},
      {"C_SignUpdate", p.C_SignUpdate(no, d, 4)},
      {"C_SignFinal", p.C_SignFinal(no, d, &size_)},
      {"C_SignRecoverInit", p.C_SignRecoverInit(no, m, 1)},
      {"C_SignRecover", p.C_SignRecover(no, d, 4, d, &size_)},
      {"C_VerifyInit", p.C_VerifyInit(no, m, 1)},
      {"C_Verify", p.C_Verify(no, d, 4, d, 4)},
      {"C_VerifyUpdate", p.C_VerifyUpdate(no, d, 4)},
      {"C_VerifyFinal", p.C_VerifyFinal(no, d, 4)},
      {"C_VerifyRecoverInit", p.C_VerifyRecoverInit(no, m, 1)},
      {"C_VerifyRecover", p.C_VerifyRecover(no, d, 4, d, &size_)},
      {"C_DigestEncryptUpdate", p.C_DigestEncryptUpdate(no, d, 4, d, &size_)},
      {"C_DecryptDigestUpdate", p.C_DecryptDigestUpdate(no, d, 4, d, &size_)},
      {"C_SignEncryptUpdate", p.C_SignEncryptUpdate(no, d, 4, d, &size_)},
      {"C_DecryptVerifyUpdate", p.C_DecryptVerifyUpdate(no, d, 4, d, &size_)},
      {"C_GenerateKey", p.C_GenerateKey(no, m, nullptr, 0, &handle)},
      {"C_GenerateKeyPair", p.C_GenerateKeyPair(no, m, nullptr, 0, nullptr, 0, &handle, &other)},
      {"C_WrapKey", p.C_WrapKey(no, m, 1, 2, d, &size_)},
      {"C_UnwrapKey", p.C_UnwrapKey(no, m, 1, d, 4, nullptr, 0, &handle)},
      {"C_DeriveKey", p.C_DeriveKey(no, m, 1, nullptr, 0, &handle)},
      {"C_SeedRandom", p.C_SeedRandom(no, d, 4)},
      {"C_GenerateRandom", p.C_GenerateRandom(no, d, 4)},
  };
  for (const auto& row : rows) GW_EXPECT_RV(row.rv, CKR_SESSION_HANDLE_INVALID) << row.function;
}

}  // namespace
}  // namespace gw::stack
