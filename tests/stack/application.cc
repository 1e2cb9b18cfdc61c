// Room: tests/stack. See application.h.
#include "tests/stack/application.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/x509.h>

#include <cstring>
#include <fstream>

#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr std::string_view kLabel = "grep11";

using Init = CK_RV (*)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
using Whole = CK_RV (*)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);

CK_BYTE_PTR Pointer(const Octets& octets) { return const_cast<CK_BYTE_PTR>(octets.data()); }

std::string_view LabelOf(const CK_TOKEN_INFO& token) {
  const std::string_view label(reinterpret_cast<const char*>(token.label), sizeof token.label);
  return label.substr(0, label.find_last_not_of(' ') + 1);
}

Octets TwoCalls(CK_SESSION_HANDLE session, Init init, Whole whole, CK_MECHANISM mechanism,
                CK_OBJECT_HANDLE key, const Octets& data) {
  GW_EXPECT_RV(init(session, &mechanism, key), CKR_OK);
  CK_ULONG size = 0;
  GW_EXPECT_RV(whole(session, Pointer(data), data.size(), nullptr, &size), CKR_OK);
  Octets out(size);
  GW_EXPECT_RV(whole(session, Pointer(data), data.size(), out.data(), &size), CKR_OK);
  out.resize(size);
  return out;
}

std::string PathOf(std::string_view name) { return StackDir() + "/" + std::string(name); }

}  // namespace

Application::Application(const std::string& pin, CK_FLAGS flags) {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  GW_EXPECT_RV(P11().C_Initialize(&arguments), CKR_OK);
  CK_INFO info{};
  GW_EXPECT_RV(P11().C_GetInfo(&info), CKR_OK);
  CK_ULONG count = 0;
  GW_EXPECT_RV(P11().C_GetSlotList(CK_TRUE, nullptr, &count), CKR_OK);
  std::vector<CK_SLOT_ID> slots(count);
  GW_EXPECT_RV(P11().C_GetSlotList(CK_TRUE, slots.data(), &count), CKR_OK);
  for (const CK_SLOT_ID slot : slots) {
    GW_EXPECT_RV(P11().C_GetTokenInfo(slot, &token_), CKR_OK);
    slot_ = slot;
    if (LabelOf(token_) == kLabel) break;
  }
  EXPECT_EQ(LabelOf(token_), kLabel);
  GW_EXPECT_RV(P11().C_OpenSession(slot_, flags | CKF_SERIAL_SESSION, nullptr, nullptr, &session_),
               CKR_OK);
  GW_EXPECT_RV(Login(session_, CKU_USER, pin), CKR_OK);
}

Application::~Application() {
  GW_EXPECT_RV(P11().C_Logout(session_), CKR_OK);
  GW_EXPECT_RV(P11().C_CloseSession(session_), CKR_OK);
  GW_EXPECT_RV(P11().C_Finalize(nullptr), CKR_OK);
}

CK_OBJECT_HANDLE Application::Generate(CK_MECHANISM_TYPE type, Attributes attributes) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  const auto list = attributes.list();
  GW_EXPECT_RV(P11().C_GenerateKey(session_, &mechanism, list.data(), list.size(), &made), CKR_OK);
  return made;
}

CK_OBJECT_HANDLE Application::Create(Attributes attributes) {
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  const auto list = attributes.list();
  GW_EXPECT_RV(P11().C_CreateObject(session_, list.data(), list.size(), &made), CKR_OK);
  return made;
}

CK_OBJECT_HANDLE Application::Only(Attributes attributes) {
  const auto found = Find(session_, std::move(attributes));
  EXPECT_LE(found.size(), 1u);
  return found.empty() ? CK_INVALID_HANDLE : found.front();
}

Octets Application::Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE wanted{type, nullptr, 0};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session_, object, &wanted, 1), CKR_OK);
  if (wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION) return {};
  Octets value(wanted.ulValueLen);
  wanted.pValue = value.data();
  GW_EXPECT_RV(P11().C_GetAttributeValue(session_, object, &wanted, 1), CKR_OK);
  return value;
}

bool Application::Flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  const Octets value = Read(object, type);
  EXPECT_EQ(value.size(), sizeof(CK_BBOOL));
  return !value.empty() && value.front() == CK_TRUE;
}

Octets Application::Encrypt(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, const Octets& data) {
  return TwoCalls(session_, P11().C_EncryptInit, P11().C_Encrypt, mechanism, key, data);
}

Octets Application::Decrypt(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, const Octets& data) {
  return TwoCalls(session_, P11().C_DecryptInit, P11().C_Decrypt, mechanism, key, data);
}

Octets Application::Mac(CK_OBJECT_HANDLE key, const Octets& data) {
  const CK_MECHANISM hmac{CKM_SHA256_HMAC, nullptr, 0};
  return TwoCalls(session_, P11().C_SignInit, P11().C_Sign, hmac, key, data);
}

Octets Application::Random(CK_ULONG bytes) {
  Octets random(bytes);
  GW_EXPECT_RV(P11().C_GenerateRandom(session_, random.data(), random.size()), CKR_OK);
  return random;
}

Octets OpenSslCbcPad(const Octets& key, const Octets& iv, const Octets& data) {
  Octets out(data.size() + iv.size());
  int size = 0;
  int last = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
  EXPECT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), iv.data()), 1);
  EXPECT_EQ(
      EVP_EncryptUpdate(context, out.data(), &size, data.data(), static_cast<int>(data.size())), 1);
  EXPECT_EQ(EVP_EncryptFinal_ex(context, out.data() + size, &last), 1);
  EVP_CIPHER_CTX_free(context);
  out.resize(static_cast<std::size_t>(size + last));
  return out;
}

PublicKey KeyOf(const Octets& spki) {
  const unsigned char* at = spki.data();
  PublicKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), &EVP_PKEY_free);
  EXPECT_EQ(at, spki.data() + spki.size()) << "nothing comes after the key";
  return key;
}

Octets DerOf(const Octets& signature) {
  const int half = static_cast<int>(signature.size() / 2);
  ECDSA_SIG* pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(signature.data(), half, nullptr),
                 BN_bin2bn(signature.data() + half, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair, &der);
  const Octets out(der, der + size);
  OPENSSL_free(der);
  ECDSA_SIG_free(pair);
  return out;
}

bool OpenSslVerifies(EVP_PKEY* key, const EVP_MD* digest, const Octets& data,
                     const Octets& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key), 1);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(),
                          data.size()) == 1;
}

void Leave(std::string_view name, const Octets& data) {
  std::ofstream file(PathOf(name), std::ios::binary);
  file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
  EXPECT_TRUE(file.flush());
}

Octets Left(std::string_view name) { return OctetsOf(ReadFile(PathOf(name))); }

}  // namespace gw::stack
