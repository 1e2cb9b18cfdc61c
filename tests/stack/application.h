// Room: tests/stack. An application of the field as a sequence of calls: what they all do at their
// beginning and end, and the calls as they make them - lengths asked for first, handles found by
// label, exact templates. May include: core. Calls the module through its function list only.
#pragma once

#include <openssl/evp.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/stack/p11.h"

namespace gw::stack {

// C_Initialize, C_GetInfo, the slot by the label of its token, C_GetTokenInfo, C_OpenSession,
// C_Login; at the end C_Logout, C_CloseSession, C_Finalize. Every call has to succeed, or the test
// fails.
class Application {
 public:
  explicit Application(const std::string& pin = Env("USER_PIN"), CK_FLAGS flags = CKF_RW_SESSION);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  CK_SESSION_HANDLE session() const { return session_; }
  const CK_TOKEN_INFO& token() const { return token_; }

  CK_OBJECT_HANDLE Generate(CK_MECHANISM_TYPE type, Attributes attributes);
  CK_OBJECT_HANDLE Create(Attributes attributes);
  // The one object that matches; CK_INVALID_HANDLE if there is none, a failed test if there are
  // more.
  CK_OBJECT_HANDLE Only(Attributes attributes);
  Octets Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  bool Flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Octets Encrypt(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, const Octets& data);
  Octets Decrypt(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, const Octets& data);
  Octets Mac(CK_OBJECT_HANDLE key, const Octets& data);
  Octets Random(CK_ULONG bytes);

 private:
  CK_SLOT_ID slot_ = 0;
  CK_TOKEN_INFO token_{};
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};

// A mechanism with an initialisation vector, which has to outlive it.
inline CK_MECHANISM WithIv(CK_MECHANISM_TYPE type, Octets& iv) {
  return {type, iv.data(), iv.size()};
}

// Structures at an odd address, as compilers of packed structures lay them.
template <typename T>
class Misaligned {
 public:
  explicit Misaligned(std::span<const T> values) : octets_(values.size_bytes() + 1) {
    std::memcpy(octets_.data() + 1, values.data(), values.size_bytes());
  }
  explicit Misaligned(const T& value) : Misaligned(std::span(&value, 1)) {}
  T* get() { return reinterpret_cast<T*>(octets_.data() + 1); }
  T value() const {
    T copy;
    std::memcpy(&copy, octets_.data() + 1, sizeof copy);
    return copy;
  }

 private:
  Octets octets_;
};

// What OpenSSL makes of it: AES-CBC with PKCS padding, key of 16 or 32 octets.
Octets OpenSslCbcPad(const Octets& key, const Octets& iv, const Octets& data);

// What OpenSSL makes of a SubjectPublicKeyInfo. Null if it is none; anything after it is an error.
using PublicKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
PublicKey KeyOf(const Octets& spki);
// r||s as OpenSSL wants it.
Octets DerOf(const Octets& signature);
// `digest`: null where the signature has its own.
bool OpenSslVerifies(EVP_PKEY* key, const EVP_MD* digest, const Octets& data,
                     const Octets& signature);

// Files in the stack's folder: what one process of an application leaves for another.
void Leave(std::string_view name, const Octets& data);
Octets Left(std::string_view name);

}  // namespace gw::stack
