// Room: tests/stack. What the tests that run over all functions and all mechanisms work with: a key
// for each row of the mechanism table, a parameter that fits the row.
// May include: core, the mechanism table.
#pragma once

#include <array>
#include <map>

#include "daemon/mechanism/mechanism_table.h"
#include "proto/pkcs11/ck_parameters.h"
#include "tests/stack/p11.h"

namespace gw::stack {

inline constexpr CK_FLAGS kAllOperations =
    CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY |
    CKF_FIND_OBJECTS | CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_SIGN_RECOVER |
    CKF_VERIFY | CKF_VERIFY_RECOVER;

// One key of each type. Token objects that nothing changes, copies or destroys, so that any call
// may be tried on them; a new token has none.
struct Subjects {
  KeyPair rsa;
  KeyPair ec;
  CK_OBJECT_HANDLE aes = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE;
  // Older types.
  KeyPair dsa;
  KeyPair dh;
  CK_OBJECT_HANDLE des = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE bound = CK_INVALID_HANDLE;    // CKA_IBM_ATTRBOUND: wraps its like
  CK_OBJECT_HANDLE mac_key = CK_INVALID_HANDLE;  // for that
  Octets dh_value;                               // CKA_VALUE of dh
  Octets point;                                  // CKA_EC_POINT of ec
  Octets modulus;                                // of rsa
  // Of the mechanisms that take no other keys than these. A wallet's is its seed, in both handles.
  std::map<CK_MECHANISM_TYPE, KeyPair> special;

  static Subjects Make(CK_SESSION_HANDLE session);
  // After another login.
  void FindAgain(CK_SESSION_HANDLE session);
  // Both handles are the key where it is a secret one. Fails the test if no key has the type.
  KeyPair KeysFor(const MechanismRow& row) const;
  std::array<CK_OBJECT_HANDLE, 6> all() const {
    return {rsa.public_key, rsa.private_key, ec.public_key, ec.private_key, aes, secret};
  }
};

// A mechanism as the row wants it. For ECDH and DH the other party has the key of `subjects`.
class FittingMechanism {
 public:
  FittingMechanism(const MechanismRow& row, const Subjects& subjects);
  FittingMechanism(const FittingMechanism&) = delete;
  FittingMechanism& operator=(const FittingMechanism&) = delete;
  CK_MECHANISM* get() { return &mechanism_; }

 private:
  CK_MECHANISM mechanism_;
  std::array<CK_BYTE, 16> iv_{1, 2, 3};
  CK_RSA_PKCS_OAEP_PARAMS oaep_{};
  CK_RSA_PKCS_PSS_PARAMS pss_{};
  CK_ECDH1_DERIVE_PARAMS ecdh_{};
  CK_IBM_ECDSA_OTHER_PARAMS schnorr_{};
  CK_IBM_BTC_DERIVE_PARAMS wallet_{};
  CK_IBM_KYBER_PARAMS kyber_{};
  CK_OBJECT_HANDLE mac_key_;
  Octets dh_value_;
  Octets point_;
  Octets output_;  // what a derivation gives beside the key
};

// The mask generator that the HSM takes with a digest.
CK_ULONG MaskOf(Hash hash);

}  // namespace gw::stack
