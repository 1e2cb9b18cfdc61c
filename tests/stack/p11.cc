// Room: tests/stack. See p11.h.
#include "tests/stack/p11.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace gw::stack {
namespace {

// DER of the OID 1.2.840.10045.3.1.7, P-256.
constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view kPublicExponent("\x01\x00\x01", 3);
constexpr CK_ULONG kRsaBits = 2048;
constexpr CK_ULONG kAesBytes = 32;
constexpr std::size_t kLargestSignature = 512;

CK_BYTE_PTR Pointer(const Octets& octets) {
  return const_cast<CK_BYTE_PTR>(octets.data());  // the standard's C header has no const
}

CK_FUNCTION_LIST* Load() {
  void* module = dlopen(Env("PKCS11_MODULE").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    ADD_FAILURE() << dlerror();
    std::abort();
  }
  CK_C_GetFunctionList get_list = nullptr;
  void* symbol = dlsym(module, "C_GetFunctionList");
  std::memcpy(&get_list, &symbol, sizeof symbol);
  CK_FUNCTION_LIST* list = nullptr;
  if (get_list == nullptr || get_list(&list) != CKR_OK || list == nullptr) std::abort();
  return list;
}

CK_FUNCTION_LIST_3_0* LoadV3() {
  P11();  // loads the module
  void* module = dlopen(Env("PKCS11_MODULE").c_str(), RTLD_NOW | RTLD_NOLOAD);
  CK_C_GetInterface get_interface = nullptr;
  void* symbol = dlsym(module, "C_GetInterface");
  std::memcpy(&get_interface, &symbol, sizeof symbol);
  CK_INTERFACE* found = nullptr;
  CK_VERSION version{3, 0};
  if (get_interface == nullptr || get_interface(nullptr, &version, &found, 0) != CKR_OK) {
    std::abort();
  }
  return static_cast<CK_FUNCTION_LIST_3_0*>(found->pFunctionList);
}

CK_RV MakePair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes& public_half,
               bool token, std::string_view label, KeyPair* made) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  public_half.Bool(CKA_TOKEN, token).Value(CKA_LABEL, label).Bool(CKA_VERIFY, true);
  public_half.Bool(CKA_PRIVATE, false);
  Attributes private_half;
  private_half.Bool(CKA_TOKEN, token).Value(CKA_LABEL, label).Bool(CKA_SIGN, true);
  private_half.Bool(CKA_PRIVATE, true).Bool(CKA_SENSITIVE, true);
  const auto first = public_half.list();
  const auto second = private_half.list();
  return P11().C_GenerateKeyPair(session, &mechanism, first.data(), first.size(), second.data(),
                                 second.size(), &made->public_key, &made->private_key);
}

}  // namespace

CK_FUNCTION_LIST& P11() {
  static CK_FUNCTION_LIST* const list = Load();
  return *list;
}

CK_FUNCTION_LIST_3_0& P11v3() {
  static CK_FUNCTION_LIST_3_0* const list = LoadV3();
  return *list;
}

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << " is not set: this test needs a stack";
  return value == nullptr ? "" : value;
}

CK_SLOT_ID Slot() { return std::stoul(Env("PKCS11_SLOT")); }

Initialized::Initialized() {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  GW_EXPECT_RV(P11().C_Initialize(&arguments), CKR_OK);
}

Initialized::~Initialized() { P11().C_Finalize(nullptr); }

Session::Session(CK_FLAGS flags) {
  GW_EXPECT_RV(P11().C_OpenSession(Slot(), flags | CKF_SERIAL_SESSION, nullptr, nullptr, &handle_),
               CKR_OK);
}

Session::~Session() { P11().C_CloseSession(handle_); }

void Session::Login() {
  const CK_RV rv = stack::Login(handle_, CKU_USER, Env("USER_PIN"));
  if (rv == CKR_USER_ALREADY_LOGGED_IN) return;
  GW_EXPECT_RV(rv, CKR_OK);
}

CK_RV Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, std::string pin) {
  return P11().C_Login(session, user, reinterpret_cast<CK_UTF8CHAR_PTR>(pin.data()), pin.size());
}

Attributes& Attributes::Bool(CK_ATTRIBUTE_TYPE type, bool value) {
  values_.emplace_back(type, Octets{static_cast<CK_BYTE>(value ? CK_TRUE : CK_FALSE)});
  return *this;
}

Attributes& Attributes::Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  Octets octets(sizeof value);
  std::memcpy(octets.data(), &value, sizeof value);
  values_.emplace_back(type, std::move(octets));
  return *this;
}

Attributes& Attributes::Value(CK_ATTRIBUTE_TYPE type, std::string_view value) {
  values_.emplace_back(type, OctetsOf(value));
  return *this;
}

std::span<CK_ATTRIBUTE> Attributes::list() {
  list_.clear();
  for (auto& [type, value] : values_) list_.push_back({type, value.data(), value.size()});
  return list_;
}

CK_RV MakeEcPair(CK_SESSION_HANDLE session, bool token, std::string_view label, KeyPair* made) {
  Attributes public_half;
  public_half.Value(CKA_EC_PARAMS, kP256);
  return MakePair(session, CKM_EC_KEY_PAIR_GEN, public_half, token, label, made);
}

CK_RV MakeRsaPair(CK_SESSION_HANDLE session, bool token, std::string_view label, KeyPair* made) {
  Attributes public_half;
  public_half.Number(CKA_MODULUS_BITS, kRsaBits).Value(CKA_PUBLIC_EXPONENT, kPublicExponent);
  return MakePair(session, CKM_RSA_PKCS_KEY_PAIR_GEN, public_half, token, label, made);
}

CK_RV MakeAesKey(CK_SESSION_HANDLE session, bool token, std::string_view label, bool is_private,
                 CK_OBJECT_HANDLE* made) {
  CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
  Attributes attributes;
  attributes.Number(CKA_VALUE_LEN, kAesBytes).Bool(CKA_TOKEN, token).Value(CKA_LABEL, label);
  attributes.Bool(CKA_PRIVATE, is_private).Bool(CKA_ENCRYPT, true).Bool(CKA_DECRYPT, true);
  const auto list = attributes.list();
  return P11().C_GenerateKey(session, &mechanism, list.data(), list.size(), made);
}

KeyPair NewPair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes public_half,
                Attributes private_half) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  KeyPair made;
  const auto first = public_half.list();
  const auto second = private_half.list();
  GW_EXPECT_RV(
      P11().C_GenerateKeyPair(session, &mechanism, first.data(), first.size(), second.data(),
                              second.size(), &made.public_key, &made.private_key),
      CKR_OK);
  return made;
}

CK_OBJECT_HANDLE NewKey(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes attributes) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  const auto list = attributes.list();
  GW_EXPECT_RV(P11().C_GenerateKey(session, &mechanism, list.data(), list.size(), &key), CKR_OK);
  return key;
}

CK_RV Sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism_type, CK_OBJECT_HANDLE key,
           const Octets& data, Octets* signature) {
  CK_MECHANISM mechanism{mechanism_type, nullptr, 0};
  if (const CK_RV rv = P11().C_SignInit(session, &mechanism, key); rv != CKR_OK) return rv;
  signature->resize(kLargestSignature);
  CK_ULONG size = signature->size();
  const CK_RV rv = P11().C_Sign(session, Pointer(data), data.size(), signature->data(), &size);
  signature->resize(rv == CKR_OK ? size : 0);
  return rv;
}

CK_RV Verify(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism_type, CK_OBJECT_HANDLE key,
             const Octets& data, const Octets& signature) {
  CK_MECHANISM mechanism{mechanism_type, nullptr, 0};
  if (const CK_RV rv = P11().C_VerifyInit(session, &mechanism, key); rv != CKR_OK) return rv;
  return P11().C_Verify(session, Pointer(data), data.size(), Pointer(signature), signature.size());
}

std::vector<CK_OBJECT_HANDLE> Find(CK_SESSION_HANDLE session, Attributes attributes) {
  const auto list = attributes.list();
  GW_EXPECT_RV(P11().C_FindObjectsInit(session, list.data(), list.size()), CKR_OK);
  std::vector<CK_OBJECT_HANDLE> found;
  std::array<CK_OBJECT_HANDLE, 64> some{};
  CK_ULONG count = 0;
  do {
    const CK_RV rv = P11().C_FindObjects(session, some.data(), some.size(), &count);
    GW_EXPECT_RV(rv, CKR_OK);
    if (rv != CKR_OK) break;
    found.insert(found.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  } while (count != 0);
  GW_EXPECT_RV(P11().C_FindObjectsFinal(session), CKR_OK);
  return found;
}

std::vector<CK_OBJECT_HANDLE> FindByLabel(CK_SESSION_HANDLE session, std::string_view label) {
  Attributes attributes;
  attributes.Value(CKA_LABEL, label);
  return Find(session, std::move(attributes));
}

}  // namespace gw::stack
