// Room: ops. What is public about a key: from attributes to SubjectPublicKeyInfo and back.
#pragma once

#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"
#include "daemon/localcrypto/ffc_key.h"
#include "daemon/localcrypto/public_key.h"

namespace gw::ops {

// Adds what C_GetAttributeValue shows of a public key: CKA_MODULUS and CKA_PUBLIC_EXPONENT, or
// CKA_EC_PARAMS and CKA_EC_POINT (a DER OCTET STRING), or CKA_IBM_PQC_PARAMS, and
// CKA_PUBLIC_KEY_INFO as the standard has it.
//   source  behaviour R224, R236, R237
void AddPublicParts(AttributeList& attributes, const PublicKey& key);

// The same from an SPKI, which the HSM's trailer may follow: also of DSA and Diffie-Hellman keys,
// which show CKA_PRIME, CKA_SUBPRIME, CKA_BASE and CKA_VALUE. CKA_KEY_TYPE stays, or
// becomes that of the key (CKK_EC on all curves).
//   errors  CKR_DEVICE_ERROR; those of PublicKey::Parse
Status AddSpkiParts(AttributeList& attributes, ByteView spki);

// The SPKI of a public key that an application gives by its components (C_CreateObject).
//   errors  CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID; those of SpkiFromRsa and
//   SpkiFromEc
Result<Bytes> SpkiFor(const AttributeList& attributes);

// Domain parameters from CKA_PRIME, CKA_SUBPRIME of DSA, and CKA_BASE.
//   errors  CKR_TEMPLATE_INCOMPLETE
Result<FfcDomain> DomainOf(const AttributeList& attributes);

// A point of this curve without the DER OCTET STRING around it; as it is, if nothing is around it.
// What tells them apart is the length: a raw point, too, begins with the octet of that tag.
ByteView RawPoint(ByteView point, const Curve& curve);

}  // namespace gw::ops
