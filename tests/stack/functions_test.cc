// Room: tests/stack. Functions that bring a key in, and those that few applications use, from the
// module to the HSM: imported keys and what their templates demand, digests of keys, recovery, two
// operations at once, saved operations, many messages.
#include <gtest/gtest.h>

#include <array>

#include "proto/pkcs11/ck_v3.h"
#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

const Octets kKey = OctetsOf("0123456789abcdef");

class FunctionsTest : public testing::Test {
 protected:
  void SetUp() override { session_.Login(); }

  CK_SESSION_HANDLE s() const { return session_.handle(); }

  CK_RV Import(Attributes attributes, CK_OBJECT_HANDLE* made) {
    const auto list = attributes.list();
    return P11().C_CreateObject(s(), list.data(), list.size(), made);
  }
  static Attributes Aes() {
    Attributes attributes;
    attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
    attributes.Value(CKA_VALUE, {reinterpret_cast<const char*>(kKey.data()), kKey.size()});
    return attributes;
  }
  CK_OBJECT_HANDLE ImportAes(Attributes attributes = Aes()) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    GW_EXPECT_RV(Import(std::move(attributes), &key), CKR_OK);
    return key;
  }
  Octets Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    Octets value(512);
    CK_ATTRIBUTE wanted{type, value.data(), value.size()};
    GW_EXPECT_RV(P11().C_GetAttributeValue(s(), object, &wanted, 1), CKR_OK);
    value.resize(wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION ? 0 : wanted.ulValueLen);
    return value;
  }
  Octets Digest(const Octets& data) {
    CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
    Octets digest(32);
    CK_ULONG size = digest.size();
    GW_EXPECT_RV(P11().C_DigestInit(s(), &sha256), CKR_OK);
    GW_EXPECT_RV(
        P11().C_Digest(s(), const_cast<CK_BYTE*>(data.data()), data.size(), digest.data(), &size),
        CKR_OK);
    return digest;
  }
  Octets DigestFinal(CK_SESSION_HANDLE session) {
    Octets digest(32);
    CK_ULONG size = digest.size();
    GW_EXPECT_RV(P11().C_DigestFinal(session, digest.data(), &size), CKR_OK);
    return digest;
  }

  const Initialized initialized_;
  Session session_;
  CK_MECHANISM sha256_{CKM_SHA256, nullptr, 0};
  std::array<CK_BYTE, 16> iv_{};
  CK_MECHANISM cbc_{CKM_AES_CBC, iv_.data(), iv_.size()};
  CK_MECHANISM cbc_pad_{CKM_AES_CBC_PAD, iv_.data(), iv_.size()};
};

// FIPS 197 C.1: the key 00 01 .. 0f.
TEST_F(FunctionsTest, AnImportedKeyComputesWhatItsValueSays) {
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
  attributes.Value(CKA_VALUE, std::string_view("\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16));
  const CK_OBJECT_HANDLE key = ImportAes(attributes);
  CK_MECHANISM ecb{CKM_AES_ECB, nullptr, 0};
  Octets block;
  for (unsigned i = 0; i < 16; ++i) block.push_back(static_cast<CK_BYTE>(i * 0x11));
  Octets out(16);
  CK_ULONG size = out.size();
  GW_ASSERT_RV(P11().C_EncryptInit(s(), &ecb, key), CKR_OK);
  GW_ASSERT_RV(P11().C_Encrypt(s(), block.data(), block.size(), out.data(), &size), CKR_OK);
  EXPECT_EQ(out, (Octets{0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80,
                         0x70, 0xb4, 0xc5, 0x5a}));
  // What CKA_CHECK_VALUE is cut from.
  Octets zeros(16);
  GW_ASSERT_RV(P11().C_EncryptInit(s(), &ecb, key), CKR_OK);
  GW_ASSERT_RV(P11().C_Encrypt(s(), zeros.data(), zeros.size(), out.data(), &size), CKR_OK);
  out.resize(3);
  EXPECT_EQ(Read(key, CKA_CHECK_VALUE), out);
}

TEST_F(FunctionsTest, AnImportLeavesNothingWhenItFails) {
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  GW_EXPECT_RV(Import(Aes().Value(CKA_LABEL, "none").Value(CKA_CHECK_VALUE, "bad"), &key),
               CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(Import(Aes().Value(CKA_LABEL, "none").Bool(CKA_LOCAL, true), &key),
               CKR_ATTRIBUTE_READ_ONLY);
  EXPECT_TRUE(FindByLabel(s(), "none").empty());
}

TEST_F(FunctionsTest, TemplatesInsideAKeyAreReadBackAndObeyed) {
  CK_BBOOL yes = CK_TRUE;
  CK_KEY_TYPE aes = CKK_AES;
  CK_ATTRIBUTE wrap_only[] = {{CKA_KEY_TYPE, &aes, sizeof(aes)}, {CKA_EXTRACTABLE, &yes, 1}};
  CK_ATTRIBUTE unwrap_to[] = {{CKA_WRAP_WITH_TRUSTED, &yes, 1}};
  CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
  Octets value = kKey;
  CK_ATTRIBUTE given[] = {{CKA_CLASS, &secret, sizeof(secret)},
                          {CKA_KEY_TYPE, &aes, sizeof(aes)},
                          {CKA_VALUE, value.data(), value.size()},
                          {CKA_WRAP_TEMPLATE, wrap_only, sizeof(wrap_only)},
                          {CKA_UNWRAP_TEMPLATE, unwrap_to, sizeof(unwrap_to)}};
  CK_OBJECT_HANDLE kek = CK_INVALID_HANDLE;
  GW_ASSERT_RV(P11().C_CreateObject(s(), given, std::size(given), &kek), CKR_OK);

  CK_ATTRIBUTE wanted{CKA_WRAP_TEMPLATE, nullptr, 0};
  GW_ASSERT_RV(P11().C_GetAttributeValue(s(), kek, &wanted, 1), CKR_OK);
  ASSERT_EQ(wanted.ulValueLen, 2 * sizeof(CK_ATTRIBUTE));
  CK_KEY_TYPE type = 0;
  CK_BBOOL extractable = CK_FALSE;
  CK_ATTRIBUTE entries[] = {{0, &type, sizeof(type)}, {0, &extractable, 1}};
  wanted = {CKA_WRAP_TEMPLATE, entries, sizeof(entries)};
  GW_ASSERT_RV(P11().C_GetAttributeValue(s(), kek, &wanted, 1), CKR_OK);
  EXPECT_EQ(entries[0].type, CKA_KEY_TYPE);
  EXPECT_EQ(type, CKK_AES);
  EXPECT_EQ(entries[1].type, CKA_EXTRACTABLE);
  EXPECT_EQ(extractable, CK_TRUE);

  const CK_OBJECT_HANDLE good = ImportAes(Aes().Bool(CKA_EXTRACTABLE, true));
  CK_OBJECT_HANDLE generic = CK_INVALID_HANDLE;
  GW_ASSERT_RV(Import(Attributes()
                          .Number(CKA_CLASS, CKO_SECRET_KEY)
                          .Number(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
                          .Bool(CKA_EXTRACTABLE, true)
                          .Value(CKA_VALUE, "secret"),
                      &generic),
               CKR_OK);
  Octets wrapped(64);
  CK_ULONG size = wrapped.size();
  GW_EXPECT_RV(P11().C_WrapKey(s(), &cbc_pad_, kek, generic, wrapped.data(), &size),
               CKR_KEY_NOT_WRAPPABLE);
  GW_ASSERT_RV(P11().C_WrapKey(s(), &cbc_pad_, kek, good, wrapped.data(), &size), CKR_OK);

  CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
  CK_BBOOL no = CK_FALSE;
  CK_ATTRIBUTE contrary[] = {{CKA_CLASS, &secret, sizeof(secret)},
                             {CKA_KEY_TYPE, &aes, sizeof(aes)},
                             {CKA_WRAP_WITH_TRUSTED, &no, 1}};
  GW_EXPECT_RV(P11().C_UnwrapKey(s(), &cbc_pad_, kek, wrapped.data(), size, contrary, 3, &back),
               CKR_TEMPLATE_INCONSISTENT);
  GW_ASSERT_RV(P11().C_UnwrapKey(s(), &cbc_pad_, kek, wrapped.data(), size, contrary, 2, &back),
               CKR_OK);
  EXPECT_EQ(Read(back, CKA_WRAP_WITH_TRUSTED), Octets{CK_TRUE});
  EXPECT_EQ(Read(back, CKA_CHECK_VALUE), Read(good, CKA_CHECK_VALUE));
}

TEST_F(FunctionsTest, AKeyIsDigestedWithTheDataAroundIt) {
  const CK_OBJECT_HANDLE hidden = ImportAes();
  const CK_OBJECT_HANDLE key = ImportAes(Aes().Bool(CKA_IBM_USE_AS_DATA, true));
  Octets before = OctetsOf("before");
  Octets after = OctetsOf("after");
  GW_ASSERT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
  GW_ASSERT_RV(P11().C_DigestUpdate(s(), before.data(), before.size()), CKR_OK);
  GW_ASSERT_RV(P11().C_DigestKey(s(), key), CKR_OK);
  GW_ASSERT_RV(P11().C_DigestUpdate(s(), after.data(), after.size()), CKR_OK);
  Octets all = before;
  all.insert(all.end(), kKey.begin(), kKey.end());
  all.insert(all.end(), after.begin(), after.end());
  const Octets digest = DigestFinal(s());
  EXPECT_EQ(digest, Digest(all));
  GW_ASSERT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
  GW_EXPECT_RV(P11().C_DigestKey(s(), hidden), CKR_KEY_INDIGESTIBLE);
}

TEST_F(FunctionsTest, WhatWasSignedIsRecovered) {
  CK_MECHANISM generate{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
  Attributes public_half;
  public_half.Number(CKA_MODULUS_BITS, 1024).Bool(CKA_VERIFY_RECOVER, true);
  Attributes private_half;
  private_half.Bool(CKA_SIGN_RECOVER, true);
  const auto of_public = public_half.list();
  const auto of_private = private_half.list();
  KeyPair pair;
  GW_ASSERT_RV(
      P11().C_GenerateKeyPair(s(), &generate, of_public.data(), of_public.size(), of_private.data(),
                              of_private.size(), &pair.public_key, &pair.private_key),
      CKR_OK);
  CK_MECHANISM rsa{CKM_RSA_PKCS, nullptr, 0};
  Octets message = OctetsOf("what was signed");
  Octets signature(128);
  CK_ULONG size = signature.size();
  GW_ASSERT_RV(P11().C_SignRecoverInit(s(), &rsa, pair.private_key), CKR_OK);
  GW_ASSERT_RV(P11().C_SignRecover(s(), message.data(), message.size(), signature.data(), &size),
               CKR_OK);
  GW_EXPECT_RV(Verify(s(), CKM_RSA_PKCS, pair.public_key, message, signature), CKR_OK);
  Octets recovered(128);
  size = 14;
  GW_ASSERT_RV(P11().C_VerifyRecoverInit(s(), &rsa, pair.public_key), CKR_OK);
  GW_EXPECT_RV(P11().C_VerifyRecover(s(), signature.data(), 128, recovered.data(), &size),
               CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, message.size());
  GW_ASSERT_RV(P11().C_VerifyRecover(s(), signature.data(), 128, recovered.data(), &size), CKR_OK);
  recovered.resize(size);
  EXPECT_EQ(recovered, message);
  signature[5] ^= 1;
  GW_ASSERT_RV(P11().C_VerifyRecoverInit(s(), &rsa, pair.public_key), CKR_OK);
  GW_EXPECT_RV(P11().C_VerifyRecover(s(), signature.data(), 128, recovered.data(), &size),
               CKR_SIGNATURE_INVALID);
  GW_EXPECT_RV(P11().C_VerifyRecover(s(), signature.data(), 128, recovered.data(), &size),
               CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(FunctionsTest, TwoOperationsGoOnTogetherAlsoOverARestart) {
  const CK_OBJECT_HANDLE key = ImportAes();
  Octets plain(96, 'p');
  Octets cipher(96);
  GW_ASSERT_RV(P11().C_EncryptInit(s(), &cbc_, key), CKR_OK);
  GW_ASSERT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
  for (std::size_t at = 0; at < 96; at += 32) {
    if (at == 64) {
      ASSERT_EQ(Dev({"restart"}), 0);
    }
    CK_ULONG size = 32;
    GW_ASSERT_RV(P11().C_DigestEncryptUpdate(s(), &plain[at], 32, &cipher[at], &size), CKR_OK);
  }
  CK_ULONG none = 0;
  GW_ASSERT_RV(P11().C_EncryptFinal(s(), nullptr, &none), CKR_OK);
  CK_BYTE nothing = 0;
  GW_ASSERT_RV(P11().C_EncryptFinal(s(), &nothing, &none), CKR_OK);
  const Octets digest = DigestFinal(s());
  EXPECT_EQ(digest, Digest(plain));

  Octets back(96);
  GW_ASSERT_RV(P11().C_DecryptInit(s(), &cbc_, key), CKR_OK);
  GW_ASSERT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
  CK_ULONG size = 96;
  GW_ASSERT_RV(P11().C_DecryptDigestUpdate(s(), cipher.data(), 96, back.data(), &size), CKR_OK);
  EXPECT_EQ(back, plain);
  EXPECT_EQ(DigestFinal(s()), digest);
}

TEST_F(FunctionsTest, AnOperationGoesOnInAnotherSession) {
  const CK_OBJECT_HANDLE key = ImportAes();
  Octets part(40, 'p');
  GW_ASSERT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
  GW_ASSERT_RV(P11().C_DigestUpdate(s(), part.data(), part.size()), CKR_OK);
  GW_ASSERT_RV(P11().C_EncryptInit(s(), &cbc_, key), CKR_OK);
  CK_ULONG size = 0;
  GW_ASSERT_RV(P11().C_GetOperationState(s(), nullptr, &size), CKR_OK);
  Octets state(size);
  GW_ASSERT_RV(P11().C_GetOperationState(s(), state.data(), &size), CKR_OK);
  EXPECT_EQ(state.size(), size);
  GW_ASSERT_RV(P11().C_DigestUpdate(s(), part.data(), part.size()), CKR_OK);
  const Octets twice = DigestFinal(s());

  Session other;
  const CK_OBJECT_HANDLE another = ImportAes();
  const auto set = [&](CK_OBJECT_HANDLE cipher_key, CK_OBJECT_HANDLE message_key) {
    return P11().C_SetOperationState(other.handle(), state.data(), state.size(), cipher_key,
                                     message_key);
  };
  GW_EXPECT_RV(set(0, 0), CKR_KEY_NEEDED);
  GW_EXPECT_RV(set(another, 0), CKR_KEY_CHANGED);
  GW_EXPECT_RV(set(key, key), CKR_KEY_NOT_NEEDED);
  GW_ASSERT_RV(set(key, 0), CKR_OK);
  GW_EXPECT_RV(P11().C_DigestInit(other.handle(), &sha256_), CKR_OPERATION_ACTIVE);
  GW_ASSERT_RV(P11().C_DigestUpdate(other.handle(), part.data(), part.size()), CKR_OK);
  EXPECT_EQ(DigestFinal(other.handle()), twice);
  Octets out(48);
  size = out.size();
  GW_EXPECT_RV(P11().C_Encrypt(other.handle(), part.data(), 32, out.data(), &size), CKR_OK);
  state[state.size() / 2] ^= 1;
  GW_EXPECT_RV(set(key, 0), CKR_SAVED_STATE_INVALID);
}

TEST_F(FunctionsTest, ManyMessagesWithOneInit) {
  CK_FUNCTION_LIST_3_0& p = P11v3();
  KeyPair pair;
  GW_ASSERT_RV(MakeEcPair(s(), false, "messages", &pair), CKR_OK);
  CK_MECHANISM ecdsa{CKM_ECDSA_SHA256, nullptr, 0};
  GW_ASSERT_RV(p.C_MessageSignInit(s(), &ecdsa, pair.private_key), CKR_OK);
  GW_EXPECT_RV(p.C_MessageSignInit(s(), &ecdsa, pair.private_key), CKR_OPERATION_ACTIVE);
  GW_ASSERT_RV(p.C_MessageVerifyInit(s(), &ecdsa, pair.public_key), CKR_OK);
  GW_EXPECT_RV(p.C_MessageVerifyInit(s(), &ecdsa, pair.public_key), CKR_OPERATION_ACTIVE);
  for (const char* text : {"one", "two", "three"}) {
    Octets message = OctetsOf(text);
    Octets signature(64);
    CK_ULONG size = signature.size();
    size = 63;
    GW_ASSERT_RV(
        p.C_SignMessage(s(), nullptr, 0, message.data(), message.size(), signature.data(), &size),
        CKR_BUFFER_TOO_SMALL);
    EXPECT_EQ(size, 64u);
    GW_ASSERT_RV(
        p.C_SignMessage(s(), nullptr, 0, message.data(), message.size(), signature.data(), &size),
        CKR_OK);
    GW_EXPECT_RV(Verify(s(), CKM_ECDSA_SHA256, pair.public_key, message, signature), CKR_OK);
    const auto verify = [&] {
      return p.C_VerifyMessage(s(), nullptr, 0, message.data(), message.size(), signature.data(),
                               size);
    };
    GW_EXPECT_RV(verify(), CKR_OK);
    signature[9] ^= 1;
    GW_EXPECT_RV(verify(), CKR_SIGNATURE_INVALID);
  }
  GW_EXPECT_RV(p.C_MessageSignFinal(s()), CKR_OK);
  GW_EXPECT_RV(p.C_MessageVerifyFinal(s()), CKR_OK);
  GW_EXPECT_RV(p.C_MessageSignFinal(s()), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(p.C_MessageVerifyFinal(s()), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(FunctionsTest, AMessageInParts) {
  CK_FUNCTION_LIST_3_0& p = P11v3();
  KeyPair pair;
  GW_ASSERT_RV(MakeEcPair(s(), false, "parts", &pair), CKR_OK);
  CK_MECHANISM ecdsa{CKM_ECDSA_SHA256, nullptr, 0};
  Octets message = OctetsOf("in two parts");
  Octets signature(64);
  CK_ULONG size = signature.size();
  GW_EXPECT_RV(p.C_SignMessageBegin(s(), nullptr, 0), CKR_OPERATION_NOT_INITIALIZED);
  GW_ASSERT_RV(p.C_MessageSignInit(s(), &ecdsa, pair.private_key), CKR_OK);
  GW_ASSERT_RV(p.C_SignMessageBegin(s(), nullptr, 0), CKR_OK);
  GW_ASSERT_RV(p.C_SignMessageNext(s(), nullptr, 0, message.data(), 6, nullptr, nullptr), CKR_OK);
  GW_ASSERT_RV(p.C_SignMessageNext(s(), nullptr, 0, &message[6], message.size() - 6,
                                   signature.data(), &size),
               CKR_OK);
  GW_EXPECT_RV(Verify(s(), CKM_ECDSA_SHA256, pair.public_key, message, signature), CKR_OK);
  GW_EXPECT_RV(p.C_VerifyMessageBegin(s(), nullptr, 0), CKR_OPERATION_NOT_INITIALIZED);
  GW_ASSERT_RV(p.C_MessageVerifyInit(s(), &ecdsa, pair.public_key), CKR_OK);
  for (const CK_RV expected : {CKR_OK, CKR_SIGNATURE_INVALID}) {
    GW_ASSERT_RV(p.C_VerifyMessageBegin(s(), nullptr, 0), CKR_OK);
    GW_ASSERT_RV(p.C_VerifyMessageNext(s(), nullptr, 0, message.data(), 6, nullptr, 0), CKR_OK);
    GW_EXPECT_RV(p.C_VerifyMessageNext(s(), nullptr, 0, &message[6], message.size() - 6,
                                       signature.data(), size),
                 expected);
    message[0] ^= 1;
  }
  GW_EXPECT_RV(p.C_SessionCancel(s(), CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY), CKR_OK);
  GW_EXPECT_RV(p.C_MessageSignFinal(s()), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(FunctionsTest, WhatIsEncryptedIsSignedInOneGo) {
  KeyPair pair;
  GW_ASSERT_RV(MakeEcPair(s(), false, "dual", &pair), CKR_OK);
  const CK_OBJECT_HANDLE key = ImportAes();
  CK_MECHANISM ecdsa{CKM_ECDSA_SHA256, nullptr, 0};
  Octets plain(32, 'p');
  Octets cipher(32);
  Octets signature(64);
  CK_ULONG size = 32;
  GW_EXPECT_RV(P11().C_SignEncryptUpdate(s(), plain.data(), 32, cipher.data(), &size),
               CKR_OPERATION_NOT_INITIALIZED);
  GW_ASSERT_RV(P11().C_EncryptInit(s(), &cbc_, key), CKR_OK);
  GW_ASSERT_RV(P11().C_SignInit(s(), &ecdsa, pair.private_key), CKR_OK);
  size = 31;
  GW_ASSERT_RV(P11().C_SignEncryptUpdate(s(), plain.data(), 32, cipher.data(), &size),
               CKR_BUFFER_TOO_SMALL);
  GW_ASSERT_RV(P11().C_SignEncryptUpdate(s(), plain.data(), 32, cipher.data(), &size), CKR_OK);
  CK_ULONG signature_size = 64;
  GW_ASSERT_RV(P11().C_SignFinal(s(), signature.data(), &signature_size), CKR_OK);
  GW_EXPECT_RV(Verify(s(), CKM_ECDSA_SHA256, pair.public_key, plain, signature), CKR_OK);

  Octets back(32);
  GW_EXPECT_RV(P11().C_DecryptVerifyUpdate(s(), cipher.data(), 32, back.data(), &size),
               CKR_OPERATION_NOT_INITIALIZED);
  GW_ASSERT_RV(P11().C_DecryptInit(s(), &cbc_, key), CKR_OK);
  GW_ASSERT_RV(P11().C_VerifyInit(s(), &ecdsa, pair.public_key), CKR_OK);
  GW_ASSERT_RV(P11().C_DecryptVerifyUpdate(s(), cipher.data(), 32, back.data(), &size), CKR_OK);
  EXPECT_EQ(back, plain);
  GW_EXPECT_RV(P11().C_VerifyFinal(s(), signature.data(), 64), CKR_OK);
}

TEST_F(FunctionsTest, LoginsByNameAndOperationsThatAreCancelled) {
  CK_FUNCTION_LIST_3_0& p = P11v3();
  GW_ASSERT_RV(P11().C_Logout(s()), CKR_OK);
  std::string pin = Env("USER_PIN");
  const auto login = [&](CK_USER_TYPE user, std::string secret, std::string name) {
    return p.C_LoginUser(s(), user, reinterpret_cast<CK_UTF8CHAR*>(secret.data()), secret.size(),
                         reinterpret_cast<CK_UTF8CHAR*>(name.data()), name.size());
  };
  GW_EXPECT_RV(login(4711, pin, ""), CKR_USER_TYPE_INVALID);
  GW_EXPECT_RV(login(CKU_USER, pin, "nobody"), CKR_PIN_INCORRECT);
  GW_EXPECT_RV(login(CKU_USER, "wrong", ""), CKR_PIN_INCORRECT);
  GW_EXPECT_RV(login(CKU_USER, pin, ""), CKR_OK);
  GW_EXPECT_RV(login(CKU_USER, pin, ""), CKR_USER_ALREADY_LOGGED_IN);
  GW_ASSERT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
  GW_EXPECT_RV(p.C_SessionCancel(s(), CKF_DIGEST), CKR_OK);
  GW_EXPECT_RV(P11().C_DigestInit(s(), &sha256_), CKR_OK);
}

TEST_F(FunctionsTest, ASeedIsTaken) {
  Octets seed = OctetsOf("seed");
  GW_EXPECT_RV(P11().C_SeedRandom(s(), seed.data(), seed.size()), CKR_OK);
}

TEST_F(FunctionsTest, CopiesAreObjectsOfTheirOwnWithTheSameKey) {
  const CK_OBJECT_HANDLE key = ImportAes(Aes().Value(CKA_LABEL, "first"));
  Attributes change;
  change.Value(CKA_LABEL, "second").Bool(CKA_COPYABLE, false);
  const auto list = change.list();
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  GW_ASSERT_RV(P11().C_CopyObject(s(), key, list.data(), list.size(), &copy), CKR_OK);
  EXPECT_NE(Read(copy, CKA_UNIQUE_ID), Read(key, CKA_UNIQUE_ID));
  EXPECT_EQ(Read(copy, CKA_UNIQUE_ID).size(), 32u);
  EXPECT_EQ(Read(copy, CKA_CHECK_VALUE), Read(key, CKA_CHECK_VALUE));
  CK_OBJECT_HANDLE again = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_CopyObject(s(), copy, nullptr, 0, &again), CKR_ACTION_PROHIBITED);
  CK_ULONG size = 0;
  GW_EXPECT_RV(P11().C_GetObjectSize(s(), copy, &size), CKR_OK);
  EXPECT_GT(size, 0u);
}

}  // namespace
}  // namespace gw::stack
