// Room: tests/stack. What the tests of curves, wallets and lattices share: a session, keys made and
// brought, and what a secret that nobody may read does to a block of zeros.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proto/pkcs11/ck_parameters.h"
#include "tests/stack/p11.h"

namespace gw::stack {

Octets FromHex(const std::string& hex);
std::string TextOf(const Octets& octets);
// The vectors of a file of tests/vectors, at least one.
nlohmann::json Vectors(const std::string& name);
// AES-ECB of a block of zeros, by OpenSSL. `key`: 16 or 32 octets.
Octets ZerosUnder(const Octets& key);

class CurveCalls : public testing::Test {
 protected:
  CurveCalls() { session_.Login(); }

  CK_RV TryPair(CK_MECHANISM_TYPE maker, Attributes public_half, Attributes private_half,
                KeyPair* made);
  KeyPair Pair(CK_MECHANISM_TYPE maker, Attributes public_half, Attributes private_half);
  CK_RV TryCreate(Attributes attributes, CK_OBJECT_HANDLE* made);
  CK_OBJECT_HANDLE Create(Attributes attributes);
  // An empty one if the object does not have it.
  Octets Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  CK_ULONG ReadNumber(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  CK_RV Derive(CK_MECHANISM mechanism, CK_OBJECT_HANDLE base, Attributes attributes,
               CK_OBJECT_HANDLE* made);
  // An AES key of `bytes` octets that a mechanism derives, by what it does.
  Octets Derived(CK_MECHANISM mechanism, CK_OBJECT_HANDLE base, CK_ULONG bytes);
  Octets ZerosUnderKey(CK_OBJECT_HANDLE aes);
  CK_RV SignBy(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, Octets data, Octets* signature);
  CK_RV VerifyBy(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, Octets data, Octets signature);

  const Initialized initialized_;
  Session session_;
  const CK_SESSION_HANDLE s_ = session_.handle();
};

}  // namespace gw::stack
