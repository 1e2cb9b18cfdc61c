// Room: ops. Which key may do what: the checks of every ...Init and of wrap, unwrap and derive.
#pragma once

#include "daemon/mechanism/mechanism_table.h"
#include "daemon/ops/call_scope.h"

namespace gw::ops {

// How a function names what is wrong with its key: C_WrapKey has codes of its own.
struct KeyErrors {
  CK_RV handle_invalid = CKR_KEY_HANDLE_INVALID;
  CK_RV type_inconsistent = CKR_KEY_TYPE_INCONSISTENT;
  CK_RV size_range = CKR_KEY_SIZE_RANGE;
};

// What sort of key a mechanism works with.
struct KeyNeed {
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE key_type;
};
// Of signing and decrypting the private half, of verifying and encrypting the public one.
KeyNeed NeedOf(const MechanismRow& row, CK_ATTRIBUTE_TYPE usage);

// The key behind `handle`, if the mechanism and its attributes let it do this.
//   usage   CKA_SIGN, CKA_DECRYPT, ...: must be TRUE
//   errors  errors.*                        not visible, wrong class or type, wrong size
//           CKR_KEY_FUNCTION_NOT_PERMITTED  `usage` is FALSE
//           CKR_MECHANISM_INVALID           CKA_ALLOWED_MECHANISMS does not list the mechanism
//   source  behaviour R136
Result<ObjectPtr> KeyFor(const CallScope& scope, ObjectHandle handle, const MechanismRow& row,
                         CK_ATTRIBUTE_TYPE usage, const KeyErrors& errors = {});
// For mechanisms that do not always work with the same half.
Result<ObjectPtr> KeyFor(const CallScope& scope, ObjectHandle handle, const MechanismRow& row,
                         CK_ATTRIBUTE_TYPE usage, const KeyNeed& need, const KeyErrors& errors);

// RSA: bits of the modulus; EC: bits of the field; secret keys: octets, of DES with their parity.
// 0: not known.
CK_ULONG KeySize(const Object& key);

// Octets of a signature or MAC made with `key` (PKCS #11 mechanisms v2.40: RSA modulus, ECDSA and
// DSA 2 x order, HMAC hash, CMAC block; Dilithium by its strength). 0: only the HSM knows.
std::size_t SignatureBytes(const MechanismRow& row, const Object& key);

// The hashing form of a signature is computed here: digest first, then one raw request.
bool HashesHere(const Services& services, const MechanismRow& row);
// CKM_ECDSA for CKM_ECDSA_SHA256 and so on, with the same parameter.
Mechanism RawMechanism(const MechanismRow& row, const Mechanism& mechanism);
// What the raw mechanism signs: a DigestInfo for PKCS #1 v1.5, the digest itself for PSS and ECDSA.
Bytes RawInput(const MechanismRow& row, Bytes digest);

}  // namespace gw::ops
