// Room: attributes. The values inside a key's template, algorithm by algorithm: sizes, curves,
// points; checked, and brought to the form in which they are stored.
#pragma once

#include "daemon/attributes/attribute_table.h"
#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"

namespace gw {

// Everything that a new key of this kind needs is in `given`.
//   errors  CKR_TEMPLATE_INCOMPLETE
Status CheckKeyNeeds(const AttributeList& given, ObjectKind kind, Purpose purpose);

// The secret values that C_CreateObject brings. They are looked at in the application's own
// template and copied nowhere.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  a length that such keys do not have
Status CheckSecretValue(const AttributeList& given, ObjectKind kind);

// Sizes, curve and point of `key`, which holds the applicable part of the template.
// CKA_EC_PARAMS becomes the object identifier, CKA_EC_POINT a DER OCTET STRING; big integers lose
// leading zeros; CKA_MODULUS_BITS and the exponent 65537 are added where they belong.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID,
//           CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
Status NormaliseKeyValues(AttributeList& key, ObjectKind kind, Purpose purpose);

// CKA_PRIME, CKA_SUBPRIME of DSA, and CKA_BASE one behind the other, each as long as the first: the
// form in which the HSM takes them (GREP11 reference 4.7).
Bytes JoinedDomain(const AttributeList& key);

}  // namespace gw
