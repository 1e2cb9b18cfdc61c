// Room: attributes. From the template of an application to the attributes of a new object, and from
// a wish to change an object to what changes. Pure functions: nothing is made or stored here.
//
// The order for a new object is: CheckTemplate is part of each Complete function, DecidePlacement
// comes first, then Complete..., then the HSM gets HsmTemplate(...), then what the HSM answered is
// added by the caller: CKA_MODULUS, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE,
// CKA_VALUE_LEN, CKA_GREP11_WKID.
#pragma once

#include <optional>

#include "daemon/attributes/attribute_table.h"
#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"

namespace gw {

// Who the application is at this moment.
enum class UserState : std::uint8_t { kAnonymous, kNormal, kSecurityOfficer };

// Which of the four keystores an object goes to.
struct Placement {
  bool token;
  bool is_private;
  friend bool operator==(const Placement&, const Placement&) = default;
};

// Where an object made from `given` goes. For C_CopyObject pass the template merged over CKA_TOKEN
// and CKA_PRIVATE of the original, so that a copy stays where its original is. Halves of a key pair
// are decided one by one.
//   read_write_session  false: an R/O session, which makes no token objects
//   remotestore         the slot has a database-backed keystore
//   errors  CKR_ATTRIBUTE_VALUE_INVALID   CKA_TOKEN or CKA_PRIVATE is no boolean
//           CKR_USER_NOT_LOGGED_IN        private, but not the normal user
//           CKR_SESSION_READ_ONLY         token object in an R/O session
//           CKR_TOKEN_WRITE_PROTECTED     token object without remotestore
//   source  behaviour R43-R47, table 1, T1-T16
Result<Placement> DecidePlacement(const AttributeList& given, UserState user,
                                  bool read_write_session, bool remotestore);

// What can be said of a template without knowing the object: every attribute is known, may be given
// for that purpose, and has a value of the right width and range. Nested templates likewise.
//   errors  CKR_ATTRIBUTE_TYPE_INVALID   unknown
//           CKR_ATTRIBUTE_READ_ONLY      set by the token, or not to be given for this purpose
//           CKR_ATTRIBUTE_VALUE_INVALID  wrong width or impossible value
//   source  behaviour A10, A12
Status CheckTemplate(const AttributeList& given, Purpose purpose);

// What is known about a key before the HSM is asked.
struct KeyPlan {
  Purpose purpose;                              // kGenerate, kUnwrap, kDerive or kCreate
  std::optional<CK_OBJECT_CLASS> object_class;  // fixed by the function; nullopt: template, then
                                                // the default of behaviour 6.3
  std::optional<CK_KEY_TYPE> key_type;          // fixed by the mechanism; nullopt: template
  CK_MECHANISM_TYPE mechanism;                  // that makes the key; not looked at for kCreate
  UserState user;
  Placement placement;
  const AttributeList& given;
  const AttributeList* base_key = nullptr;     // kDerive: attributes of the key derived from
  const AttributeList* public_half = nullptr;  // kGenerate of a private key: its public half, whose
                                               // curve or strength is the private one's too
};

// All attributes of the new key that can be known before the HSM answers. Secret values given to
// C_CreateObject are checked but not in the result, so that they cannot end in a keystore.
// CKA_ALWAYS_AUTHENTICATE TRUE is refused: a promise to ask for the PIN before each use that
// nothing here keeps. CKA_EC_PARAMS is the DER object identifier, CKA_EC_POINT (kCreate) the DER
// OCTET STRING, big integers have no leading zeros; whether a point lies on its curve is for
// localcrypto/public_key.h to say. CKA_MODULUS_BITS of a public key is added. A CKA_CHECK_VALUE
// that was given is kept: the caller compares it with the HSM's.
//   errors  those of CheckTemplate, and
//           CKR_TEMPLATE_INCOMPLETE      a needed attribute is missing
//           CKR_TEMPLATE_INCONSISTENT    contradicts the function, the mechanism or the algorithm
//           CKR_ATTRIBUTE_TYPE_INVALID   not an attribute of such keys
//           CKR_ATTRIBUTE_READ_ONLY      CKA_TRUSTED TRUE by others than the security officer
//           CKR_ATTRIBUTE_VALUE_INVALID  a size that the mechanism does not make, an unknown key
//                                        type, a class that cannot be made
//           CKR_CURVE_NOT_SUPPORTED      a curve that the HSM does not have
//           CKR_DOMAIN_PARAMS_INVALID    CKA_EC_PARAMS is neither an object identifier nor a name
//   source  behaviour 6.3, R220-R223, R250, R251, A10
Result<AttributeList> CompleteKey(const KeyPlan& plan);

// The part of a new key's attributes that the HSM takes. kGenerate, kUnwrap, kDerive: the template
// of that RPC; a secret or private key that is imported for C_CreateObject uses kUnwrap. kCreate: a
// public key imported with CKM_IBM_TRANSPORTKEY, booleans only.
//   source  GREP11 reference 3.2, 3.9, 4.6
AttributeList HsmTemplate(const AttributeList& complete, Purpose purpose);

// The public components that a private key shows too: CKA_MODULUS, CKA_PUBLIC_EXPONENT,
// CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO and, for other algorithms, their domain parameters. To be
// merged into the private half of a pair once the public half is complete.
//   source  behaviour R224
AttributeList SharedWithPrivate(const AttributeList& public_key);

// Gives the digest that CKA_CHECK_VALUE of a certificate is cut from.
using Sha1Function = Bytes (*)(ByteView data);

// All attributes of a certificate object. CKA_SUBJECT of an X.509 certificate is taken from its
// CKA_VALUE if the application left it out; CKA_CHECK_VALUE is computed, or compared when given.
//   errors  those of CheckTemplate, and
//           CKR_TEMPLATE_INCOMPLETE      CKA_CERTIFICATE_TYPE or what that type needs is missing
//           CKR_TEMPLATE_INCONSISTENT    a class other than CKO_CERTIFICATE
//           CKR_ATTRIBUTE_TYPE_INVALID   not an attribute of such certificates
//           CKR_ATTRIBUTE_READ_ONLY      CKA_TRUSTED TRUE by others than the security officer
//           CKR_ATTRIBUTE_VALUE_INVALID  unknown type, or a check value that does not match
//   source  PKCS #11 v2.40 4.6; behaviour 7.2, R254-R256
Result<AttributeList> CompleteCertificate(const AttributeList& given, UserState user,
                                          Placement placement, Sha1Function sha1);

// All attributes of a data object; everything is optional.
//   source  PKCS #11 v2.40 4.5; behaviour 7.3, R260
Result<AttributeList> CompleteData(const AttributeList& given, Placement placement);

// What a change amounts to.
struct Change {
  AttributeList host;  // new values, to be merged into the object (or into the copy of it)
  AttributeList hsm;   // booleans to change inside the key blob; empty: the HSM is not needed
};

// May `wanted` be done to the object? All of it or nothing.
//   purpose  kSet or kCopy; a copy may also change CKA_TOKEN and CKA_PRIVATE (DecidePlacement comes
//            before), and needs CKA_COPYABLE
//   errors   those of CheckTemplate, and
//            CKR_ACTION_PROHIBITED       CKA_MODIFIABLE is FALSE, a certificate that is trusted, or
//                                        a copy of an object with CKA_COPYABLE FALSE
//            CKR_ATTRIBUTE_READ_ONLY     never changes, or not in this direction, or not by this
//            user CKR_ATTRIBUTE_TYPE_INVALID  not an attribute of such objects
//            CKR_TEMPLATE_INCONSISTENT   a usage that the algorithm does not have
//   source   behaviour A1-A12, R256
Result<Change> CheckChange(const AttributeList& object, const AttributeList& wanted, UserState user,
                           Purpose purpose);

// C_DestroyObject: CKR_ACTION_PROHIBITED if CKA_DESTROYABLE is FALSE.
//   source  behaviour A3
Status CheckDestroyable(const AttributeList& object);

// Adds what CKA_UNWRAP_TEMPLATE or CKA_DERIVE_TEMPLATE of a key demands of keys that it makes.
//   errors  CKR_TEMPLATE_INCONSISTENT  `given` says otherwise
//   source  PKCS #11 v2.40 4.9, 4.10
Result<AttributeList> AddDemanded(const AttributeList& given, const AttributeList& key,
                                  CK_ATTRIBUTE_TYPE demanding);

// True if `key` is one that CKA_WRAP_TEMPLATE of `wrapping_key` allows to be wrapped.
//   source  PKCS #11 v2.40 4.8
bool MayBeWrappedBy(const AttributeList& key, const AttributeList& wrapping_key);

}  // namespace gw
