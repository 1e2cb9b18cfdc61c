// Room: tests/stack.
#include "tests/stack/curve_calls.h"

#include <openssl/evp.h>

#include <fstream>

namespace gw::stack {

Octets FromHex(const std::string& hex) {
  Octets octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    octets.push_back(static_cast<CK_BYTE>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return octets;
}

std::string TextOf(const Octets& octets) { return {octets.begin(), octets.end()}; }

nlohmann::json Vectors(const std::string& name) {
  std::ifstream file(std::string(GW_VECTORS_DIR) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  nlohmann::json vectors = nlohmann::json::parse(file).at("vectors");
  EXPECT_FALSE(vectors.empty()) << name;
  return vectors;
}

Octets ZerosUnder(const Octets& key) {
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const Octets zeros(16);
  Octets out(16);
  int size = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), nullptr), 1);
  EXPECT_EQ(EVP_CIPHER_CTX_set_padding(context, 0), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &size, zeros.data(), 16), 1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

CK_RV CurveCalls::TryPair(CK_MECHANISM_TYPE maker, Attributes public_half, Attributes private_half,
                          KeyPair* made) {
  CK_MECHANISM mechanism{maker, nullptr, 0};
  const auto first = public_half.list();
  const auto second = private_half.list();
  return P11().C_GenerateKeyPair(s_, &mechanism, first.data(), first.size(), second.data(),
                                 second.size(), &made->public_key, &made->private_key);
}

KeyPair CurveCalls::Pair(CK_MECHANISM_TYPE maker, Attributes public_half, Attributes private_half) {
  KeyPair made;
  GW_EXPECT_RV(TryPair(maker, std::move(public_half), std::move(private_half), &made), CKR_OK);
  return made;
}

CK_RV CurveCalls::TryCreate(Attributes attributes, CK_OBJECT_HANDLE* made) {
  const auto list = attributes.list();
  return P11().C_CreateObject(s_, list.data(), list.size(), made);
}

CK_OBJECT_HANDLE CurveCalls::Create(Attributes attributes) {
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  GW_EXPECT_RV(TryCreate(std::move(attributes), &made), CKR_OK);
  return made;
}

Octets CurveCalls::Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Octets value(8192);
  CK_ATTRIBUTE wanted{type, value.data(), value.size()};
  const CK_RV rv = P11().C_GetAttributeValue(s_, object, &wanted, 1);
  value.resize(rv == CKR_OK ? wanted.ulValueLen : 0);
  return value;
}

CK_ULONG CurveCalls::ReadNumber(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ULONG number = CK_UNAVAILABLE_INFORMATION;
  CK_ATTRIBUTE wanted{type, &number, sizeof number};
  GW_EXPECT_RV(P11().C_GetAttributeValue(s_, object, &wanted, 1), CKR_OK);
  return number;
}

CK_RV CurveCalls::Derive(CK_MECHANISM mechanism, CK_OBJECT_HANDLE base, Attributes attributes,
                         CK_OBJECT_HANDLE* made) {
  const auto list = attributes.list();
  return P11().C_DeriveKey(s_, &mechanism, base, list.data(), list.size(), made);
}

Octets CurveCalls::Derived(CK_MECHANISM mechanism, CK_OBJECT_HANDLE base, CK_ULONG bytes) {
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  Attributes attributes;
  attributes.Number(CKA_KEY_TYPE, CKK_AES).Number(CKA_VALUE_LEN, bytes);
  GW_EXPECT_RV(Derive(mechanism, base, std::move(attributes), &key), CKR_OK);
  return ZerosUnderKey(key);
}

Octets CurveCalls::ZerosUnderKey(CK_OBJECT_HANDLE aes) {
  CK_MECHANISM ecb{CKM_AES_ECB, nullptr, 0};
  Octets block(16);
  Octets out(16);
  CK_ULONG size = out.size();
  GW_EXPECT_RV(P11().C_EncryptInit(s_, &ecb, aes), CKR_OK);
  GW_EXPECT_RV(P11().C_Encrypt(s_, block.data(), block.size(), out.data(), &size), CKR_OK);
  return out;
}

CK_RV CurveCalls::SignBy(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, Octets data,
                         Octets* signature) {
  const CK_RV begun = P11().C_SignInit(s_, &mechanism, key);
  if (begun != CKR_OK) return begun;
  data.reserve(1);  // not NULL
  CK_ULONG size = 0;
  const CK_RV asked = P11().C_Sign(s_, data.data(), data.size(), nullptr, &size);
  if (asked != CKR_OK) return asked;
  signature->resize(size);
  return P11().C_Sign(s_, data.data(), data.size(), signature->data(), &size);
}

CK_RV CurveCalls::VerifyBy(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, Octets data,
                           Octets signature) {
  const CK_RV begun = P11().C_VerifyInit(s_, &mechanism, key);
  if (begun != CKR_OK) return begun;
  data.reserve(1);
  return P11().C_Verify(s_, data.data(), data.size(), signature.data(), signature.size());
}

}  // namespace gw::stack
