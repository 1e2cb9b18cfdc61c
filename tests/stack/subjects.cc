// Room: tests/stack. See subjects.h.
#include "tests/stack/subjects.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

namespace gw::stack {
namespace {

constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view kExponent("\x01\x00\x01", 3);
constexpr std::string_view kRsaPublic = "subject: RSA, public";
constexpr std::string_view kRsaPrivate = "subject: RSA, private";
constexpr std::string_view kEcPublic = "subject: EC, public";
constexpr std::string_view kEcPrivate = "subject: EC, private";
constexpr std::string_view kAes = "subject: AES";
constexpr std::string_view kSecret = "subject: secret";
// The shortest that is offered: the tests make thousands of calls with it.
constexpr CK_ULONG kRsaBits = 1024;
// Fits beside any digest in such a modulus.
constexpr CK_ULONG kSaltBytes = 20;

Attributes Untouchable(std::string_view label) {
  Attributes attributes;
  attributes.Value(CKA_LABEL, label).Bool(CKA_TOKEN, true).Bool(CKA_MODIFIABLE, false);
  attributes.Bool(CKA_COPYABLE, false).Bool(CKA_DESTROYABLE, false);
  return attributes;
}

KeyPair MakePair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes first,
                 Attributes second) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  const auto of_public = first.Bool(CKA_PRIVATE, false).list();
  const auto of_private = second.Bool(CKA_EXTRACTABLE, true).list();
  KeyPair made;
  GW_EXPECT_RV(P11().C_GenerateKeyPair(session, &mechanism, of_public.data(), of_public.size(),
                                       of_private.data(), of_private.size(), &made.public_key,
                                       &made.private_key),
               CKR_OK);
  return made;
}

CK_OBJECT_HANDLE MakeSecret(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                            std::string_view label) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  Attributes attributes = Untouchable(label);
  attributes.Number(CKA_VALUE_LEN, 32).Bool(CKA_EXTRACTABLE, true);
  const auto list = attributes.list();
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_GenerateKey(session, &mechanism, list.data(), list.size(), &key), CKR_OK);
  return key;
}

Octets Read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Octets value(1024);
  CK_ATTRIBUTE wanted{type, value.data(), value.size()};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session, object, &wanted, 1), CKR_OK);
  value.resize(wanted.ulValueLen);
  return value;
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

}  // namespace

CK_FUNCTION_LIST_3_0& P11v3() {
  static CK_FUNCTION_LIST_3_0* const list = LoadV3();
  return *list;
}

Subjects Subjects::Make(CK_SESSION_HANDLE session) {
  Subjects made;
  made.rsa = MakePair(session, CKM_RSA_PKCS_KEY_PAIR_GEN,
                      Untouchable(kRsaPublic)
                          .Number(CKA_MODULUS_BITS, kRsaBits)
                          .Value(CKA_PUBLIC_EXPONENT, kExponent)
                          .Bool(CKA_VERIFY_RECOVER, true),
                      Untouchable(kRsaPrivate).Bool(CKA_SIGN_RECOVER, true));
  made.ec =
      MakePair(session, CKM_EC_KEY_PAIR_GEN, Untouchable(kEcPublic).Value(CKA_EC_PARAMS, kP256),
               Untouchable(kEcPrivate).Bool(CKA_DERIVE, true));
  made.aes = MakeSecret(session, CKM_AES_KEY_GEN, kAes);
  made.secret = MakeSecret(session, CKM_GENERIC_SECRET_KEY_GEN, kSecret);
  made.point = Read(session, made.ec.public_key, CKA_EC_POINT);
  made.modulus = Read(session, made.rsa.public_key, CKA_MODULUS);
  return made;
}

void Subjects::FindAgain(CK_SESSION_HANDLE session) {
  const auto find = [session](std::string_view label) {
    const std::vector<CK_OBJECT_HANDLE> found = FindByLabel(session, label);
    EXPECT_EQ(found.size(), 1u) << label;
    return found.empty() ? CK_OBJECT_HANDLE{CK_INVALID_HANDLE} : found.front();
  };
  if (modulus.empty()) return;  // none were made
  rsa = {find(kRsaPublic), find(kRsaPrivate)};
  ec = {find(kEcPublic), find(kEcPrivate)};
  aes = find(kAes);
  secret = find(kSecret);
}

KeyPair Subjects::KeysFor(const MechanismRow& row) const {
  switch (row.key_type) {
    case CKK_RSA:
      return rsa;
    case CKK_EC:
      return ec;
    case CKK_AES:
      return {aes, aes};
    case CKK_GENERIC_SECRET:
      return {secret, secret};
    case CK_UNAVAILABLE_INFORMATION:
      return {};
    default:
      ADD_FAILURE() << NameOfMechanism(row.type) << " needs a key that Subjects does not make";
      return {};
  }
}

CK_ULONG MaskOf(Hash hash) {
  switch (hash) {
    case Hash::kSha1:
      return CKG_MGF1_SHA1;
    case Hash::kSha224:
      return CKG_MGF1_SHA224;
    case Hash::kSha256:
      return CKG_MGF1_SHA256;
    case Hash::kSha384:
      return CKG_MGF1_SHA384;
    case Hash::kSha512:
      return CKG_MGF1_SHA512;
    case Hash::kNone:
    case Hash::kSha512_224:
    case Hash::kSha512_256:
      break;
  }
  return 0;
}

FittingMechanism::FittingMechanism(const MechanismRow& row, const Subjects& subjects)
    : mechanism_{row.type, nullptr, 0}, point_(subjects.point) {
  const Hash hash = row.hash == Hash::kNone ? Hash::kSha256 : row.hash;
  switch (row.parameter) {
    case ParameterRule::kNone:
      break;
    case ParameterRule::kIv:
      mechanism_ = {row.type, iv_.data(), row.block_bytes};
      break;
    case ParameterRule::kOaep:
      oaep_ = {MechanismOfHash(hash), MaskOf(hash), CKZ_DATA_SPECIFIED, nullptr, 0};
      mechanism_ = {row.type, &oaep_, sizeof oaep_};
      break;
    case ParameterRule::kPss:
      pss_ = {MechanismOfHash(hash), MaskOf(hash), kSaltBytes};
      mechanism_ = {row.type, &pss_, sizeof pss_};
      break;
    case ParameterRule::kEcdh1:
      ecdh_ = {CKD_NULL, 0, nullptr, point_.size(), point_.data()};
      mechanism_ = {row.type, &ecdh_, sizeof ecdh_};
      break;
  }
}

}  // namespace gw::stack
