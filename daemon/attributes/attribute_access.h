// Room: attributes. What an application may read of an object, and whether an object answers a
// search.
#pragma once

#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"

namespace gw {

// The value of one attribute of a complete object, as C_GetAttributeValue returns it. The view
// stays valid while `object` is unchanged.
//   returns  zero octets for an attribute that the object could have but was never given
//   errors   CKR_ATTRIBUTE_SENSITIVE     a secret part of a key, whatever CKA_SENSITIVE says
//            CKR_ATTRIBUTE_TYPE_INVALID  unknown, or not an attribute of such objects
//   source   PKCS #11 v2.40 5.7 C_GetAttributeValue; behaviour R230-R239
Result<ByteView> ReadAttribute(const AttributeList& object, CK_ATTRIBUTE_TYPE type);

// True if every attribute of `wanted` is in the object with an equal value; an empty list matches
// everything. Big integers are compared without leading zeros, curves by what they name. Sensitive
// values never match, whatever is asked. Whether the caller may see the object at all is decided
// elsewhere.
//   source  PKCS #11 v2.40 5.7 C_FindObjectsInit; behaviour R240-R244
bool Matches(const AttributeList& object, const AttributeList& wanted);

// True if CKA_ALLOWED_MECHANISMS of the key is empty or names the mechanism.
bool AllowsMechanism(const AttributeList& key, CK_MECHANISM_TYPE mechanism);

}  // namespace gw
