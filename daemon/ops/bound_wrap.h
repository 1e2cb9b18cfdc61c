// Room: ops. CKM_IBM_ATTRIBUTEBOUND_WRAP: keys that travel with their attributes, under a MAC.
#pragma once

#include "daemon/mechanism/mechanism_table.h"
#include "daemon/ops/call_scope.h"

namespace gw::ops {

// The mechanism as the HSM client takes it: the handle in the parameter of
// CKM_IBM_ATTRIBUTEBOUND_WRAP becomes the blob of that key. Other mechanisms stay as they are.
//   usage   CKA_SIGN to wrap, CKA_VERIFY to unwrap: of the MAC key
//   errors  CKR_MECHANISM_PARAM_INVALID      no such key, or no generic secret
//           CKR_KEY_FUNCTION_NOT_PERMITTED   `usage` is FALSE
//   source  GREP11 reference 4.6, 6.1, 6.3
Result<Mechanism> WithMacKey(const CallScope& scope, const MechanismRow& row,
                             const Mechanism& mechanism, CK_ATTRIBUTE_TYPE usage);

// What the key may do came wrapped with it: from the clear header of the blob, over what the
// template says. A blob too short for that adds nothing.
//   source  GREP11 reference 4.3, 5.9
void AddBoundRights(AttributeList& attributes, const KeyBlob& key);

}  // namespace gw::ops
