// Room: ops. Keys that come in clear, by C_CreateObject. EP11 has no call for that: the value is
// encrypted inside the HSM under a key made for the purpose, and unwrapped there (GREP11 reference
// 4.6). In the daemon it is only in memory that is wiped.
#pragma once

#include "daemon/ops/call_scope.h"

namespace gw::ops {

// The object for `given`, whose class is CKO_PUBLIC_KEY, CKO_PRIVATE_KEY or CKO_SECRET_KEY. Two
// requests for a secret or private key and one for a public key, and one more for the first import
// of a token.
//   errors  those of CompleteKey, Pkcs8FromRsa, Pkcs8FromEc, SpkiFromRsa, SpkiFromEc
//           CKR_ATTRIBUTE_VALUE_INVALID  also: a key that the HSM refuses, or of a type that it
//                                        does not take in clear; a check value that is not the
//                                        key's
//           CKR_TEMPLATE_INCONSISTENT    also: CKA_PUBLIC_KEY_INFO is another key's
//           CKR_DEVICE_ERROR             also: the HSM refuses the way, not the key
//   source  PKCS #11 v2.40 4.7-4.9; behaviour 7.1, R250, R251
Awaitable<Result<Object>> ImportKey(const CallScope& scope, const AttributeList& given,
                                    Placement placement);

// The same from a bare SubjectPublicKeyInfo (CKM_IBM_TRANSPORTKEY): class, type and values are its
// own, and the template may repeat them.
//   errors  CKR_WRAPPED_KEY_INVALID  no public key of ours; CKR_TEMPLATE_INCONSISTENT  the template
//           speaks of another; those above
//   source  GREP11 reference 4.6
Awaitable<Result<Object>> ImportSpki(const CallScope& scope, ByteView spki,
                                     const AttributeList& given, Placement placement);

}  // namespace gw::ops
